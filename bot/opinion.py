"""A second opinion on a message: a small linear classifier, fitted on labelled example messages.

Words, neighbouring words and runs of three to five letters are weighed by rarity over the examples (tf-idf) and go into ridge
regression, solved by conjugate gradients (Hestenes & Stiefel 1952), so that nothing larger than the examples is ever
held. Two scales say whether a message belongs to any class of a group ("danger", "declined") rather than to none; a
scale per class says to which. Pure: no I/O, no clock, no randomness; a message takes about a tenth of a millisecond.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
ORDINARY_FROM = 3
"""Examples that use a word before it is an ordinary one and not a misspelling of another."""
SEEN_AT_LEAST = 2
"""Examples that must hold a feature before it counts."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was fitted, as plain arrays and texts, so that it can be kept."""

    features: str
    """One a line; the first character is `w` for words, `g` for letters."""
    idf: Singles
    weights: Singles
    """Features x scales."""
    bias: Singles
    scales: tuple[str, ...]
    vocabulary: str
    """The ordinary words of the examples."""


class Opinion:
    """Scores messages on the scales it was fitted for."""

    def __init__(self, learned: Learned, normaliser: Normaliser) -> None:
        self.learned = learned
        self.normaliser = normaliser
        self.scales = learned.scales
        self.vocabulary = frozenset(learned.vocabulary.split())
        self._number = {feature: at for at, feature in enumerate(learned.features.split("\n"))}

    def scores(self, text: str) -> dict[str, float]:
        """Each scale's score: about 1 for a member, about -1 for another message."""
        numbers, values = _vector(_features(self.normaliser.sentences(text)), self._number, self.learned.idf)
        if not numbers:
            return dict.fromkeys(self.scales, -1.0)
        weights = self.learned.weights[numbers]
        scores = np.array(values, dtype=np.float32) @ weights + self.learned.bias
        return dict(zip(self.scales, map(float, scores), strict=True))


def fit(examples: Mapping[str, Sequence[str]], groups: Mapping[str, Sequence[str]], normaliser: Normaliser) -> Learned:
    """Learn from example messages by label. `groups` names each group's labels; what is in none is "other".

    The scales are the groups, and each label of a group (against the others of its group).
    """
    texts = [text for messages in examples.values() for text in messages]
    labels = np.array([label for label, messages in examples.items() for _ in messages])
    read = [normaliser.sentences(text) for text in texts]
    documents = [_features(sentences) for sentences in read]
    held = Counter(feature for document in documents for feature in document)
    number = {feature: at for at, feature in enumerate(f for f, count in held.items() if count >= SEEN_AT_LEAST)}
    idf = np.array([math.log((1 + len(texts)) / (1 + held[feature])) + 1 for feature in number], dtype=np.float32)
    table = _Table([_vector(document, number, idf) for document in documents], len(number))
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
    words = Counter(word for sentences in read for word in {word for sentence in sentences for word in sentence})
    vocabulary = [word for word, count in words.items() if count >= ORDINARY_FROM]
    return Learned(
        features="\n".join(number),
        idf=idf,
        weights=np.stack(columns, axis=1) if columns else np.zeros((len(number), 0), dtype=np.float32),
        bias=np.array(biases, dtype=np.float32),
        scales=tuple(scales),
        vocabulary=" ".join(sorted(vocabulary)),
    )


def _features(sentences: Sequence[Sequence[str]]) -> Counter[str]:
    """Stems alone, in pairs and in threes (a full stop is one of them), and runs of three to five letters."""
    stems = ["."]
    found: Counter[str] = Counter()
    for sentence in sentences:
        stems += (stem(word) for word in sentence)
        stems.append(".")
        for word in sentence:
            found.update(_runs(word))
    for length in (1, 2, 3):
        found.update("w" + " ".join(stems[at : at + length]) for at in range(len(stems) - length + 1))
    return found


@lru_cache(maxsize=20_000)
def _runs(word: str) -> tuple[str, ...]:
    """The runs of letters in a word, its ends marked by spaces."""
    marked = f" {word} "
    return tuple("g" + marked[at : at + length] for length in LETTERS for at in range(len(marked) - length + 1))


def _vector(features: Counter[str], number: Mapping[str, int], idf: Singles) -> tuple[list[int], list[float]]:
    """The known features as numbers and weights; words and letters each of length one."""
    lengths = {"w": 0.0, "g": 0.0}
    known: list[tuple[int, float, str]] = []
    for feature, count in features.items():
        at = number.get(feature)
        if at is not None:
            weight = float(idf[at]) * (1 + math.log(count))
            lengths[feature[0]] += weight * weight
            known.append((at, weight, feature[0]))
    scale = {family: 1 / math.sqrt(length) if length else 0.0 for family, length in lengths.items()}
    return [at for at, _, _ in known], [weight * scale[family] for _, weight, family in known]


class _Table:
    """The examples' vectors, by row and by column, for products with either side."""

    def __init__(self, vectors: Sequence[tuple[list[int], list[float]]], width: int) -> None:
        self._width = width
        self._columns = np.array([at for numbers, _ in vectors for at in numbers], dtype=np.int64)
        self._values = np.array([value for _, values in vectors for value in values], dtype=np.float64)
        self._rows = np.repeat(np.arange(len(vectors)), [len(numbers) for numbers, _ in vectors])
        self._size = len(vectors)

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
