"""A second opinion on a message: a small linear classifier, fitted on labelled example messages.

Words, neighbouring words and runs of three to five letters are weighed by rarity over the examples (tf-idf) and go into ridge
regression, solved by conjugate gradients (Hestenes & Stiefel 1952), so that nothing larger than the examples is ever
held. Neighbours count twice where one has a kind ("nephew is" is also "<other> is"), so that an example about a brother
teaches something about a nephew. Two scales say whether a message belongs to any class of a group ("danger",
"declined") rather than to none; a scale per class says to which. Pure: no I/O, no clock, no randomness; a message
takes about a tenth of a millisecond.
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
ORDINARY_FROM = 2
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
        numbers, values = _phrase_vector(_phrases(sentences, self._kinds), self._number, self.learned.idf)
        words = [self._word(word) for sentence in sentences for word in sentence]
        length = sum(square for _, square in words)
        if not numbers and not length:
            return dict.fromkeys(self.scales, -1.0)
        scores = self.learned.bias + np.array(values, dtype=np.float32) @ self.learned.weights[numbers]
        if length:
            scores = scores + np.sum([said for said, _ in words], axis=0) / math.sqrt(length)
        return dict(zip(self.scales, map(float, scores), strict=True))

    def _weigh_word(self, word: str) -> tuple[Singles, float]:
        """What the letters of a word add to each scale, and the square of their length."""
        numbers = _known_runs(word, self._number)
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
    phrases = [_phrases(sentences, kinds) for sentences in read]
    runs = [Counter(run for sentence in sentences for word in sentence for run in _runs(word)) for sentences in read]
    held = Counter(feature for document in (*phrases, *runs) for feature in document)
    number = {feature: at for at, feature in enumerate(f for f, count in held.items() if count >= SEEN_AT_LEAST)}
    idf = np.array([math.log((1 + len(texts)) / (1 + held[feature])) + 1 for feature in number], dtype=np.float32)
    vectors = []
    for phrase, run in zip(phrases, runs, strict=True):
        of_phrases, of_letters = _phrase_vector(phrase, number, idf), _letter_vector(run, number, idf)
        vectors.append((of_phrases[0] + of_letters[0], of_phrases[1] + of_letters[1]))
    table = _Table(vectors, len(number))
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
        kinds="\n".join(f"{word} {kind}" for word, kind in kinds.items()),
    )


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


def _known_runs(word: str, number: Mapping[str, int]) -> list[int]:
    return [at for run in _runs(word) if (at := number.get(run)) is not None]


def _phrase_vector(phrases: Counter[str], number: Mapping[str, int], idf: Singles) -> tuple[list[int], list[float]]:
    """The known ones as numbers and weights, of length one; one that stands there often counts a little more."""
    known = [(at, count) for phrase, count in phrases.items() if (at := number.get(phrase)) is not None]
    weights = [float(idf[at]) * (1 + math.log(count)) for at, count in known]
    length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
    return [at for at, _ in known], [weight / length for weight in weights]


def _letter_vector(runs: Counter[str], number: Mapping[str, int], idf: Singles) -> tuple[list[int], list[float]]:
    """The same for letters. Each word counts by itself, so that a message is the sum of its words."""
    known = [(at, count) for run, count in runs.items() if (at := number.get(run)) is not None]
    length = math.sqrt(sum(float(idf[at]) ** 2 * count for at, count in known)) or 1.0
    return [at for at, _ in known], [float(idf[at]) * count / length for at, count in known]


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
