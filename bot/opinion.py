"""A second opinion on a message: a small linear classifier, fitted on labelled example messages.

Words, neighbouring words, pairs that stand a little apart ("wont .. wake") and runs of three to five letters are weighed
by rarity over the examples (tf-idf) and, beside a small share of what the words mean (`bot.meaning`), go into ridge
regression, solved by conjugate gradients (Hestenes & Stiefel 1952), so that nothing larger than the examples is ever held. Neighbours count twice where one has a kind ("nephew is" is
also "<other> is"), so that an example about a brother teaches something about a nephew. Two scales say whether a message
belongs to any class of a group ("danger", "declined") rather than to none; a scale per class says to which. Pure: no
I/O, no clock, no randomness; a message takes less than a millisecond.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bot.meaning import PRODUCTS, centre_of, forms_of, likeness, meaning, products, turned
from bot.text import WORDS_KEPT, Normaliser, stem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Doubles = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MEANING_SHARE = 0.15
"""What likeness in meaning counts, beside 1 for phrases and 1 for letters. The classifier by itself, on 22,690 held-back
messages with 1.5 % of the harmless ones raised, hears 92.5 % of the cries instead of 91.9 %."""
RIDGE = 0.5
STEPS = 100
"""Conjugate-gradient steps. On 52,000 examples the last twenty change a score by at most 0.03, fifty more by 0.008."""
LETTERS = (3, 4, 5)
FIRST_SENTENCES, LAST_SENTENCES = 10, 20
"""Sentences that are scored one by one: 4,096 characters hold up to ninety, and are to be read within 20 ms."""
APART = 5
"""Words that the two of a pair may stand apart; neighbours stand one apart. On 1,805 held-back cries and 1,822 others the
pairs took the share of wrongly ordered couples (1 - AUROC) from 0.0017 to 0.0011."""
ORDINARY_FROM = 3
"""Examples that use a word before it is an ordinary one and not a misspelling of another."""
SMALLEST = 1e-30
"""Keeps a scale that is solved already from dividing by nothing."""
SEEN_AT_LEAST = 2
"""Examples that must hold a feature before it counts."""


Read = Sequence[Sequence[str]]
"""A message as `Normaliser.sentences` gives it."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What was fitted, as plain arrays and texts, so that it can be kept."""

    stems: str
    """The stems and kinds that are known, one a line; the first has the number 1."""
    phrases: Ints
    """The known phrases of stems and kinds, each as one number, ascending."""
    letters: str
    """The known runs of letters, one a line."""
    idf: Singles
    """How rare each phrase is, then each run of letters."""
    weights: Singles
    """Phrases and runs x scales."""
    forms: Singles
    """What likeness in meaning adds: scales x `bot.meaning.PRODUCTS`."""
    centre: Singles
    """What the examples' meanings have in common."""
    bias: Singles
    scales: tuple[str, ...]
    vocabulary: str
    """The ordinary words of the examples."""
    kinds: str
    """One stem and its kind a line."""


class Opinion:
    """Scores messages on the scales it was fitted for."""

    def __init__(self, learned: Learned) -> None:
        self.learned = learned
        self.scales = learned.scales
        self.vocabulary = frozenset(learned.vocabulary.split())
        self._stems = _numbered(learned.stems.split("\n"))
        self._run = {run: at for at, run in enumerate(learned.letters.split("\n"), start=len(learned.phrases))}
        self._kind_of = _kind_of(self._stems, dict(line.split() for line in learned.kinds.splitlines()))
        # What a word's letters say never changes: it is added up once for each word.
        self._word = lru_cache(maxsize=WORDS_KEPT)(self._weigh_word)

    def scores(self, sentences: Read) -> dict[str, float]:
        """Each scale's score: about 1 for a member, about -1 for another message."""
        known, counts = self._known_phrases(sentences)
        words = [self._word(word) for sentence in sentences for word in sentence]
        length = sum(square for _, square in words)
        if not len(known) and not length:
            return dict.fromkeys(self.scales, -1.0)
        scores = self.learned.bias
        if len(known):
            weights = _phrase_weights(self.learned.idf[known], counts)
            scores = scores + weights @ self.learned.weights[known] / math.sqrt(weights @ weights)
        if length:
            scores = scores + np.sum([said for said, _ in words], axis=0) / math.sqrt(length)
        meant = turned(meaning(itertools.chain.from_iterable(sentences)), self.learned.centre)
        scores = scores + np.vecdot(self.learned.forms, products(meant))
        return dict(zip(self.scales, map(float, scores), strict=True))

    def strongest(self, sentences: Read, scale: str, words: int) -> dict[str, float]:
        """The scores of the sentence that stands highest on a scale, of those with so many words; or none.

        Of very many sentences the first and the last are looked at.
        """
        enough = [sentence for sentence in sentences if len(sentence) >= words]
        if len(enough) > FIRST_SENTENCES + LAST_SENTENCES:
            enough = [*enough[:FIRST_SENTENCES], *enough[-LAST_SENTENCES:]]
        single = [self.scores([sentence]) for sentence in enough]
        return max(single, key=lambda one: one[scale]) if single and len(sentences) > 1 else {}

    def _known_phrases(self, sentences: Read) -> tuple[Ints, Ints]:
        """Which of the known phrases stand in a message, and how often."""
        digits = np.array(_digits(sentences, self._stems))
        phrases, counts = np.unique(_phrases(digits, self._stems["."], self._kind_of)[0], return_counts=True)
        known = self.learned.phrases
        places = np.searchsorted(known, phrases)
        inside = places < len(known)
        places, phrases, counts = places[inside], phrases[inside], counts[inside]
        there = known[places] == phrases
        return places[there], counts[there]

    def _weigh_word(self, word: str) -> tuple[Singles, float]:
        """What the letters of a word add to each scale, and the square of their length."""
        numbers = [at for run in _runs(word) if (at := self._run.get(run)) is not None]
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
    words = Counter(word for sentences in read for word in set(itertools.chain.from_iterable(sentences)))
    stems = sorted({".", *kinds, *kinds.values()} | {stem(word) for word in words})
    meanings = np.stack([meaning(itertools.chain.from_iterable(sentences)) for sentences in read])
    centre = centre_of(meanings)
    phrases, letters, idf, table = _tabulated(read, turned(meanings, centre), _numbered(stems), kinds)
    everything = np.ones(len(texts), dtype=np.bool_)
    inside = {group: np.isin(labels, list(members)) for group, members in groups.items()}
    each = {group: {label: labels == label for label in members} for group, members in groups.items()}
    solved = [table.solve(everything, inside), *(table.solve(inside[group], each[group]) for group in groups)]
    vocabulary = [word for word, count in words.items() if count >= ORDINARY_FROM]
    return Learned(
        stems="\n".join(stems),
        phrases=phrases,
        letters="\n".join(letters),
        idf=idf,
        weights=np.concatenate([weights for weights, _, _ in solved], axis=1),
        forms=np.concatenate([forms for _, forms, _ in solved]),
        centre=centre,
        bias=np.concatenate([bias for _, _, bias in solved]),
        scales=(*inside, *(label for members in each.values() for label in members)),
        vocabulary=" ".join(sorted(vocabulary)),
        kinds="\n".join(f"{word} {kind}" for word, kind in kinds.items()),
    )


def _tabulated(
    read: Sequence[Read], meanings: Singles, stems: Mapping[str, int], kinds: Mapping[str, str]
) -> tuple[Ints, list[str], Singles, "_Table"]:
    """The phrases and runs of letters that enough examples hold, how rare each is, and the examples as vectors."""
    size = len(read)
    digits = [_digits(sentences, stems) for sentences in read]
    row_at = np.repeat(np.arange(size), [len(one) + 1 for one in digits])
    # All messages in one row, something unknown between them, which no phrase holds.
    in_a_row = np.array([digit for one in digits for digit in (*one, 0)], dtype=np.int64)
    found, places = _phrases(in_a_row, stems["."], _kind_of(stems, kinds))
    met, numbers = np.unique(found, return_inverse=True)
    there, counts = np.unique(numbers * size + row_at[places], return_counts=True)
    numbers, rows = np.divmod(there, size)
    common, phrase_idf = _common(np.bincount(numbers, minlength=len(met)), size)
    there, columns = _renumbered(numbers, common)
    weights = _phrase_weights(phrase_idf[columns], counts[there])
    lengths = np.sqrt(np.bincount(rows[there], weights**2, minlength=size))
    phrases = _sparse(rows[there], columns, weights / lengths[rows[there]], size, len(phrase_idf))
    runs, run_idf, words, letters = _spelled_out(read)
    table = _Table(phrases, words, letters, meanings)
    return met[common], runs, np.concatenate([phrase_idf, run_idf]), table


def _spelled_out(read: Sequence[Read]) -> tuple[list[str], Singles, "csr_array", "csr_array"]:
    """The runs of letters, how rare each is, and two tables: examples by their words, and words by their runs."""
    number: dict[str, int] = {}
    texts = [
        np.array([number.setdefault(word, len(number)) for one in sentences for word in one], dtype=np.int64)
        for sentences in read
    ]
    run_number: dict[str, int] = {}
    runs_of = [
        np.array([run_number.setdefault(run, len(run_number)) for run in _runs(word)], dtype=np.int64)
        for word in number
    ]
    held = np.zeros(len(run_number), dtype=np.int64)
    for text in texts:
        if len(text):
            held[np.concatenate([runs_of[word] for word in text])] += 1
    common, idf = _common(held, len(read))
    word_of = np.repeat(np.arange(len(number)), [len(runs) for runs in runs_of])
    run = np.concatenate([*runs_of, np.zeros(0, dtype=np.int64)])
    there, column = _renumbered(run, common)
    letters = _sparse(word_of[there], column, idf[column], len(number), len(idf))
    # Each word counts by itself, so that a message is the sum of its words.
    squares = np.bincount(word_of[there], idf[column] ** 2, minlength=len(number))
    rows = np.repeat(np.arange(len(read)), [len(text) for text in texts])
    word = np.concatenate([*texts, np.zeros(0, dtype=np.int64)])
    lengths = np.sqrt(np.bincount(rows, squares[word], minlength=len(read)))
    words = _sparse(rows, word, 1 / np.maximum(lengths[rows], 1e-9), len(read), len(number))
    return [one for one, keep in zip(run_number, common, strict=True) if keep], idf, words, letters


def _common(held: Ints, examples: int) -> tuple[Bools, Singles]:
    """Of what so many examples hold: which is kept, and how rare each that is kept."""
    common = held >= SEEN_AT_LEAST
    return common, (np.log((1 + examples) / (1 + held[common])) + 1).astype(np.float32)


def _renumbered(numbers: Ints, common: Bools) -> tuple[Bools, Ints]:
    """Where the numbers name something that is kept, and its number among what is kept."""
    there = common[numbers]
    return there, (np.cumsum(common) - 1)[numbers[there]]


def _numbered(stems: Iterable[str]) -> dict[str, int]:
    return {one: at for at, one in enumerate(stems, start=1)}


def _kind_of(number: Mapping[str, int], kinds: Mapping[str, str]) -> Ints:
    """For each stem's number the number of its kind, 0 where it has none."""
    kind_of = np.zeros(len(number) + 1, dtype=np.int64)
    for one, kind in kinds.items():
        kind_of[number[one]] = number[kind]
    return kind_of


def _digits(sentences: Read, number: Mapping[str, int]) -> list[int]:
    """The stems of a message by number, 0 for an unknown one; a full stop before, between and after its sentences."""
    digits = [number["."]]
    for sentence in sentences:
        digits += (number.get(stem(word), 0) for word in sentence)
        digits.append(number["."])
    return digits


def _phrases(digits: Ints, stop: int, kind_of: Ints) -> tuple[Ints, Ints]:
    """Stems alone, in pairs and in threes (a full stop is one of them), the same with kinds for words, and pairs apart.

    Each as one number: its stems' numbers are the digits, and a pair apart is negative. What holds an unknown stem is
    left out. Beside them the place where each begins.
    """
    base = len(kind_of)
    found = [_neighbours(digits, length, base, digits > 0) for length in (1, 2, 3)]
    kinds = kind_of[digits]
    if kinds.any():
        named = np.where(kinds > 0, kinds, digits)
        found += [_neighbours(named, length, base, kinds > 0) for length in (2, 3)]
    found += _apart(digits, stop, base)
    return np.concatenate([phrases for phrases, _ in found]), np.concatenate([places for _, places in found])


def _neighbours(digits: Ints, length: int, base: int, wanted: Bools) -> tuple[Ints, Ints]:
    """Each row of so many neighbours, none of them unknown and at least one of them wanted, and where it begins."""
    size = max(0, len(digits) - length + 1)
    phrases, known, there = digits[:size], digits[:size] > 0, wanted[:size]
    for at in range(1, length):
        beside = slice(at, at + size)
        phrases = phrases * base + digits[beside]
        known, there = known & (digits[beside] > 0), there | wanted[beside]
    places = np.flatnonzero(known & there)
    return phrases[places], places


def _apart(digits: Ints, stop: int, base: int) -> Iterator[tuple[Ints, Ints]]:
    """Each pair of known words of a sentence, at most `APART` words apart and no neighbours, and where it begins."""
    sentence = np.cumsum(digits == stop)
    for gap in range(2, APART + 1):
        first, second = digits[:-gap], digits[gap:]
        there = (first > 0) & (first != stop) & (second > 0) & (sentence[:-gap] == sentence[gap:])
        places = np.flatnonzero(there)
        yield -(first[places] * base + second[places]), places


def _runs(word: str) -> tuple[str, ...]:
    """The runs of letters in a word, its ends marked by spaces."""
    marked = f" {word} "
    return tuple("g" + marked[at : at + length] for length in LETTERS for at in range(len(marked) - length + 1))


def _phrase_weights(idf: Singles, counts: npt.NDArray[Any]) -> Singles:
    """One that stands there often counts a little more."""
    weights: Singles = (idf * (1 + np.log(counts))).astype(np.float32)
    return weights


def _sparse(rows: Ints, columns: Ints, values: npt.NDArray[Any], height: int, width: int) -> "csr_array":
    """A table of which most places are empty."""
    # Only learning needs it, and importing it takes a tenth of a second.
    from scipy.sparse import csr_array

    return csr_array((values.astype(np.float32), (rows, columns)), shape=(height, width))


@dataclass(frozen=True, slots=True)
class _Table:
    """The examples' vectors: what they say in phrases, beside it in the letters of their words, and what they mean."""

    phrases: "csr_array"
    words: "csr_array"
    letters: "csr_array"
    meanings: Singles

    def solve(self, rows: Bools, members: Mapping[str, Bools]) -> tuple[Singles, Singles, Singles]:
        """Ridge regression on some of the rows, for each scale: the weights X'a with (XX' + rI) a = targets, the same for
        what is meant, and the bias.

        All scales at once, each with steps of its own.
        """
        if not members:
            none = np.zeros((self.phrases.shape[1] + self.letters.shape[1], 0), np.float32)
            return none, np.zeros((0, PRODUCTS), np.float32), np.zeros(0, np.float32)
        phrases, words, letters, meanings = self.phrases[rows], self.words[rows], self.letters, self.meanings[rows]
        said, worded, spelled = phrases.T.tocsr(), words.T.tocsr(), letters.T.tocsr()
        wanted = np.where(np.stack([inside[rows] for inside in members.values()], axis=1), 1.0, -1.0)
        bias = wanted.mean(axis=0) if len(wanted) else np.full(len(members), -1.0)
        dual = np.zeros_like(wanted)
        residual = wanted - bias
        direction = residual.copy()
        size = (residual**2).sum(axis=0)
        for _ in range(STEPS):
            if (size < 1e-8 * max(1, len(wanted))).all():
                break
            single = direction.astype(np.float32)
            image = phrases @ (said @ single) + words @ (letters @ (spelled @ (worded @ single))) + RIDGE * direction
            image += MEANING_SHARE * likeness(meanings, single)
            step = size / np.maximum((direction * image).sum(axis=0), SMALLEST)
            dual += step * direction
            residual -= step * image
            smaller = (residual**2).sum(axis=0)
            direction = residual + smaller / np.maximum(size, SMALLEST) * direction
            size = smaller
        single = dual.astype(np.float32)
        weights = np.concatenate([said @ single, spelled @ (worded @ single)])
        return weights, MEANING_SHARE * forms_of(meanings, single), bias.astype(np.float32)
