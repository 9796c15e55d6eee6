"""A question becomes a verdict: Certain, Ambiguous or Unknown, with a confidence that means something.

What happens to a message, each step a function of its own:

1. `Normaliser` makes spellings equal (`bot.text`).
2. `_repair` puts words that the FAQ does not know right, from the FAQ's own words (rapidfuzz, OSA similarity).
3. `_features` counts stems, neighbouring stems, letter trigrams inside words, and concepts. Each is weighed by how few
   *topics* use it (IDF over topics, not phrasings). Words that the FAQ does not know keep their place in the length
   of the question, so that a question about something else scores low.
4. Kernel ridge regression over the phrasings gives each topic a score (Saunders et al. 1998, "Ridge Regression
   Learning Algorithm in Dual Variables"). Its kernel is a power of the cosine, so that one near phrasing counts more
   than many that share a word; a small share of it is how near the words' meanings are (`bot.meaning`), which finds a
   question that shares no word. Both whole message and single sentences are scored, so that the question inside a
   story is found.
5. `Calibration` turns score and length into the probability that the answer is right. It is fitted at load time, on
   this FAQ alone, by leaving phrasings out (closed form for ridge regression) and by leaving whole topics out, which
   shows what a question without an answer looks like.
6. `Matcher.verdict` decides with two probabilities.

Pure: no I/O, no clock, no randomness.
"""

import itertools
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.faq import Faq, Words
from bot.meaning import WIDTH, centre_of, forms_of, meaning, products, turned
from bot.text import WORDS_KEPT, Normaliser, Spellings, contains_any, stem, unstretched

Floats = npt.NDArray[np.float32]
Shorts = npt.NDArray[np.int16]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMALL_TALK = "/"
"""First character of the labels that are no topic: `/greeting`, `/thanks`, `/helpline`, `/complaint`, `/good_news`,
`/out_of_scope`."""

OUT_OF_SCOPE, COMPLAINT, GOOD_NEWS = "/out_of_scope", "/complaint", "/good_news"

# What follows was chosen on labelled development questions and on three public intent sets together.
FAMILY_WEIGHT = {"s": 1.0, "p": 0.9, "g": 0.7, "c": 0.35}
"""Shares of stems, pairs of stems, letter trigrams and concepts in a question's length."""
MEANING_SHARE = 0.13
"""How much of the kernel is likeness in meaning. Of 4,778 held-back questions of this FAQ 0.9 points more are right first;
on the three public sets 1.3 to 2.8. Twice as much gives the public sets some more and takes from long messages here."""
MEANING_SHARE_OF_FEW, FEW_PHRASINGS = 0.3, 3
"""The share where most labels have so few phrasings or fewer: what is not written has to be guessed from the meaning. With
one, two and four phrasings an entry of the public sets (and its title) 0 to 3 points more are right first than with 0.13."""
RIDGE = 0.4
SURE_AT = 0.9
"""The confidence from which a sentence is answered though the message as a whole is not understood."""
EXACT_UP_TO = 28_000
"""Phrasings that are solved exactly, which takes a byte for each pair of them (0.8 GB). More are answered from
`LANDMARKS` of them, which finds a fifth fewer of the shipped FAQ's fresh questions."""
LANDMARKS = 1500
SENTENCE_SHARE = 0.5
BACKGROUND = 0.15
"""A sentence whose best topic scores so small a part of the best sentence's says nothing of this FAQ."""
KIN_SHARE = 0.5
PART_LEAD = 0.08
"""A part that scores so little less than its wider topic is what was asked: a wider topic has more phrasings, which draws
what is a part's. Of messages about confusable pairs 3 to 7 points more get the very answer."""
LENGTH_DECAY = 5.0
"""Weight decay on what the length says: a few hundred left-out phrasings say little of it, some thousand enough."""
SENTENCES_AT_MOST, WORDS_AT_MOST = 8, 150
"""Sentences and words that are compared. What a longer story says besides is not compared at all."""
VERY_LONG, SENTENCES_OF_VERY_LONG, WORDS_OF_VERY_LONG = 300, 4, 80
"""Words from which on less of a message is compared, so that 4,096 characters stay within 20 ms."""
REPAIR_SIMILARITY = 0.75
TRIED_AT_MOST = 40
"""Unknown words of one message for which a repair is looked for; one with more is noise, and each takes its time."""
DISTINCT_GAP = 0.08
"""A repair that fits two look-alike words almost equally well is not made: better unknown than swapped."""

UNANSWERABLE, UNANSWERABLE_LEFT = 0.3, 0.1
"""Questions without an answer for each with one, as a bot gets them; the calibration assumes so many. Where an FAQ has
wordings for what is out of scope, those catch most of them."""

ANSWER_AT = 0.65
"""Answer when it is right two times in three or better; else ask."""
ANSWER_LONG_AT, LONG_FROM = 0.55, 16
"""The same for messages of so many words, whose probability comes out too low: the phrasings that it is fitted on are short.
Of 381 held-back questions so long that came out between this and `ANSWER_AT`, 75 % had the right one first."""
SUGGEST_AT = 0.15
"""Below this, three guesses would waste the time of somebody who is ill."""
ASK_IN_ANGER_AT = 0.6
"""The confidence from which a message that swears at the bot is taken for the question in it."""
ASK_ANYWAY_AT = 0.7
"""A topic that would be answered but for something out of scope that is nearer yet is asked for."""
SMALL_WORDS_AT = 0.5
"""Small words alone ("who are you") are a question of their own only from this score on: nearly a phrasing."""
SUGGESTIONS = 3
SECOND_QUESTION_AT = 0.75
SECOND_QUESTION_RANK = 3
ONE_QUESTION_AT = 0.65
"""Each of two questions in a message must be this sure by itself, and be among so many wider topics of the whole
message: a wrong second answer costs more than none. From the score `ONE_QUESTION_AT` on the message is nearly a known
phrasing, which is one question however it is built."""
FOLLOW_UP_WORDS = 7
"""Words in a message that may lean on the one before; a longer one says itself what it means."""
DEED_WITHIN = 5
"""Words behind an "i" among which what the writer does is looked for."""
UNIT = np.float32(2**-14)
"""Of the numbers in a kept factor, none of which is above the square root of 1 + `RIDGE`."""
BLOCK = 512
"""Rows of a large matrix that are worked on at a time."""
RANKED = 12
"""Labels in a ranking: enough for the five best wider topics."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a message: its words after repair, and which were repaired."""

    sentences: tuple[tuple[str, ...], ...]
    repairs: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words in order."""
        return tuple(word for sentence in self.sentences for word in sentence)


@dataclass(frozen=True, slots=True)
class Match:
    """What the verdicts share. `ranking` holds the best labels with their scores, best first."""

    confidence: float
    ranking: tuple[tuple[str, float], ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Certain(Match):
    """Answer with these labels, in order."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ambiguous(Match):
    """Ask which of these was meant, best first."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown(Match):
    """There is no answer here. `follow_up`: the message only makes sense after another one ("how long?")."""

    follow_up: bool = False


Verdict = Certain | Ambiguous | Unknown


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a verdict fell: per ranked label its nearest phrasing, how near (cosine, 0–1), and the words they share."""

    verdict: Verdict
    nearest: tuple[tuple[str, str, float, tuple[str, ...]], ...]


class Matcher:
    """Finds the topic that a message asks about. Built once per FAQ; a message takes about a millisecond."""

    def __init__(
        self,
        phrasings: Mapping[str, Sequence[str]],
        words: Words,
        part_of: Mapping[str, str] | None = None,
        fitted: "Fitted | None" = None,
    ) -> None:
        """`phrasings` maps each label to how people put it; `part_of` maps a label to the wider one it details.

        `fitted` is what an earlier Matcher of the same content learned (its `fitted`): it saves the slow half of
        loading. The caller answers for its being the same content.
        """
        self.normaliser = Normaliser(words)
        self._function_words = {stem(word) for word in self.normaliser.words(" ".join(words.function_words))}
        self._follow_ups = {tuple(self.normaliser.words(phrase)) for phrase in words.follow_ups}
        self._refer_back = {tuple(self.normaliser.words(phrase)) for phrase in words.refer_back}
        self._openers = sorted((self.normaliser.words(phrase) for phrase in words.openers), key=len, reverse=True)
        self._own_deeds = set(self.normaliser.words(" ".join(words.own_deeds)))
        self._pointers = set(self.normaliser.words(" ".join(words.pointers)))
        self._joints = set(self.normaliser.words(" ".join(words.joints)))
        self._question_words = set(self.normaliser.words(" ".join(words.question_words)))
        self._oneself, self._own_case, self._other_people = (
            tuple(" ".join(self.normaliser.words(phrase)) for phrase in phrases)
            for phrases in (words.oneself, words.own_case, words.other_people)
        )
        self._distinct = [set(self.normaliser.words(" ".join(group))) for group in words.distinct]
        self.labels = tuple(phrasings)
        self._is_topic = [not label.startswith(SMALL_TALK) for label in self.labels]
        self._wider = tuple((part_of or {}).get(label, label) for label in self.labels)
        self._families = _families(self._wider)
        self._texts = tuple(text for texts in phrasings.values() for text in texts)
        self._small_phrases = {
            tuple(self.normaliser.words(text))
            for label, texts in phrasings.items()
            if label.startswith(SMALL_TALK) and label != OUT_OF_SCOPE
            for text in texts
        }
        owners = [at for at, texts in enumerate(phrasings.values()) for _ in texts]
        self._owner: Ints = np.array(owners, dtype=np.int64)
        if fitted is None:
            fitted = self._fit(words)
        self.fitted = fitted
        self._index = _Index(fitted.index)
        self._vocabulary = frozenset(fitted.vocabulary.split())
        self._repairable = Spellings(word for word in self._vocabulary if len(word) > 3)
        self._repair = lru_cache(maxsize=WORDS_KEPT)(self._meant)

    def _fit(self, words: Words) -> "Fitted":
        """The slow half of loading: read every phrasing and solve for the weights."""
        documents = self._documents()
        vocabulary = {word for document in documents for word in document} | self.normaliser.vocabulary()
        vocabulary |= {word for group in self._distinct for word in group}
        vocabulary |= {word for phrase in (*self._follow_ups, *self._refer_back) for word in phrase}
        vocabulary |= set(self.normaliser.words(" ".join(words.function_words)))
        index = self._whole_index(documents)
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        landmarks, weights, calibration = _fit(index, self._owner, self._wider, self.labels, lengths)
        kept = restricted(index, landmarks)
        return Fitted(
            " ".join(sorted(vocabulary)),
            replace(kept, meanings=np.zeros((0, WIDTH), dtype=np.float32)),
            landmarks,
            np.ascontiguousarray(weights.T) * np.float32(1 - index.meaning_share),
            forms_of(kept.meanings, weights) * np.float32(index.meaning_share),
            calibration,
        )

    def _documents(self) -> list[list[str]]:
        return [self.normaliser.words(text) for text in self._texts]

    def _whole_index(self, documents: Sequence[Sequence[str]]) -> "IndexArrays":
        """All phrasings, of which a large FAQ keeps only the landmarks."""
        meanings = np.stack([meaning(document) for document in documents])
        return build_index(map(self._features, documents), meanings, self._owner, len(self.labels))

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word that the phrasings and word lists use, as normalised."""
        return self._vocabulary

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, text: str) -> Reading:
        """The message as the matcher understands it."""
        repairs: list[tuple[str, str]] = []
        sentences = []
        tried = 0
        for sentence in self.normaliser.sentences(text):
            fixed = []
            for word in sentence:
                unknown = len(word) > 3 and not word.isdigit() and word not in self._vocabulary
                fixed.append(self._repair(word) if unknown and tried < TRIED_AT_MOST else word)
                tried += unknown
            repairs += [(old, new) for old, new in zip(sentence, fixed, strict=True) if old != new]
            sentences.append(tuple(fixed))
        return Reading(tuple(sentences), tuple(repairs))

    def content_stems(self, words: Iterable[str]) -> set[str]:
        """The stems of the words that say something, function words left out."""
        return {stem(word) for word in words} - self._function_words

    def speaks_of_other(self, reading: Reading) -> bool:
        """Whether the message is about somebody else than its writer ("my son", "she"), and not about both.

        Also of both is what the writer does: `i`, soon before one of the `own_deeds`, with nobody else between.
        """
        words = reading.words
        if not contains_any(words, self._other_people) or contains_any(words, self._own_case):
            return False
        begins = (at for at, word in enumerate(words) if word == "i")
        return not any(self._does(words[at + 1 : at + 1 + DEED_WITHIN]) for at in begins)

    def _does(self, words: Sequence[str]) -> bool:
        deed = next((at for at, word in enumerate(words) if word in self._own_deeds), None)
        return deed is not None and not contains_any(words[:deed], self._other_people)

    def speaks_of_oneself(self, reading: Reading) -> bool:
        """Whether the message says something of its writer ("i feel", "my legs")."""
        return contains_any(reading.words, self._oneself)

    def goes_on(self, words: Sequence[str]) -> bool:
        """Whether words of a reading begin as a continuation ("and", "what about")."""
        return len(self._without_opener(words)) < len(words)

    def points(self, words: Sequence[str]) -> bool:
        """Whether words of a reading point at what was said before ("it", "that")."""
        return not self._pointers.isdisjoint(words)

    def _meant(self, word: str) -> str:
        """The FAQ's word that an unknown word was meant to be, or the word itself."""
        return unstretched(word, self._vocabulary) or self._nearest_word(word)

    def _nearest_word(self, word: str) -> str:
        edits = int((1 - REPAIR_SIMILARITY) * len(word) / REPAIR_SIMILARITY)
        found = process.extract(
            word,
            self._repairable.near(word, edits),
            scorer=OSA.normalized_similarity,
            score_cutoff=REPAIR_SIMILARITY,
            limit=2,
        )
        if not found:
            return word
        best, score = found[0][:2]
        for group in self._distinct:
            rivals = [w for w in group if w != best] if best in group else []
            if any(OSA.normalized_similarity(word, rival) > score - DISTINCT_GAP for rival in rivals):
                return word
        return str(best)

    def _features(self, words: Sequence[str]) -> list[str]:
        """The features of some words; the first character is the feature's family."""
        stems = [stem(word) for word in words]
        features = ["s" + one for one in stems]
        features += [f"p{one} {two}" for one, two in zip(["^", *stems], [*stems, "$"], strict=True)]
        features += ["c" + name for name in self.normaliser.concepts(stems)]
        for word, one in zip(words, stems, strict=True):
            if one not in self._function_words:
                features += _grams(word)
        return features

    # --- scoring ---------------------------------------------------------------------------------------------------

    def _score(self, words: Sequence[str], repaired: Sequence[str] = ()) -> Floats:
        """`repaired` are words as they were typed: a repair may be wrong, so they keep a place as unknown words."""
        features = self._features(words)
        features += ["s" + one for one in repaired]
        # Not a product of matrices: above some size that wakes a thread per core, which spins on after each message.
        score: Floats = np.vecdot(self.fitted.dual, _kernel(self._index.cosines(features)))
        meant = turned(meaning(words), self.fitted.index.centre)
        return _together(score + np.vecdot(self.fitted.forms, products(meant)), self._families)

    def scores(self, reading: Reading) -> Floats:
        """One score per label: about 1 for a phrasing of it, about 0 for something else."""
        telling = self._telling(reading.sentences)
        words = [word for sentence in telling for word in sentence]
        whole = self._score(words, [old for old, new in reading.repairs if new in words])
        apart = [sentence for sentence in telling if len(sentence) > 1] if len(telling) > 1 else []
        if not apart:
            return whole
        single = np.array([self._score(sentence) for sentence in apart])
        best = single[:, self._is_topic].max(axis=1, initial=0)
        # Not the best sentence: of a story that is often one of the background (3 points fewer right on long ones).
        mean = single[best >= BACKGROUND * best.max()].mean(axis=0)
        mixed: Floats = (1 - SENTENCE_SHARE) * whole + SENTENCE_SHARE * mean
        return mixed

    def _telling(self, sentences: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
        """The sentences that are compared: of a long story those that ask, from its end, and the end of a run-on."""
        longer, length = sum(len(one) > 1 for one in sentences), sum(map(len, sentences))
        if longer <= SENTENCES_AT_MOST and length <= WORDS_AT_MOST:
            return sentences
        very_long = length >= VERY_LONG
        at_most = SENTENCES_OF_VERY_LONG if very_long else SENTENCES_AT_MOST
        # A stable sort: what asks comes last, and of those what was said last.
        asks = [(len(one) > 1, self.asks(one)) for one in sentences]
        order = sorted(range(len(sentences)), key=asks.__getitem__)
        kept: dict[int, tuple[str, ...]] = {}
        room = WORDS_OF_VERY_LONG if very_long else WORDS_AT_MOST
        for at in reversed(order[-at_most:] if longer >= at_most else order):
            kept[at] = sentences[at][-room:]
            room -= len(sentences[at])
            if room <= 0:
                break
        return [kept[at] for at in sorted(kept)]

    def verdict(self, text: str, before: str = "") -> Verdict:
        """Answer, ask, or say that there is no answer.

        `before` is a label that the person was answered with just now: what leans on it ("and the sweats?") is read
        with it in mind.
        """
        reading = self.read(text)
        verdict = self._beyond_greeting(self._verdict(reading))
        if before in self.labels and self._leans_back(verdict):
            return self._after(reading, before)
        return self._with_second_question(self._asked_in_passing(verdict))

    def _asked_in_passing(self, verdict: Verdict) -> Verdict:
        """The verdict on the last sentence that surely asks something, where the story around it is of nothing known, or
        of the same and not sure."""
        sentences = verdict.reading.sentences
        if isinstance(verdict, Certain) or len(sentences) < 2 or (isinstance(verdict, Unknown) and verdict.follow_up):
            return verdict
        likely = verdict.labels[:1] if isinstance(verdict, Ambiguous) else ()
        for sentence in reversed(sentences[-SENTENCES_AT_MOST:]):
            if len(sentence) > 2 and self.asks(sentence) and not self.points(sentence):
                own = self._verdict(Reading((sentence,), verdict.reading.repairs))
                if not isinstance(own, Certain) or self._small_talk(own) or own.confidence < SURE_AT:
                    continue
                if not likely or own.labels == likely:
                    return replace(own, reading=verdict.reading)
        return verdict

    def _verdict(self, reading: Reading) -> Verdict:
        if all(word.isdigit() for word in reading.words):
            return Unknown(0.0, (), reading)
        scores = self.scores(reading)
        order = np.argsort(-scores, kind="stable")
        best = int(order[0])
        likeliest = [int(at) for at in order if self._is_topic[at]][:RANKED]
        # A part that steps before its wider topic is as likely to be right as that was.
        near = self._confidence(reading, scores[likeliest[0]]) if likeliest else 0.0
        topics = self._part_first(likeliest, scores)
        ranking = tuple((self.labels[at], round(float(scores[at]), 4)) for at in topics)
        confidence = self._confidence(reading, scores[best])
        if self._is_follow_up(reading, float(scores[best])):
            return Unknown(0.0, ranking, reading, follow_up=True)
        if self.labels[best] == OUT_OF_SCOPE:
            if near >= ASK_ANYWAY_AT:
                labels = tuple(self.labels[at] for at in topics[:SUGGESTIONS] if scores[at] > 0)
                return Ambiguous(SUGGEST_AT, ranking, reading, labels)
            return Unknown(0.0 if not ranking else min(0.1, confidence), ranking, reading)
        # "How do i sleep stupid bot" swears, and asks all the same.
        also_asks = self.labels[best] == COMPLAINT and near >= ASK_IN_ANGER_AT and self.asks(reading.words)
        if not self._is_topic[best] and confidence >= ANSWER_AT and not also_asks:
            return Certain(confidence, ranking, reading, (self.labels[best],))
        if not topics:
            return Unknown(confidence, ranking, reading)
        if scores[likeliest[0]] < SMALL_WORDS_AT and self._knows_no_word(reading):
            return Unknown(min(near, SUGGEST_AT), ranking, reading)
        if near >= (ANSWER_AT if len(reading.words) < LONG_FROM else ANSWER_LONG_AT):
            return Certain(near, ranking, reading, (self.labels[topics[0]],))
        if near >= SUGGEST_AT:
            labels = tuple(self.labels[at] for at in topics[:SUGGESTIONS] if scores[at] > 0)
            return Ambiguous(near, ranking, reading, labels)
        return Unknown(near, ranking, reading)

    def _part_first(self, topics: list[int], scores: Floats) -> list[int]:
        """Ranked topics, before a wider one that leads them the best of its parts that is nearly as likely."""
        for at in topics[1:]:
            if self._wider[at] == self.labels[topics[0]] and scores[at] > scores[topics[0]] - PART_LEAD:
                return [at, *(other for other in topics if other != at)]
        return topics

    def _beyond_greeting(self, verdict: Verdict) -> Verdict:
        """The verdict on what follows a greeting ("hello, how long does it take"), where a question follows."""
        if not self._small_talk(verdict):
            return verdict
        words = verdict.reading.words
        ends = [at for at in range(1, len(words)) if words[:at] in self._small_phrases]
        rest = words[ends[-1] :] if ends else ()
        if not self.asks(rest):
            return verdict
        beyond = self._verdict(Reading((rest,), verdict.reading.repairs))
        return verdict if isinstance(beyond, Unknown) else beyond

    def _leans_back(self, verdict: Verdict) -> bool:
        """Whether a message needs the one before it: it says little by itself, or begins as a continuation."""
        words = verdict.reading.words
        if len(words) > FOLLOW_UP_WORDS or self._small_talk(verdict):
            return False
        alone = isinstance(verdict, Unknown) and verdict.follow_up
        return alone or words in self._refer_back or self.goes_on(words)

    def _small_talk(self, verdict: Verdict) -> bool:
        return isinstance(verdict, Certain) and verdict.labels[0].startswith(SMALL_TALK)

    def _without_opener(self, words: Sequence[str]) -> Sequence[str]:
        for opener in self._openers:
            if list(words[: len(opener)]) == opener:
                return words[len(opener) :]
        return words

    def _after(self, reading: Reading, before: str) -> Verdict:
        """The verdict on a message that leans on the topic `before`."""
        words = self._without_opener(reading.words)
        people = {word for phrase in self._other_people for word in phrase.split()}
        says = [word for word in words if stem(word) not in self._function_words and word not in people]
        if not says and reading.words not in self._follow_ups:
            # "what about for my son": the same again, for somebody else.
            return Certain(1.0, ((before, 1.0),), reading, (before,))
        alone = self._verdict(Reading((tuple(words),), reading.repairs)) if words else Unknown(0.0, (), reading)
        refers = reading.words in self._follow_ups or reading.words in self._refer_back
        if isinstance(alone, Certain) and not refers:
            # A new subject by its name ("what about methadone").
            return alone
        name = min((self._texts[at] for at in np.flatnonzero(self._owner == self.labels.index(before))), key=len)
        joined = self._verdict(Reading(((*self.normaliser.words(name), *words),), reading.repairs))
        if isinstance(alone, Unknown):
            return replace(joined, follow_up=True) if isinstance(joined, Unknown) else joined
        return joined if isinstance(joined, Certain) and (refers or joined.labels[0] != before) else alone

    def _with_second_question(self, verdict: Verdict) -> Verdict:
        """Both answers, in order, where a message asks two things and each half is sure of its own."""
        if isinstance(verdict, Unknown) or self._small_talk(verdict) or len(verdict.reading.words) > WORDS_AT_MOST:
            return verdict
        parts = [part for part in self._parts(verdict.reading) if len(part) > 2]
        if not 2 <= len(parts) <= SENTENCES_AT_MOST:
            return verdict
        if verdict.ranking[0][1] >= ONE_QUESTION_AT:
            return verdict
        best = list(dict.fromkeys(self._wider_of(label) for label, _ in verdict.ranking))[:SECOND_QUESTION_RANK]
        found: list[str] = []
        for part in parts:
            if not self.asks(part):
                continue
            half = self._verdict(Reading((part,), verdict.reading.repairs))
            if (
                isinstance(half, Certain)
                and half.confidence >= SECOND_QUESTION_AT
                and self._wider_of(half.labels[0]) in best
                and self._wider_of(half.labels[0]) not in map(self._wider_of, found)
            ):
                found.append(half.labels[0])
        if len(found) != 2:
            return verdict
        return Certain(verdict.confidence, verdict.ranking, verdict.reading, tuple(found))

    def _parts(self, reading: Reading) -> list[tuple[str, ...]]:
        """The sentences, each cut where a joint stands before another question."""
        parts = []
        for sentence in reading.sentences:
            begin = 0
            for at, word in enumerate(sentence[1:-1], start=1):
                if word in self._joints and sentence[at + 1] in self._question_words:
                    parts.append(sentence[begin:at])
                    begin = at + 1
            parts.append(sentence[begin:])
        return parts

    def _wider_of(self, label: str) -> str:
        return self._wider[self.labels.index(label)]

    def asks(self, words: Sequence[str]) -> bool:
        """Whether words of a reading hold one that asks ("how", "can")."""
        return not self._question_words.isdisjoint(words)

    def begins_to_ask(self, words: Sequence[str]) -> bool:
        """Whether words of a reading begin, after "and" or "but", with one that asks: "is it", but not "it is"."""
        return self.asks(self._without_opener(words)[:1])

    def explain(self, text: str) -> Explanation:
        """The verdict with the phrasings that led to it."""
        verdict = self.verdict(text)
        features = self._features(verdict.reading.words)
        cosines = self._index.cosines(features)
        stems = self.content_stems(verdict.reading.words)
        nearest = []
        landmarks = self.fitted.landmarks
        for label, _ in verdict.ranking[:5]:
            own = np.flatnonzero(self._owner[landmarks] == self.labels.index(label))
            if not len(own):
                continue
            cosine = cosines[own].max()
            at = int(landmarks[own[np.argmax(cosines[own])]])
            shared = [word for word in self.normaliser.words(self._texts[at]) if stem(word) in stems]
            nearest.append((label, self._texts[at], round(float(cosine), 3), tuple(dict.fromkeys(shared))))
        return Explanation(verdict, tuple(nearest))

    def left_out(self) -> list[tuple[str, str, tuple[str, ...], str]]:
        """Each phrasing as (label, text, labels ranked best first, nearest other phrasing) when it alone is left out.

        In closed form (Allen's PRESS, 1974): a residual divided by one minus its own influence. Rarities and vocabulary
        stay as they are, which flatters a little. Seconds for some thousand phrasings: for `check` and tests.
        """
        everything = np.arange(len(self._texts))
        index = self._whole_index(self._documents())
        targets = np.zeros((len(everything), len(self.labels)), dtype=np.float32)
        targets[everything, self._owner] = 1
        solved, diagonal = _solved_with_diagonal(index, targets)
        ridge = targets - solved / diagonal[:, None]
        ridge = np.stack([_together(row, self._families) for row in ridge])
        ranked = np.argsort(-ridge, axis=1)[:, :RANKED]
        nearest = []
        for at, near in enumerate(_Index(index).kernel(everything)):
            near[at] = 0
            nearest.append(self._texts[int(np.argmax(np.where(self._owner == ranked[at][0], near, -1)))])
        return [
            (
                self.labels[int(self._owner[at])],
                self._texts[at],
                tuple(self.labels[int(one)] for one in ranked[at]),
                nearest[at],
            )
            for at in everything
        ]

    def lookalikes(self, cosine: float) -> list[tuple[tuple[str, str], tuple[str, str], float]]:
        """Pairs of phrasings of different labels, as (label, text), that are at least this near to each other."""
        index = _Index(self._whole_index(self._documents()))
        pairs = []
        for at, near in enumerate(index.kernel(np.arange(index.size))):
            others = at + 1 + np.flatnonzero((near[at + 1 :] >= cosine) & (self._owner[at + 1 :] != self._owner[at]))
            pairs += [(self._named(at), self._named(int(other)), float(near[other])) for other in others]
        return pairs

    def _named(self, at: int) -> tuple[str, str]:
        return self.labels[int(self._owner[at])], self._texts[at]

    def _is_follow_up(self, reading: Reading, score: float) -> bool:
        """Whether a message only makes sense after another: a known one, or small words that say little by themselves."""
        words = reading.words
        small = all(stem(word) in self._function_words for word in words)
        return words in self._follow_ups or (small and score < SMALL_WORDS_AT)

    def _knows_no_word(self, reading: Reading) -> bool:
        """Whether the FAQ uses no word of the message: a few letters in common are no likeness."""
        stems = [stem(word) for word in reading.words]
        telling = ["s" + one for one in stems if one not in self._function_words]
        return not self._index.holds_any([*telling, *("c" + name for name in self.normaliser.concepts(stems))])

    def _confidence(self, reading: Reading, score: float) -> float:
        """The probability that a label with this score is right."""
        return self.fitted.calibration.probability(float(score), len(reading.words))


def _families(wider: Sequence[str]) -> Ints:
    """The number of each label's wider label."""
    numbers = {name: at for at, name in enumerate(dict.fromkeys(wider))}
    return np.array([numbers[name] for name in wider], dtype=np.int64)


def _together(scores: Floats, families: Ints) -> Floats:
    """Each label's score and half of what the best one's kin score: parts of a wider topic speak for each other.

    Half a point to a point more questions find their wider topic first, on held-back ones of this FAQ.
    """
    best = np.full(len(scores), -np.inf)
    np.maximum.at(best, families, scores)
    kin = np.bincount(families, scores, minlength=len(scores)) - best
    together: Floats = scores + (KIN_SHARE * kin[families]).astype(np.float32)
    return together


def _kernel(cosines: Floats) -> Floats:
    """How much two phrasings say about each other: the cosine to the power of 1.5.

    1 is linear; 2 (all pairs of features) is a little better on one public set and worse on this FAQ.
    """
    similar: Floats = np.sqrt(cosines)
    similar *= cosines
    return similar


@lru_cache(maxsize=WORDS_KEPT)
def _grams(word: str) -> tuple[str, ...]:
    """The letter trigrams of a word, its ends marked: `^he`, `her`, …, `in$`."""
    marked = f"^{word}$"
    return tuple("g" + marked[at : at + 3] for at in range(len(marked) - 2))


# --- the index -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexArrays:
    """The phrasings as weighted, length-normalised feature vectors, stored feature by feature.

    Feature number i (the i-th line of `features`) stands in the phrasings `rows[starts[i]:starts[i+1]]` with the
    `values` there; `idf` says how rare it is among the topics. `meanings` are unit vectors, a row a phrasing, as seen
    from `centre`; of what was fitted they are left out, `Fitted.forms` holds what they say.
    """

    features: str
    idf: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int32]
    values: Floats
    starts: Ints
    meanings: Floats
    centre: Floats
    meaning_share: float
    """How much of the kernel is likeness in meaning."""
    size: int
    labels: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """All that a Matcher learned from its content: plain arrays and texts, so that they can be kept."""

    vocabulary: str
    index: IndexArrays
    """Of the landmarks alone."""
    landmarks: Ints
    """The phrasings that messages are compared with: all of them, or some of very many."""
    dual: Floats
    """What likeness in words to each landmark adds to each label's score: labels x landmarks."""
    forms: Floats
    """What likeness in meaning to all of them adds: labels x `bot.meaning.PRODUCTS`."""
    calibration: "Calibration"


def build_index(documents: Iterable[Sequence[str]], meanings: Floats, owner: Ints, owners: int) -> IndexArrays:
    """`documents` are lists of features, `meanings` has a row for each; `owner` says which of `owners` labels it is of."""
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    found, lengths = array("q"), array("q")
    for document in documents:
        found.extend(numbers[feature] for feature in document)
        lengths.append(len(document))
    flat = np.array(found)
    size, width = len(lengths), len(numbers)
    row_of_each = np.repeat(np.arange(size), lengths)
    keys, counts = np.unique(flat * size + row_of_each, return_counts=True)
    columns, rows = keys // size, keys % size
    topics_with = np.bincount(np.unique(columns * owners + owner[rows]) // owners, minlength=width)
    idf = np.log((1 + owners) / (1 + topics_with)) + 1
    families = np.array([_FAMILIES.index(feature[0]) for feature in numbers], dtype=np.int64)[columns]
    raw = idf[columns] * (1 + np.log(counts))
    key = rows * len(_FAMILIES) + families
    length = np.sqrt(np.bincount(key, raw**2, minlength=size * len(_FAMILIES)))
    share = np.array(list(FAMILY_WEIGHT.values()))
    total = np.sqrt(((length.reshape(size, -1) > 0) * share**2).sum(axis=1))
    values = (raw / length[key] * share[families] / total[rows]).astype(np.float32)
    starts = np.searchsorted(columns, np.arange(width + 1)).astype(np.int64)
    centre = centre_of(meanings)
    return IndexArrays(
        "\n".join(numbers),
        idf,
        rows.astype(np.int32),
        values,
        starts,
        turned(meanings, centre),
        centre,
        _meaning_share(owner),
        size,
        owners,
    )


def _meaning_share(owner: Ints) -> float:
    """How much of the kernel is likeness in meaning, by how many phrasings half of the labels have."""
    usual = float(np.median(np.unique(owner, return_counts=True)[1])) if len(owner) else 0.0
    few = min(1.0, (FEW_PHRASINGS / max(usual, 1.0)) ** 2)
    return MEANING_SHARE + few * (MEANING_SHARE_OF_FEW - MEANING_SHARE)


def restricted(arrays: IndexArrays, kept: Ints) -> IndexArrays:
    """The same features and rarities, but only these phrasings, in this order."""
    place = np.full(arrays.size, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    there = place[arrays.rows] >= 0
    starts = np.concatenate([[0], np.cumsum(there)])[arrays.starts].astype(np.int64)
    return replace(
        arrays,
        rows=place[arrays.rows[there]],
        values=arrays.values[there],
        starts=starts,
        meanings=arrays.meanings[kept],
        size=len(kept),
    )


class _Index:
    """Looks features up in the arrays."""

    def __init__(self, arrays: IndexArrays) -> None:
        self.size = arrays.size
        self._arrays = arrays
        self._unknown_idf = math.log(1 + arrays.labels) + 1
        self._rows, self._values = arrays.rows, arrays.values
        self._starts: list[int] = arrays.starts.tolist()

    @cached_property
    def _number(self) -> dict[str, int]:
        return {feature: number for number, feature in enumerate(self._arrays.features.split("\n"))}

    @cached_property
    def _idf(self) -> list[float]:
        return list(self._arrays.idf.tolist())

    def holds_any(self, features: Sequence[str]) -> bool:
        """Whether some phrasing has one of these features."""
        return any(feature in self._number for feature in features)

    def vector(self, features: Sequence[str]) -> tuple[list[int], list[float]]:
        """The features as numbers and weights of a vector of length one; what is unknown only takes its share."""
        lengths = dict.fromkeys(_FAMILIES, 0.0)
        known: list[tuple[int, float, str]] = []
        for feature, count in Counter(features).items():
            number = self._number.get(feature)
            idf = self._unknown_idf if number is None else self._idf[number]
            weight = idf * (1 + math.log(count)) if count > 1 else idf
            lengths[feature[0]] += weight * weight
            if number is not None:
                known.append((number, weight, feature[0]))
        total = math.sqrt(sum(FAMILY_WEIGHT[family] ** 2 for family, length in lengths.items() if length))
        scale = {one: FAMILY_WEIGHT[one] / (math.sqrt(length) * total) for one, length in lengths.items() if length}
        return [number for number, _, _ in known], [weight * scale[family] for _, weight, family in known]

    def cosines(self, features: Sequence[str]) -> Floats:
        """How near each phrasing is to these features, 0 to 1."""
        numbers, weights = self.vector(features)
        return self._near(numbers, np.array(weights, dtype=np.float32))

    def _near(self, numbers: Sequence[int], weights: Floats) -> Floats:
        if not numbers:
            return np.zeros(self.size, dtype=np.float32)
        starts = self._starts
        spans = [slice(starts[number], starts[number + 1]) for number in numbers]
        rows = np.concatenate([self._rows[span] for span in spans])
        values = np.concatenate([self._values[span] for span in spans])
        values *= np.repeat(weights, [span.stop - span.start for span in spans])
        return np.bincount(rows, values, minlength=self.size).astype(np.float32)

    def kernel(self, some: Ints) -> Iterator[Floats]:
        """The cosines of each of some phrasings with all of them."""
        feature_of = np.repeat(np.arange(len(self._starts) - 1), np.diff(self._starts))
        wanted = np.zeros(self.size, dtype=np.bool_)
        wanted[some] = True
        there = np.flatnonzero(wanted[self._rows])
        there = there[np.argsort(self._rows[there], kind="stable")]
        begins = np.searchsorted(self._rows[there], np.arange(self.size + 1))
        for at in some:
            own = there[begins[at] : begins[at + 1]]
            row = self._near(feature_of[own].tolist(), self._values[own])
            row[at] = 1.0
            yield row


_FAMILIES = "".join(FAMILY_WEIGHT)


# --- fitting -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probability that an answer is right: a logistic curve over the score (Platt 1999) and the message's length.

    A long message has so much in it that no phrasing has that the same score says more: without the length, 268 held-back
    messages of 40 words and more came out between 0.3 and 0.65, and three in four of them were right.

    The lead over the next topic was a second input once. It told questions of the FAQ from others worse (AUROC 0.71
    instead of 0.78 on a public set with look-alikes) and decided nothing better on this FAQ.
    """

    bias: float
    score: float
    length: float = 0.0
    """What the natural logarithm of the message's number of words adds."""
    longest: float = 1.0
    """Words from which on more of them count no more: few phrasings to learn from are longer."""

    def probability(self, score: float, words: int) -> float:
        """Between 0 and 1."""
        length = math.log(max(1.0, min(words, self.longest)))
        return float(1 / (1 + np.exp(-np.clip(self.bias + self.score * score + self.length * length, -30, 30))))


UNFITTED = Calibration(bias=-3.0, score=9.0)
"""For an FAQ too small to learn from (fewer than three topics, or single phrasings)."""


def _fit(
    index: IndexArrays, owner: Ints, wider: Sequence[str], labels: Sequence[str], lengths: Ints
) -> tuple[Ints, Floats, Calibration]:
    """The landmarks, what each of them adds to each label's score (landmarks x labels), and the calibration.

    `lengths` are the phrasings' in words.

    Up to `EXACT_UP_TO` phrasings all of them carry the solution, beyond `LANDMARKS` of them.
    """
    targets = np.zeros((index.size, len(labels)), dtype=np.float32)
    targets[np.arange(index.size), owner] = 1
    held = _held_out(owner, labels, wider)
    rows = np.concatenate([*held, np.zeros(0, dtype=np.int64)])
    landmarks, solved, influence, residuals = (_exactly if index.size <= EXACT_UP_TO else _nearly)(index, targets, rows)
    samples = []
    begin = 0
    for group in held:
        of_group = slice(begin, begin + len(group))
        begin += len(group)
        left_out = _leave_out(influence[of_group, of_group], residuals[of_group], group, owner, wider, labels)
        samples += [(*sample, int(lengths[at])) for sample, at in zip(left_out, np.repeat(group, 2), strict=True)]
    share = UNANSWERABLE_LEFT if OUT_OF_SCOPE in labels else UNANSWERABLE
    return landmarks, solved, _calibrate(samples, share) if samples else UNFITTED


def _exactly(index: IndexArrays, targets: Floats, rows: Ints) -> tuple[Ints, Floats, Floats, Floats]:
    """All phrasings as landmarks, their weights, and of some `rows` the influence on each other and the residuals.

    The influence matrix is H = K inv(K + rI) = I - r inv(K + rI). With the rows last, their part of the inverse comes
    from their part of the factor alone.
    """
    everything: Ints = np.arange(index.size)
    others = np.setdiff1d(everything, rows, assume_unique=True)
    order = np.concatenate([others, rows])
    solved: Floats
    inverse: Floats
    try:
        strips = _factor(index, order)
        solved = np.empty_like(targets)
        solved[order] = _solve(strips, targets[order])
        corner = _corner(strips, len(others))
        del strips  # hundreds of megabytes
        half = np.linalg.inv(corner)
        inverse = half.T @ half
    except np.linalg.LinAlgError:
        wanted = np.concatenate([targets, np.eye(index.size, dtype=np.float32)[:, rows]], axis=1)
        both = np.linalg.solve(_whole_system(index), wanted).astype(np.float32, copy=False)
        solved, inverse = both[:, : targets.shape[1]], both[rows, targets.shape[1] :]
    influence: Floats = np.identity(len(rows), dtype=np.float32) - np.float32(RIDGE) * inverse
    return everything, solved, influence, np.float32(RIDGE) * solved[rows]


def _nearly(index: IndexArrays, targets: Floats, rows: Ints) -> tuple[Ints, Floats, Floats, Floats]:
    """Evenly spread landmarks, their weights, and of some `rows` the influence on each other and the residuals.

    Nystrom's approximation (Williams & Seeger 2001): time grows with the phrasings and not with their cube.
    """
    landmarks: Ints = np.linspace(0, index.size - 1, LANDMARKS).round().astype(np.int64)
    kernel = _similarities(index, landmarks)
    tried = kernel[:, rows]
    system = kernel @ kernel.T + RIDGE * kernel[:, landmarks]
    system[np.arange(LANDMARKS), np.arange(LANDMARKS)] += 1e-3
    both = np.linalg.solve(system, np.concatenate([kernel @ targets, tried], axis=1)).astype(np.float32, copy=False)
    solved = both[:, : targets.shape[1]]
    return landmarks, solved, tried.T @ both[:, targets.shape[1] :], targets[rows] - tried.T @ solved


def _similarities(index: IndexArrays, some: Ints) -> Floats:
    """How much some phrasings (rows) and all of them (columns) say about each other."""
    kernel: Floats = index.meanings[some] @ index.meanings.T
    kernel *= np.float32(index.meaning_share) * kernel
    for at, row in enumerate(_Index(index).kernel(some)):
        kernel[at] += np.float32(1 - index.meaning_share) * _kernel(row)
    return kernel


def _whole_system(index: IndexArrays) -> Floats:
    """The regression's system K + rI, for what has no factor.

    Thousands of permutations of a few words are such: the power of the cosine makes them no positive definite system.
    """
    everything: Ints = np.arange(index.size)
    system = _similarities(index, everything)
    system[everything, everything] += RIDGE
    return system


def _factor(index: IndexArrays, order: Ints) -> list[Shorts]:
    """The factor L of the regression's system in this order, LL' = K + rI, as strips of `BLOCK` columns.

    A strip begins at its first row on the diagonal. Raises LinAlgError where the system is not positive definite.
    Cholesky's method, strip by strip from the left (Golub & Van Loan, Matrix Computations, 4.2.5), so that the system
    itself is never held. The strips are kept as whole numbers of `UNIT`: a tenth of a gigabyte for ten thousand
    phrasings, and no score of the shipped FAQ changes by more than 0.001.
    """
    strips: list[Shorts] = []
    rest = restricted(index, order)
    while rest.size:
        width = min(BLOCK, rest.size)
        strip = np.ascontiguousarray(_similarities(rest, np.arange(width)).T)
        strip[np.arange(width), np.arange(width)] += RIDGE
        for earlier in strips:
            beside = _read(earlier[-rest.size :])
            strip -= beside @ beside[:width].T
        top = np.linalg.cholesky(strip[:width])
        strip[width:] = strip[width:] @ np.linalg.inv(top).T
        strip[:width] = top
        strips.append(np.rint(strip / UNIT).astype(np.int16))
        rest = restricted(rest, np.arange(width, rest.size))
    return strips


def _read(strip: Shorts) -> Floats:
    return np.multiply(strip, UNIT, dtype=np.float32)


def _top_and_below(strip: Shorts) -> tuple[Floats, Floats]:
    """The triangle on the diagonal, and what stands under it."""
    top, below = np.split(_read(strip), [strip.shape[1]])
    return top, below


def _solve(strips: Sequence[Shorts], wanted: Floats) -> Floats:
    """The solution x of LL'x = wanted."""
    solution = _solve_half(strips, wanted)
    for begin, strip in zip(reversed(range(0, len(wanted), BLOCK)), reversed(strips), strict=True):
        end = begin + strip.shape[1]
        top, below = _top_and_below(strip)
        solution[begin:end] = np.linalg.solve(top.T, solution[begin:end] - below.T @ solution[end:])
    return solution


def _solve_half(strips: Sequence[Shorts], wanted: Floats) -> Floats:
    """The solution x of Lx = wanted. Without the first strips: of what is right of them and below."""
    solution = wanted.copy()
    for begin, strip in zip(range(0, len(wanted), BLOCK), strips, strict=True):
        end = begin + strip.shape[1]
        top, below = _top_and_below(strip)
        solution[begin:end] = np.linalg.solve(top, solution[begin:end])
        solution[end:] -= below @ solution[begin:end]
    return solution


def _solved_with_diagonal(index: IndexArrays, targets: Floats) -> tuple[Floats, Floats]:
    """The regression's weights, and the diagonal of its system's inverse: the squares in each column of inv(L)."""
    try:
        strips = _factor(index, np.arange(index.size))
    except np.linalg.LinAlgError:
        inverse: Floats = np.linalg.inv(_whole_system(index))
        return inverse @ targets, np.diag(inverse)
    squares = []
    for at, strip in enumerate(strips):
        column = _solve_half(strips[at:], np.eye(*strip.shape, dtype=np.float32))
        squares.append((column**2).sum(axis=0))
    return _solve(strips, targets), np.concatenate(squares)


def _corner(strips: Sequence[Shorts], begin: int) -> Floats:
    """The part of the factor from this row and column on."""
    size = len(strips[0])
    corner = np.zeros((size - begin, size - begin), dtype=np.float32)
    for at, strip in enumerate(strips):
        first, end = max(begin, at * BLOCK), at * BLOCK + strip.shape[1]
        if first < end:
            corner[first - begin :, first - begin : end - begin] = _read(
                strip[first - at * BLOCK :, first - at * BLOCK :]
            )
    return corner


def _held_out(owner: Ints, labels: Sequence[str], wider: Sequence[str], topics: int = 8) -> list[Ints]:
    """The phrasings of some topics, spread over the FAQ, to calibrate on; none where all are parts of one topic.

    Without one of those there would be no other for a question to be taken for.
    """
    groups = [np.flatnonzero(owner == at) for at, label in enumerate(labels) if not label.startswith(SMALL_TALK)]
    groups = [group for group in groups if len(group) > 3]
    if len(groups) < 3 or len({wider[int(owner[group[0]])] for group in groups}) == 1:
        return []
    return groups[:: max(1, len(groups) // topics)][:topics]


def _leave_out(
    influence: Floats, residual: Floats, group: Ints, owner: Ints, wider: Sequence[str], labels: Sequence[str]
) -> list[tuple[float, bool]]:
    """(score, right) of one topic's phrasings: each left out alone, and each with the whole topic left out.

    In closed form: leaving the rows B out turns their residuals r_B into `inv(I - H_BB) r_B`, H being the regression's
    influence ("hat") matrix.
    """
    families = _families(wider)
    topics = np.array([not label.startswith(SMALL_TALK) for label in labels])
    right = int(owner[group[0]])
    target = np.zeros_like(residual)
    target[:, right] = 1
    alone = target - residual / (1 - np.diag(influence))[:, None]
    without = target - np.linalg.solve(np.eye(len(group), dtype=np.float32) - influence, residual)
    without = np.where(families == families[right], -1, without)
    pairs = zip(alone, without, strict=True)
    return [_sample(_together(scores, families), families, topics, right) for pair in pairs for scores in pair]


def _sample(scores: Floats, families: Ints, topics: npt.NDArray[np.bool_], right: int) -> tuple[float, bool]:
    best = int(np.argmax(np.where(topics, scores, -np.inf)))
    return float(scores[best]), bool(families[best] == families[right])


def _calibrate(samples: Sequence[tuple[float, bool, int]], unanswerable: float) -> Calibration:
    """Logistic regression by Newton's steps, with a little weight decay so that separable data stay finite.

    Every second sample has its whole topic left out: a question without an answer. They count `unanswerable`.
    """
    table = np.array(samples, dtype=np.float64)
    right = table[:, 1]
    share = np.tile([1.0, unanswerable], len(table) // 2)
    longest = max(1.0, float(np.quantile(table[:, 2], 0.95)))
    lengths = np.log(np.clip(table[:, 2], 1, longest))
    inputs = np.column_stack([np.ones(len(table)), table[:, 0], lengths])
    bias, score, length = _logistic(inputs, right, share, np.array([0.01, 0.01, LENGTH_DECAY]))
    # Downward only where there is nothing to learn from: a known phrasing would be less sure than gibberish.
    return Calibration(float(bias), float(score), float(length), longest) if score > 0 else UNFITTED


def _logistic(inputs: Doubles, right: Doubles, share: Doubles, decay: Doubles) -> Doubles:
    theta = np.zeros(inputs.shape[1])
    for _ in range(25):
        guess = 1 / (1 + np.exp(-np.clip(inputs @ theta, -30, 30)))
        gradient = inputs.T @ (share * (guess - right)) + decay * theta
        curve = (inputs * (share * guess * (1 - guess))[:, None]).T @ inputs + np.diag(decay)
        theta -= np.linalg.solve(curve, gradient)
    return theta


# --- a whole FAQ ---------------------------------------------------------------------------------------------------


def phrasings_of(faq: Faq) -> dict[str, list[str]]:
    """Everything that the matcher learns from: the topics, and the small talk that is no topic."""
    phrasings: dict[str, list[str]] = {}
    for topic in faq.topics:
        phrasings[topic.id] = [*topic.questions, *topic.heard, topic.title, " ".join([topic.title, *topic.keywords])]
    for label in ("greeting", "thanks", "helpline", "complaint", "good_news", "out_of_scope"):
        if examples := getattr(faq.small_talk, label):
            phrasings[SMALL_TALK + label] = list(examples)
    return phrasings


def matcher_for(faq: Faq, fitted: Fitted | None = None) -> Matcher:
    """The matcher of a whole FAQ. `fitted`: see `Matcher`."""
    return Matcher(phrasings_of(faq), faq.words, faq.parts, fitted)
