"""Measures the matcher on labelled sets, beside plain scorers, in one run.

    python -m tests.benchmarks.matching DIR...            the tables
    python -m tests.benchmarks.matching DIR... --ablation what each step is worth
    python -m tests.benchmarks.matching --growth          time and memory as the FAQ grows

A DIR holds `faq.jsonl` ({"id", "questions"}) and `queries.jsonl` ({"text", "label"}, OOS for out of scope), or is a FAQ
folder with a `queries.jsonl` beside its YAML. The linear classifier needs scikit-learn (`pip install -e '.[benchmark]'`).
"""

import argparse
import contextlib
import functools
import json
import random
import re
import resource
import statistics
import string
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

from bot import content, matching
from bot.faq import Words
from bot.matching import Ambiguous, Certain, Matcher, phrasings_of

OOS = "OOS"
Query = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Set:
    """One FAQ with its labelled queries."""

    name: str
    phrasings: Mapping[str, Sequence[str]]
    words: Words
    queries: Sequence[Query]
    part_of: Mapping[str, str]

    def wider(self, label: str) -> str:
        """The wider label that this one is part of, or itself."""
        return self.part_of.get(label, label)


def load(folder: Path) -> Set:
    """A set from a folder of JSON lines or of YAML."""
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [(str(one["text"]), str(one["label"])) for one in map(json.loads, lines)]
    if (folder / "faq.jsonl").exists():
        entries = map(json.loads, (folder / "faq.jsonl").read_text(encoding="utf-8").splitlines())
        phrasings = {one["id"]: [*one["questions"], *_title(one["id"])] for one in entries}
        # The generic words that any folder of YAML gets as well.
        return Set(folder.name, phrasings, _generic_words(), queries, {})
    faq = content.load(folder)
    return Set(folder.name, phrasings_of(faq), faq.words, queries, faq.parts)


def _title(entry: str) -> list[str]:
    """An entry's id in words ("card_arrival", "orderStatus"): the only title it has, and titles are wordings."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", entry)
    return [" ".join(words).lower()] if len("".join(words)) > 2 else []


def _generic_words() -> Words:
    raw = yaml.load(
        (content.shipped_folder() / content.DEFAULTS).read_text(),
        Loader=yaml.BaseLoader,  # noqa: S506  # it makes plain texts, nothing else
    )
    return Words.model_validate(raw["words"])


def misspelled(text: str, typos: int, chance: random.Random) -> str:
    """The text with so many edits, each in another word of more than three letters where there are enough."""
    words = text.split()
    places = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for at in chance.sample(places, min(typos, len(places))):
        word, place = words[at], chance.randrange(len(words[at]) - 1)
        letter = chance.choice(string.ascii_lowercase)
        words[at] = chance.choice(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            ]
        )
    return " ".join(words)


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often a question in scope scores above one out of scope (ties count half)."""
    if not inside or not outside:
        return float("nan")
    low = np.sort(np.array(outside))
    below = np.searchsorted(low, inside, "left") + np.searchsorted(low, inside, "right")
    return float(below.mean() / 2 / len(low))


# --- what is measured ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Result:
    """One scorer on one set."""

    top_1: float
    auroc: float = float("nan")
    helped: float = float("nan")
    answered_oos: float = float("nan")
    milliseconds: float = float("nan")


def engine(data: Set, queries: Sequence[Query]) -> Result:
    """This project's matcher."""
    matcher = Matcher(data.phrasings, data.words, data.part_of)
    right = helped = answered = 0
    inside: list[float] = []
    outside: list[float] = []
    times = []
    for text, label in queries:
        begin = time.perf_counter()
        verdict = matcher.verdict(text)
        times.append(time.perf_counter() - begin)
        (outside if label == OOS else inside).append(verdict.confidence)
        if label == OOS:
            answered += isinstance(verdict, Certain) and not verdict.labels[0].startswith(matching.SMALL_TALK)
            continue
        wanted = set(label.split("|"))
        right += bool(verdict.ranking) and data.wider(verdict.ranking[0][0]) in wanted
        given = verdict.labels if isinstance(verdict, Certain | Ambiguous) else ()
        helped += bool({data.wider(one) for one in given} & wanted)
    return Result(
        right / max(1, len(inside)),
        auroc(inside, outside),
        helped / max(1, len(inside)),
        answered / len(outside) if outside else float("nan"),
        statistics.median(times) * 1000,
    )


def plain(scorer: Callable[..., float]) -> Callable[[Set, Sequence[Query]], Result]:
    """A rapidfuzz scorer over all phrasings, the best one wins."""

    def run(data: Set, queries: Sequence[Query]) -> Result:
        texts = [(text.casefold(), label) for label, texts in data.phrasings.items() for text in texts]
        choices = [text for text, _ in texts]
        right = total = 0
        inside: list[float] = []
        outside: list[float] = []
        times = []
        for text, label in queries:
            begin = time.perf_counter()
            _, score, at = process.extractOne(text.casefold(), choices, scorer=scorer)
            times.append(time.perf_counter() - begin)
            (outside if label == OOS else inside).append(score)
            if label != OOS:
                total += 1
                right += data.part_of.get(texts[at][1], texts[at][1]) in label.split("|")
        return Result(right / max(1, total), auroc(inside, outside), milliseconds=statistics.median(times) * 1000)

    return run


def learned(kind: str) -> Callable[[Set, Sequence[Query]], Result]:
    """Scikit-learn: nearest phrasing by character tf-idf, or a linear classifier on words and characters."""

    def run(data: Set, queries: Sequence[Query]) -> Result:
        from sklearn.feature_extraction.text import TfidfVectorizer  # the benchmark extra only
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_union

        pairs = [(text, label) for label, texts in data.phrasings.items() for text in texts]
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
        vectors: Any = letters if kind == "nearest" else make_union(TfidfVectorizer(ngram_range=(1, 2)), letters)
        known = vectors.fit_transform([text for text, _ in pairs])
        asked = vectors.transform([text for text, _ in queries])
        if kind == "nearest":
            table = (asked @ known.T).toarray()
            labels = [pairs[at][1] for at in table.argmax(axis=1)]
        else:
            model = LogisticRegression(C=10, max_iter=1000).fit(known, [label for _, label in pairs])
            table = model.predict_proba(asked)
            labels = [model.classes_[at] for at in table.argmax(axis=1)]
        scores = table.max(axis=1)
        hits = [data.part_of.get(got, got) in label.split("|") for got, (_, label) in zip(labels, queries, strict=True)]
        scope = [label != OOS for _, label in queries]
        return Result(
            float(np.mean([hit for hit, there in zip(hits, scope, strict=True) if there])),
            auroc(
                [float(score) for score, there in zip(scores, scope, strict=True) if there],
                [float(score) for score, there in zip(scores, scope, strict=True) if not there],
            ),
        )

    return run


SCORERS: dict[str, Callable[[Set, Sequence[Query]], Result]] = {
    "this matcher": engine,
    "rapidfuzz WRatio": plain(fuzz.WRatio),
    "rapidfuzz token_set_ratio": plain(fuzz.token_set_ratio),
    "character tf-idf, nearest": learned("nearest"),
    "linear classifier": learned("linear"),
}


@contextlib.contextmanager
def changed(**values: object) -> Iterator[None]:
    """The matcher with other constants."""
    before = {name: getattr(matching, name) for name in values}
    for name, value in values.items():
        setattr(matching, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(matching, name, value)


ABLATIONS: dict[str, dict[str, object]] = {
    "everything": {},
    "no typo repair": {"REPAIR_SIMILARITY": 1.0},
    "no letters": {"FAMILY_WEIGHT": {**matching.FAMILY_WEIGHT, "g": 1e-6}},
    "no neighbouring words": {"FAMILY_WEIGHT": {**matching.FAMILY_WEIGHT, "p": 1e-6}},
    "no meaning of words": {"MEANING_SHARE": 0.0, "MEANING_SHARE_OF_FEW": 0.0},
    "no concepts": {"FAMILY_WEIGHT": {**matching.FAMILY_WEIGHT, "c": 1e-6}},
    "no look at single sentences": {"SENTENCE_SHARE": 0.0},
    "cosine itself as kernel": {"_kernel": lambda cosines: cosines},
    "cosine squared as kernel": {"_kernel": lambda cosines: cosines * cosines},
}


# --- printing ------------------------------------------------------------------------------------------------------


def tables(console: Console, sets: Sequence[Set]) -> None:
    """Every scorer on every set, with 0, 1 and 2 typos a query."""
    for data in sets:
        table = Table(title=f"{data.name}: {len(data.phrasings)} entries, {len(data.queries)} queries")
        for name in (
            "scorer",
            "top-1",
            "1 typo",
            "2 typos",
            "AUROC",
            "answered right or among three",
            "OOS answered",
            "ms",
        ):
            table.add_column(name, justify="left" if name == "scorer" else "right")
        for name, scorer in SCORERS.items():
            try:
                results = []
                for typos in (0, 1, 2):
                    chance = random.Random(typos)  # noqa: S311  # typos, not secrets
                    queries = [(misspelled(text, typos, chance), label) for text, label in data.queries]
                    results.append(scorer(data, queries))
            except ImportError:
                console.print(f"{name}: scikit-learn is not installed, left out")
                continue
            clean = results[0]
            tops = [f"{result.top_1:.3f}" for result in results]
            rest = [clean.auroc, clean.helped, clean.answered_oos, clean.milliseconds]
            table.add_row(name, *tops, *("" if value != value else f"{value:.3f}" for value in rest))  # noqa: PLR0124  # not a number
        console.print(table)


def ablation(console: Console, sets: Sequence[Set]) -> None:
    """Top-1, AUROC, and top-1 with a typo, without one step at a time."""
    table = Table(title="what each step is worth: top-1 / AUROC / top-1 with one typo")
    table.add_column("matcher")
    for data in sets:
        table.add_column(data.name, justify="right")
    for name, values in ABLATIONS.items():
        cells = []
        with changed(**values):
            for data in sets:
                chance = random.Random(1)  # noqa: S311  # typos, not secrets
                typos = [(misspelled(text, 1, chance), label) for text, label in data.queries]
                clean = engine(data, data.queries)
                cells.append(f"{clean.top_1:.3f} / {clean.auroc:.3f} / {engine(data, typos).top_1:.3f}")
        table.add_row(name, *cells)
    console.print(table)


def growth(console: Console) -> None:
    """Load time, query time and memory from a hundred to a hundred thousand phrasings, beside plain WRatio."""
    chance = random.Random(7)  # noqa: S311  # made-up words, not secrets
    vocabulary = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(5000)]
    table = Table(title="made-up FAQs, ten phrasings an entry, at most 500 entries")
    for name in ("phrasings", "load s", "query ms", "WRatio ms", "MiB above imports"):
        table.add_column(name, justify="right")
    for size in (100, 1_000, 10_000, 100_000):
        entries = {}
        for entry in range(min(500, size // 10)):
            own = chance.sample(vocabulary, 12)
            entries[f"e{entry}"] = [
                " ".join(chance.sample(own, 4) + chance.sample(vocabulary, 4)) for _ in range(max(10, size // 500))
            ]
        before = _resident()
        begin = time.perf_counter()
        matcher = Matcher(entries, Words())
        loaded = time.perf_counter() - begin
        after = _resident()
        texts = [text for texts in entries.values() for text in texts]
        queries = [misspelled(text, 1, chance) for text in chance.sample(texts, 50)]
        table.add_row(
            f"{size:,}",
            f"{loaded:.2f}",
            f"{_median(queries, matcher.verdict):.2f}",
            f"{_median(queries[:10], functools.partial(process.extractOne, choices=texts, scorer=fuzz.WRatio)):.2f}",
            f"{after - before:.0f}",
        )
        del matcher
    console.print(table)
    console.print(
        f"highest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )


def _median(queries: Sequence[str], ask: Callable[[str], object]) -> float:
    times = []
    for query in queries:
        begin = time.perf_counter()
        ask(query)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def _resident() -> float:
    """MiB of this process now, on Linux; elsewhere its highest so far."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="*", type=Path)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--growth", action="store_true")
    arguments = parser.parse_args()
    console = Console(width=130)
    sets = [load(folder) for folder in arguments.folder]
    if sets and arguments.ablation:
        ablation(console, sets)
    elif sets:
        tables(console, sets)
    if arguments.growth:
        growth(console)
    if not sets and not arguments.growth:
        parser.print_help()


if __name__ == "__main__":
    main()
