"""Keeps what the matcher learned between two starts.

Solving takes a minute or two, looking the result up a tenth of a second.
A file in the user's cache folder, named after a hash of everything that goes in (phrasings, words, the matcher's own
source). It holds numbers and words of the content, nothing of anybody's messages. Without a writable cache folder the
bot works as well and starts slower.
"""

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import platformdirs

from bot import matching, meaning, opinion, safety, text
from bot.content import word_vectors
from bot.conversation import Conversation
from bot.faq import Faq
from bot.matching import Calibration, Fitted, IndexArrays, Matcher, phrasings_of
from bot.meaning import WIDTH
from bot.opinion import Learned, Opinion
from bot.safety import examples, groups, learn
from bot.text import Normaliser

T = TypeVar("T")
log = logging.getLogger(__name__)


def conversation(faq: Faq, *, ratings: bool = False, tell: Callable[[], None] | None = None) -> Conversation:
    """The whole conversation of a FAQ, its matchers from the cache where they are there.

    `tell` is called before the slow way is taken.
    """
    main = matcher(faq, tell=tell)
    return Conversation(faq, ratings=ratings, matcher=main, second=second_opinion(faq, main.normaliser))


def matcher(faq: Faq, folder: Path | None = None, tell: Callable[[], None] | None = None) -> Matcher:
    """The FAQ's matcher. `folder` defaults to the user's cache folder."""
    phrasings = phrasings_of(faq)
    content = {"phrasings": phrasings, "words": faq.words.model_dump(mode="json"), "part_of": faq.parts}
    path = _path(content, (matching, meaning, text), folder)
    known = _load(path, _fitted)
    if known is None and tell:
        tell()
    built = Matcher(phrasings, faq.words, faq.parts, known)
    if known is None:
        index, calibration = built.fitted.index, built.fitted.calibration
        _save(
            path,
            vocabulary=np.array(built.fitted.vocabulary),
            features=np.array(index.features),
            idf=index.idf,
            rows=index.rows,
            values=index.values,
            starts=index.starts,
            centre=index.centre,
            meaning_share=np.array(index.meaning_share),
            forms=built.fitted.forms,
            size=np.array(index.size),
            labels=np.array(index.labels),
            landmarks=built.fitted.landmarks,
            dual=built.fitted.dual,
            calibration=np.array(astuple(calibration)),
        )
    return built


def second_opinion(faq: Faq, normaliser: Normaliser, folder: Path | None = None) -> Opinion | None:
    """The safety gate's classifier, or None where the content has no examples."""
    messages = examples(faq)
    if not messages:
        return None
    content = {
        "examples": messages,
        "classes": groups(faq.safety),
        "words": faq.words.model_dump(mode="json"),
        "kinds": faq.safety.words,
    }
    path = _path(content, (opinion, meaning, text, safety), folder)
    known = _load(path, _learned)
    if known is None:
        known = learn(faq, normaliser)
        _save(
            path,
            stems=np.array(known.stems),
            phrases=known.phrases,
            letters=np.array(known.letters),
            idf=known.idf,
            weights=known.weights,
            forms=known.forms,
            centre=known.centre,
            bias=known.bias,
            scales=np.array("\n".join(known.scales)),
            vocabulary=np.array(known.vocabulary),
            kinds=np.array(known.kinds),
        )
    return Opinion(known)


def _path(content: Mapping[str, object], rooms: Sequence[ModuleType], folder: Path | None) -> Path:
    """Named after everything that goes in, the code of these rooms included."""
    code = [Path(room.__file__ or "").read_text(encoding="utf-8") for room in rooms]
    words, numbers, scale = word_vectors()
    vectors = hashlib.sha256(" ".join(words).encode() + numbers.tobytes() + scale.tobytes()).hexdigest()
    learned = json.dumps({**content, "code": code, "vectors": vectors, "numpy": np.__version__}, sort_keys=False)
    name = hashlib.sha256(learned.encode()).hexdigest()[:32]
    return (folder or Path(platformdirs.user_cache_path("faq-bot"))) / f"{name}.npz"


def _fitted(data: Mapping[str, Any]) -> Fitted:
    index = IndexArrays(
        features=str(data["features"]),
        idf=data["idf"],
        rows=data["rows"],
        values=data["values"],
        starts=data["starts"],
        meanings=np.zeros((0, WIDTH), dtype=np.float32),
        centre=data["centre"],
        meaning_share=float(data["meaning_share"]),
        size=int(data["size"]),
        labels=int(data["labels"]),
    )
    calibration = Calibration(*(float(value) for value in data["calibration"]))
    return Fitted(str(data["vocabulary"]), index, data["landmarks"], data["dual"], data["forms"], calibration)


def _learned(data: Mapping[str, Any]) -> Learned:
    scales = tuple(str(data["scales"]).split("\n"))
    return Learned(
        str(data["stems"]),
        data["phrases"],
        str(data["letters"]),
        data["idf"],
        data["weights"],
        data["forms"],
        data["centre"],
        data["bias"],
        scales,
        str(data["vocabulary"]),
        str(data["kinds"]),
    )


def _load(path: Path, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return read(data)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("cannot use the cached matcher, building it anew: %s", type(error).__name__)
        return None


def _save(path: Path, **arrays: npt.NDArray[Any]) -> None:
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)[:-8]:
            old.unlink(missing_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # no array is called "allow_pickle"
        partial.replace(path)
    except OSError as error:
        log.info("the matcher is not cached (%s); the next start takes as long as this one", type(error).__name__)
