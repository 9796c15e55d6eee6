"""A second opinion on a message: a small linear classifier, fitted on labelled example messages.

Words, neighbouring words and runs of three to five letters are weighed by rarity over the examples (tf-idf) and go into ridge
regression, solved by conjugate gradients (Hestenes & Stiefel 1952), so that nothing larger than the examples is ever
held. Neighbours count twice where one has a kind ("nephew is" is also "<other> is"), so that an example about a brother
teaches something about a nephew. Two scales say whether a message belongs to any class of a group ("danger",
"declined") rather than to none; a scale per class says to which. Pure: no I/O, no clock, no randomness; a message
takes about a tenth of a millisecond.
"""

import itertools
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.text import Normaliser, stem

Doubles = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

RIDGE = 0.5
STEPS = 60
"""Conjugate-gradient steps; on some thousand examples the last ones change a score in its third digit."""
LETTERS = (3, 4, 5)
ORDINARY_FROM = 2
"""Examples that use a word before it is an ordinary one and not a misspelling of another."""
SEEN_AT_LEAST = 2
"""Examples that must hold a feature before it counts."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was fitted, as plain arrays and texts, so that it can be kept."""

    features: str
    """One a line; the first character is `w` for words, `k` for kinds of words, `g` for letters."""
    idf: Singles
    weights: Singles
    """Features x scales."""
    bias: Singles
    scales: tuple[str, ...]
    vocabulary: str
    """The ordinary words of the examples."""
    kinds: str
    """One stem and its kind a line."""


class Opinion:
    """Scores messages on the scales it was fitted for."""

    def __init__(self, learned: Learned, normaliser: Normaliser) -> None:
        self.learned = learned
        self.normaliser = normaliser
        self.scales = learned.scales
        self.vocabulary = frozenset(learned.vocabulary.split())
        self._number = {feature: at for at, feature in enumerate(learned.features.split("\n"))}
        self._kinds = dict(line.split() for line in learned.kinds.splitlines())
        # What a word's letters say never changes: it is added up once for each word.
        self._word = lru_cache(maxsize=20_000)(self._weigh_word)

    def scores(self, text: str) -> dict[str, float]:
        """Each scale's score: about 1 for a member, about -1 for another message."""
        return self._scores(self.normaliser.sentences(text))

    def strongest(self, text: str, scale: str, words: int) -> dict[str, float]:
        """The scores of the sentence that stands highest on a scale, of those with so many words; or none."""
        sentences = self.normaliser.sentences(text)
        single = [self._scores([sentence]) for sentence in sentences if len(sentence) >= words]
        return max(single, key=lambda one: one[scale]) if single and len(sentences) > 1 else {}

    def _scores(self, sentences: Sequence[Sequence[str]]) -> dict[str, float]:
        phrases = _phrases(sentences, self._kinds)
        known = [(at, count) for phrase, count in phrases.items() if (at := self._number.get(phrase)) is not None]
        words = [self._word(word) for sentence in sentences for word in sentence]
        length = sum(square for _, square in words)
        if not known and not length:
            return dict.fromkeys(self.scales, -1.0)
        scores = self.learned.bias
        if known:
            numbers, counts = np.array(known).T
            weights = _phrase_weights(self.learned.idf[numbers], counts)
            scores = scores + weights @ self.learned.weights[numbers] / math.sqrt(weights @ weights)
        if length:
            scores = scores + np.sum([said for said, _ in words], axis=0) / math.sqrt(length)
        return dict(zip(self.scales, map(float, scores), strict=True))

    def _weigh_word(self, word: str) -> tuple[Singles, float]:
        """What the letters of a word add to each scale, and the square of their length."""
        numbers = [at for run in _runs(word) if (at := self._number.get(run)) is not None]
        idf = self.learned.idf[numbers]
        return idf @ self.learned.weights[numbers], float(idf @ idf)


def fit(
    examples: Mapping[str, Sequence[str]],
    groups: Mapping[str, Sequence[str]],
    normaliser: Normaliser,
    kinds: Mapping[str, str],
) -> Learned:
    """Learn from example messages by label. `groups` names each group's labels; what is in none is "other".

    The scales are the groups, and each label of a group (against the others of its group). `kinds` names for some
    stems what kind of word they are, without spaces.
    """
    texts = [text for messages in examples.values() for text in messages]
    labels = np.array([label for label, messages in examples.items() for _ in messages])
    read = [normaliser.sentences(text) for text in texts]
    features, idf, table = _tabulated(read, kinds)
    scales: list[str] = []
    columns: list[Singles] = []
    biases: list[float] = []
    for group, members in groups.items():
        inside = np.isin(labels, list(members))
        everything: Ints = np.arange(len(texts), dtype=np.int64)
        for scale, rows, wanted in [
            (group, everything, inside),
            *((label, np.flatnonzero(inside), labels == label) for label in members),
        ]:
            scales.append(scale)
            targets = np.where(wanted[rows], 1.0, -1.0)
            bias = float(targets.mean()) if len(rows) else -1.0
            columns.append(table.solve(rows, targets - bias))
            biases.append(bias)
    words = Counter(word for sentences in read for word in set(itertools.chain.from_iterable(sentences)))
    vocabulary = [word for word, count in words.items() if count >= ORDINARY_FROM]
    return Learned(
        features="\n".join(features),
        idf=idf,
        weights=np.stack(columns, axis=1) if columns else np.zeros((len(idf), 0), dtype=np.float32),
        bias=np.array(biases, dtype=np.float32),
        scales=tuple(scales),
        vocabulary=" ".join(sorted(vocabulary)),
        kinds="\n".join(f"{word} {kind}" for word, kind in kinds.items()),
    )


def _tabulated(
    read: Sequence[Sequence[Sequence[str]]], kinds: Mapping[str, str]
) -> tuple[list[str], Singles, "_Table"]:
    """The features that enough examples hold, how rare each is, and the examples as vectors over them."""
    met: dict[str, int] = {}
    phrases = _counted((_phrases(sentences, kinds) for sentences in read), met)
    letters = _counted((Counter(_all_runs(sentences)) for sentences in read), met)
    held = np.bincount(np.concatenate([phrases.numbers, letters.numbers]), minlength=len(met))
    kept = held >= SEEN_AT_LEAST
    features = [feature for feature, keep in zip(met, kept, strict=True) if keep]
    idf = (np.log((1 + len(read)) / (1 + held[kept])) + 1).astype(np.float32)
    parts = [_weighed_phrases(phrases.only(kept), idf), _weighed_letters(letters.only(kept), idf)]
    return features, idf, _Table(parts, len(read), len(idf))


def _phrases(sentences: Sequence[Sequence[str]], kinds: Mapping[str, str]) -> Counter[str]:
    """Stems alone, in pairs and in threes (a full stop is one of them), and the same with kinds for words."""
    stems = ["."]
    for sentence in sentences:
        stems += (stem(word) for word in sentence)
        stems.append(".")
    found = Counter(
        "w" + " ".join(stems[at : at + length]) for length in (1, 2, 3) for at in range(len(stems) - length + 1)
    )
    kind = [kinds.get(word, "") for word in stems]
    named = [name or word for name, word in zip(kind, stems, strict=True)]
    for length in (2, 3):
        found.update(
            "k" + " ".join(named[at : at + length])
            for at in range(len(stems) - length + 1)
            if any(kind[at : at + length])
        )
    return found


@lru_cache(maxsize=20_000)
def _runs(word: str) -> tuple[str, ...]:
    """The runs of letters in a word, its ends marked by spaces."""
    marked = f" {word} "
    return tuple("g" + marked[at : at + length] for length in LETTERS for at in range(len(marked) - length + 1))


def _all_runs(sentences: Sequence[Sequence[str]]) -> Iterator[str]:
    return (run for sentence in sentences for word in sentence for run in _runs(word))


@dataclass(frozen=True, slots=True)
class _Counts:
    """What stands how often in which example: three arrays side by side."""

    rows: Ints
    numbers: Ints
    counts: Ints

    def only(self, kept: npt.NDArray[np.bool_]) -> "_Counts":
        """Without the other features; those kept are numbered anew."""
        there = kept[self.numbers]
        return _Counts(self.rows[there], (np.cumsum(kept) - 1)[self.numbers[there]], self.counts[there])


def _counted(documents: Iterable[Counter[str]], met: dict[str, int]) -> _Counts:
    """Numbers in place of the features, whose texts would take half a gigabyte. `met` gives each its number."""
    sizes, numbers, counts = array("i"), array("i"), array("i")
    for document in documents:
        sizes.append(len(document))
        numbers.extend(met.setdefault(feature, len(met)) for feature in document)
        counts.extend(document.values())
    return _Counts(np.repeat(np.arange(len(sizes)), sizes), np.array(numbers), np.array(counts))


def _phrase_weights(idf: Singles, counts: npt.NDArray[Any]) -> Singles:
    """One that stands there often counts a little more."""
    weights: Singles = (idf * (1 + np.log(counts))).astype(np.float32)
    return weights


def _weighed_phrases(found: _Counts, idf: Singles) -> tuple[Ints, Ints, Singles]:
    """Rows, features and weights; each example's of length one."""
    weights = _phrase_weights(idf[found.numbers], found.counts)
    lengths = np.sqrt(np.bincount(found.rows, weights**2))
    return found.rows, found.numbers, (weights / lengths[found.rows]).astype(np.float32)


def _weighed_letters(found: _Counts, idf: Singles) -> tuple[Ints, Ints, Singles]:
    """The same for letters. Each word counts by itself, so that a message is the sum of its words."""
    rarity = idf[found.numbers]
    lengths = np.sqrt(np.bincount(found.rows, rarity**2 * found.counts))
    return found.rows, found.numbers, (rarity * found.counts / lengths[found.rows]).astype(np.float32)


class _Table:
    """The examples' vectors as rows, columns and values, for products with either side."""

    def __init__(self, parts: Sequence[tuple[Ints, Ints, Singles]], size: int, width: int) -> None:
        self._size, self._width = size, width
        self._rows, self._columns, self._values = (np.concatenate(side) for side in zip(*parts, strict=True))

    def solve(self, rows: Ints, targets: Doubles) -> Singles:
        """Ridge regression on some of the rows: the weights X'a with (XX' + rI) a = targets."""
        place = np.full(self._size, -1)
        place[rows] = np.arange(len(rows))
        there = place[self._rows] >= 0
        row, column, value = place[self._rows[there]], self._columns[there], self._values[there]

        def back(dual: Doubles) -> Doubles:
            return np.bincount(column, value * dual[row], minlength=self._width).astype(np.float64)

        def forth(primal: Doubles) -> Doubles:
            return np.bincount(row, value * primal[column], minlength=len(rows)).astype(np.float64)

        dual = np.zeros(len(rows))
        residual = targets.copy()
        direction = residual.copy()
        size = float(residual @ residual)
        for _ in range(STEPS):
            if size < 1e-8 * max(1, len(rows)):
                break
            image = forth(back(direction)) + RIDGE * direction
            step = size / float(direction @ image)
            dual += step * direction
            residual -= step * image
            smaller = float(residual @ residual)
            direction = residual + (smaller / size) * direction
            size = smaller
        return back(dual).astype(np.float32)
