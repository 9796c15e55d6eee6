"""What words mean: vectors in which words of like meaning lie near each other.

They bring a question near its topic of which no phrasing shares a word with it ("no shut-eye" and "can't sleep"); alone
they seldom make it sure. A message's
meaning is the sum of its words' vectors, turned so that what all messages of one kind have in common counts nothing.
Two messages are as near as the square of their cosine, which is a product of vectors of `PRODUCTS` numbers: what was
learned from thousands of messages with it is kept as so many numbers a label, however many messages there were.

The vectors are content (`bot.content.word_vectors`): a table, learned once from a sentence encoder. No network of
neurons runs here.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

from bot import content

Floats = npt.NDArray[np.float32]

WIDTH = 96
"""Axes. With 64 the public sets lose up to half a point, with 128 they gain as much on one of them."""
PRODUCTS = WIDTH * (WIDTH + 1) // 2
FEW = 20
"""Examples of which the mean is taken for half of what it would be among very many."""

_ROW, _COLUMN = np.triu_indices(WIDTH)


def meaning(words: Iterable[str]) -> Floats:
    """The sum of the vectors of those words that are known, `WIDTH` numbers; zeros where none is."""
    number, vectors, scale = _table()
    known = [at for word in words if (at := number.get(word)) is not None]
    return scale[known] @ vectors[known].astype(np.float32)


def turned(meanings: Floats, centre: Floats) -> Floats:
    """Unit vectors of meanings (one, or one a row) as seen from what they have in common; what means nothing stays zero."""
    units = _units(meanings)
    units = units - centre * (units.any(axis=-1, keepdims=True))
    return _units(units)


def centre_of(meanings: Floats) -> Floats:
    """What the rows have in common: the mean of their unit vectors, less of it where there are few.

    Seen from the very middle between them two messages would be each other's opposite, and opposites are squared alike.
    """
    centre: Floats = _units(meanings).sum(axis=0) / np.float32(len(meanings) + FEW)
    return centre


def products(unit: Floats) -> Floats:
    """A unit vector's numbers, each times each: what `forms_of` is multiplied with."""
    of_each: Floats = unit[_ROW] * unit[_COLUMN]
    return of_each


def forms_of(units: Floats, shares: Floats) -> Floats:
    """What examples (rows) say together, for each label (columns of `shares`): labels x `PRODUCTS`.

    The product with a message's `products` is the sum of its squared cosines with the examples, each times its share.
    """
    forms = np.empty((shares.shape[1], PRODUCTS), dtype=np.float32)
    for form, share in zip(forms, shares.T, strict=True):
        form[:] = _together(units, share)[_ROW, _COLUMN]
    forms[:, _ROW != _COLUMN] *= 2
    return forms


def likeness(units: Floats, shares: Floats) -> Floats:
    """For each example (row) and label (column) the sum of its squared cosines with all examples, each times its share."""
    sums = np.empty_like(shares)
    for at, share in enumerate(shares.T):
        sums[:, at] = ((units @ _together(units, share)) * units).sum(axis=1)
    return sums


def _together(units: Floats, share: Floats) -> Floats:
    return ((units * share[:, None]).T @ units).astype(np.float32, copy=False)


def _units(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)


@cache
def _table() -> tuple[dict[str, int], npt.NDArray[np.int8], Floats]:
    words, vectors, scale = content.word_vectors()
    return {word: at for at, word in enumerate(words)}, vectors, scale
