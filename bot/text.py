"""Makes two spellings of one question equal: case, accents, punctuation, emoji, elongation, shorthand, concepts.

What is said here holds for the matcher and for the safety gate alike. Nothing here knows a topic or a danger: the
words come from the content (`bot.faq.Words`).
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import Stemmer

from bot.faq import Words

MESSAGE_LIMIT = 4096
"""Telegram's longest message; what is beyond it is not read."""

WORD_LIMIT = 60
"""Letters of a word; what is longer is noise, and nobody may fill the memory with it."""
WORDS_KEPT = 4_000
"""Words of which what was once worked out is kept: most of what people write in a night, at two kilobytes a word."""
LAST_LATIN = "\u024f"
"""The last letter of the Unicode blocks "Latin"."""

_stemmer = Stemmer.Stemmer("english")

_SENTENCE_END = re.compile(r"[.!?;…\n\r]+(?=\s|$)|[!?;…\n\r]+")
_CLAUSE_END = re.compile(r"[,:()\[\]\u2013\u2014]+|\s-+\s")
_WORD = re.compile(r"[^\W_]+")
_STRANGE = re.compile(r"[^\x00-\x7f]")
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘`´ʼ＇", ""))
_ENDING = re.compile(r"(?<=d)['’‘`´ʼ＇](?=d(?!\w))")
_APART = re.compile(r"(?<=\wn) (?=t(?!\w))")
_LEET = str.maketrans("013457$@", "oieastsa")
_LEET_MARK = re.compile(r"[013457$@]")
_LEET_WORD = re.compile(r"(?<![\w$@])[^\W\d_][\w$@]{1,30}[^\W\d_](?![\w$@])")
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-*]){3,}[^\W\d_](?!\w)")
_LONG = re.compile(r"(.)\1{2,}")
_DOUBLE = re.compile(r"(.)\1")


@lru_cache(maxsize=WORDS_KEPT)
def stem(word: str) -> str:
    """The word without its ending (Porter's English stemmer in Snowball's revision, snowballstem.org)."""
    return str(_stemmer.stemWord(word))


@lru_cache(maxsize=5_000)
def _is_seen(char: str) -> bool:
    """Whether a character is more than an accent on another or a sign to the machine."""
    return unicodedata.category(char) not in {"Mn", "Cf"}


def fold(text: str) -> str:
    """One way of writing characters: no case, accents, invisible characters, leetspeak, spaced or stretched letters."""
    text = text[:MESSAGE_LIMIT].casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).casefold()
        text = _STRANGE.sub(lambda found: found.group() if _is_seen(found.group()) else "", text)
    # "od'd" is no "odd". Some keyboards put a space for the apostrophe.
    text = _ENDING.sub("e", text).translate(_APOSTROPHES)
    text = _APART.sub("", text)
    if _LEET_MARK.search(text):
        text = " ".join(_unleet(part) if _LEET_MARK.search(part) else part for part in text.split(" "))
    text = _SPACED.sub(lambda found: re.sub(r"\W", "", found.group()), text)
    return _LONG.sub(r"\1\1", text)


def _unleet(part: str) -> str:
    return _LEET_WORD.sub(lambda found: found.group().translate(_LEET), part)


class Normaliser:
    """Splits a message into sentences of plain words, and names the concepts in them."""

    def __init__(self, words: Words) -> None:
        # Read into folded form: an editor writes "don't", the message says "dont".
        self._rewrites = {
            fold(key): fold(value).split() for key, value in (words.contractions | words.shorthand).items()
        }
        self.contractions = frozenset(map(fold, words.contractions))
        self.shorthand = frozenset(map(fold, words.shorthand))
        self._concepts: dict[tuple[str, ...], list[str]] = {}
        self._concept_words: set[str] = set()
        for name, phrases in words.concepts.items():
            for phrase in phrases:
                written = self.words(phrase)
                key = tuple(stem(word) for word in written)
                if not key:
                    continue
                self._concept_words.update(written)
                self._concepts.setdefault(key, []).append(name)
        self._other_languages = {fold(word) for word in words.other_languages}
        self._longest: dict[str, int] = {}
        for key in self._concepts:
            self._longest[key[0]] = max(len(key), self._longest.get(key[0], 0))

    def words(self, text: str) -> list[str]:
        """All words of the text in order, whatever the sentences."""
        return [word for sentence in self.sentences(text) for word in sentence]

    def sentences(self, text: str) -> list[list[str]]:
        """The text's sentences as lists of words, contractions and shorthand written out. Empty ones are left out."""
        return [[word for clause in clauses for word in clause] for clauses in self.clauses(text)]

    def clauses(self, text: str) -> list[list[list[str]]]:
        """Like `sentences`, each cut at its commas."""
        found = []
        for part in _SENTENCE_END.split(fold(text)):
            clauses = []
            for piece in _CLAUSE_END.split(part):
                words: list[str] = []
                for word in _WORD.findall(piece):
                    written = self._rewrites.get(word) or self._rewrites.get(spelled(word))
                    words.extend(written or [word[:WORD_LIMIT]])
                if words:
                    clauses.append(words)
            if clauses:
                found.append(clauses)
        return found

    def concepts(self, stems: Sequence[str]) -> list[str]:
        """The concepts that stand in a row of stemmed words; the longest phrase wins, and phrases do not overlap."""
        found: list[str] = []
        at = 0
        while at < len(stems):
            for length in range(min(self._longest.get(stems[at], 0), len(stems) - at), 0, -1):
                names = self._concepts.get(tuple(stems[at : at + length]))
                if names:
                    found.extend(names)
                    at += length
                    break
            else:
                at += 1
        return found

    def is_other_language(self, text: str) -> bool:
        """Whether a message is in another language: of other letters, or with two or more of its small words."""
        letters = [char for char in fold(text) if char.isalpha()]
        strange = sum(char > LAST_LATIN for char in letters)
        words = set(self.words(text))
        small = len(words & self._other_languages)
        return bool(letters) and (2 * strange > len(letters) or (small > 1 and 4 * small >= len(words)))

    def vocabulary(self) -> set[str]:
        """Every word that the concepts and rewrites name, as people write it."""
        return self._concept_words | {word for words in self._rewrites.values() for word in words}


def spelled(word: str) -> str:
    """A word of digits and letters with letters for the digits that stand for them ("0d"); a number stays one."""
    return word if word.isalpha() or word.isdigit() else word.translate(_LEET)


class Spellings:
    """Words that another may be a misspelling of."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = np.array(sorted(words), dtype=object)
        self._letters = np.array([_letters(word) for word in self._words], dtype=np.uint64)

    def near(self, word: str, edits: int) -> npt.NDArray[np.object_]:
        """All words that may be so many edits away, and few others, so that only these need be compared.

        An edit changes at most two of the letters in use.
        """
        near: npt.NDArray[np.object_] = self._words[
            np.bitwise_count(self._letters ^ np.uint64(_letters(word))) <= 2 * edits
        ]
        return near


def _letters(word: str) -> int:
    """The letters in use, as bits."""
    return sum(1 << bit for bit in {ord(letter) % 64 for letter in word})


def unstretched(word: str, known: Collection[str]) -> str | None:
    """A stretched word ("dieee", folded to "diee") as the known word it stretches, or None."""
    short = _DOUBLE.sub(r"\1", word)
    return short if short != word and short in known else None


def contains_any(words: Sequence[str], phrases: Iterable[str]) -> bool:
    """Whether one of the phrases, their words a space apart, stands in the words, as neighbours in order."""
    text = f" {' '.join(words)} "
    return any(f" {phrase} " in text for phrase in phrases)
