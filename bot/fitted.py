"""Keeps what the matcher learned between two starts: solving takes seconds, looking the result up a tenth of one.

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
from pathlib import Path

import numpy as np
import platformdirs

from bot import matching, text
from bot.conversation import Conversation
from bot.faq import Faq, Words
from bot.matching import Calibration, Fitted, IndexArrays, Matcher, phrasings_of
from bot.safety import example_phrasings

log = logging.getLogger(__name__)


def conversation(faq: Faq, *, ratings: bool = False, tell: Callable[[], None] | None = None) -> Conversation:
    """The whole conversation of a FAQ, its matchers from the cache where they are there.

    `tell` is called before the slow way is taken.
    """
    main = matcher(faq, tell=tell)
    return Conversation(faq, ratings=ratings, matcher=main, second=second_opinion(faq))


def matcher(faq: Faq, folder: Path | None = None, tell: Callable[[], None] | None = None) -> Matcher:
    """The FAQ's matcher. `folder` defaults to the user's cache folder."""
    return _built(phrasings_of(faq), faq.words, faq.parts, folder, tell)


def second_opinion(faq: Faq, folder: Path | None = None) -> Matcher | None:
    """The safety gate's classifier, or None where the content has no examples."""
    phrasings = example_phrasings(faq)
    return _built(phrasings, faq.words, {}, folder, None) if phrasings else None


def _built(
    phrasings: Mapping[str, Sequence[str]],
    words: Words,
    part_of: Mapping[str, str],
    folder: Path | None,
    tell: Callable[[], None] | None,
) -> Matcher:
    path = (folder or Path(platformdirs.user_cache_path("faq-bot"))) / f"{_key(phrasings, words, part_of)}.npz"
    known = _load(path)
    if known is None and tell:
        tell()
    built = Matcher(phrasings, words, part_of, known)
    if known is None:
        _save(path, built.fitted)
    return built


def _key(phrasings: Mapping[str, Sequence[str]], words: Words, part_of: Mapping[str, str]) -> str:
    learned = {
        "phrasings": phrasings,
        "words": words.model_dump(mode="json"),
        "part_of": part_of,
        "code": [Path(module.__file__ or "").read_text(encoding="utf-8") for module in (matching, text)],
        "numpy": np.__version__,
    }
    return hashlib.sha256(json.dumps(learned, sort_keys=False).encode()).hexdigest()[:32]


def _load(path: Path) -> Fitted | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            index = IndexArrays(
                features=str(data["features"]),
                idf=data["idf"],
                rows=data["rows"],
                values=data["values"],
                starts=data["starts"],
                size=int(data["size"]),
                labels=int(data["labels"]),
            )
            calibration = Calibration(*(float(value) for value in data["calibration"]))
            return Fitted(str(data["vocabulary"]), index, data["landmarks"], data["dual"], calibration)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("cannot use the cached matcher, building it anew: %s", type(error).__name__)
        return None


def _save(path: Path, fitted: Fitted) -> None:
    index, calibration = fitted.index, fitted.calibration
    partial = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)[:-8]:
            old.unlink(missing_ok=True)
        with partial.open("wb") as file:
            np.savez(
                file,
                vocabulary=np.array(fitted.vocabulary),
                features=np.array(index.features),
                idf=index.idf,
                rows=index.rows,
                values=index.values,
                starts=index.starts,
                size=np.array(index.size),
                labels=np.array(index.labels),
                landmarks=fitted.landmarks,
                dual=fitted.dual,
                calibration=np.array([calibration.bias, calibration.score, calibration.margin]),
            )
        partial.replace(path)
    except OSError as error:
        log.info("the matcher is not cached (%s); the next start takes as long as this one", type(error).__name__)
