"""Recognises the messages that must not wait for a match, and those that must be declined.

The rules are data (`faq/_safety.yaml`); this room only reads their small language:

    word        the word in any ending ("breathe" is also "breathing")
    =word       exactly this form ("=dying")
    one|two     either word
    (a b|c d)   either phrase; phrases may hold whatever a wording may hold
    word?       may be missing, so may (a phrase)?
    <name>      any word or phrase of that list under `words:`
    ..          up to three words in between     ...   up to eight words in between

Beside the rules stands a second opinion for what no rule names ("face like candle wax"): a linear classifier
(`bot.opinion`), fitted on labelled example messages, near misses included. It raises what no rule names, and makes a
rule's match only doubtful where it is sure of the opposite; the guards `safe_now`, `past` and `denies` lower what it alone
raised.
A class that it is sure of stands beside those of the rules.

A wording must be found inside one sentence. A rule may name guards (`unless:`): wordings that show another meaning
(long ago, only asking, not meant so). A guard counts when it stands in the same sentence (those under `clause_guards`:
in the same clause), and never against a word of the list `now`.
"""

import bisect
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.faq import Caution, Emergency, Faq, Refusal, Rule, Ruled, Safety, Step
from bot.opinion import Learned, Opinion, Read, fit
from bot.text import Normaliser, Spellings, spelled, stem, unstretched

T = TypeVar("T")
M = TypeVar("M", Emergency, Refusal, Caution)
Clauses = Sequence[Sequence[Sequence[str]]]
"""A message as `Normaliser.clauses` gives it."""
Meant = Mapping[str, Sequence[Sequence[str]]]
"""What unknown words may have been meant to be, each as the words of a choice, likeliest first."""
Level = Literal["emergency", "doubtful", "none"]

HARMLESS = "none"
"""The label of example messages that are no danger."""

CLASSIFIER = "classifier"
"""Stands for a rule's name where the second opinion raised or added a class, and for a guard's where it lowered."""

# Where on the classifier's scales (about 1 for danger, -1 for none) a message counts. Chosen on held-back messages and
# ordinary questions together; what they come to stands in the README's figures.
RAISE_AT = 0.0
RAISE_EARLY_AT = -0.16
"""For classes marked `early`, where a false alarm is better than a miss."""
NAMED_AT, NAMED_FROM = 0.1, -0.3
"""A class of the second opinion stands beside those of the rules from this class score on, in a message that is at least
so likely a danger. A rule knows a class by one word: "detoxing from rum, convulsing" is a seizure to it, and no word of
alcohol. It brought the right class to some 150 of 3,847 held-back cries, and a wrong one to 5."""
DOUBTFUL_RAISE_AT = 0.2
"""Where a rule knows the wording as doubtful only."""
DOUBT_AT = -0.3
SHORTEST, SHORT = 3, 4
"""Words that the second opinion needs to raise an alarm or to decline by itself ("help" and "where" say too little), and
up to which it must be surer ("hes here now", "30 min ago"): of 182 held-back cries so short 4 fewer were recognised then,
and of 806 others 16 of 19 no longer raised by it."""
SHORT_RAISE_AT = 0.2
SENTENCE_AT, SENTENCE_FROM = 0.4, -0.5
"""What a single sentence must reach, so that danger counts in the middle of a story that as a whole scores low, and
what the story must reach still."""
SENTENCE_WORDS = 4
SURE_AT = 0.2
"""From here on "safe now" and "long ago" lower nothing: they stand beside a danger that is not over."""
REFUSE_AT, ALLOW_AT = -0.34, -0.6
"""Where the second opinion declines by itself, and below which a rule declines nothing: a story that names amounts asks
for none. Below it lay 29 of 38 ordinary messages that a rule declined, and 3 of 135 held-back asks."""
CAUTION_AT = -0.8
"""Where the second opinion puts a caution above the answer by itself: the line does no harm where it is not needed. It
stands above 64 % of 193 held-back messages of people about to use (20 % more get emergency steps), and 20 % of 220
look-alikes."""
GUARD_REACH, CLAUSE_REACH = 20, 7
"""Words on either side of a match in which a guard counts, where somebody writes without full stops or commas."""
PIECE, OVERLAP = 40, 16
"""Words of a ramble that are read at once, and how many of them again with the next: no wording is longer."""
MENDED_AT_MOST = 60
"""Unknown words that are put right in one message; one with more of them is no message but noise."""
SCORED_TWICE = 80
"""Words of a message that the second opinion reads as it stands and put right; in a longer one a misspelling weighs
little, and reading it takes its time."""
LONGEST_RUN = 60
"""Letters of words that were run together ("ithinkimodingidontknowwhattodo"); what is longer is noise."""
OPPOSED_AT, OPPOSED_SHORT_AT = -0.3, -0.5
OPPOSED_REACH, OPPOSED_WORDS = 6, 8
"""A rule's match is only doubtful where the classifier is so sure of the opposite, for the whole message and for the
match with so many words on either side. A sentence of fewer than `OPPOSED_WORDS` says less, so that it must be surer;
the classes marked `firm` are never lowered. When these were chosen, they recognised 93 % of 582 held-back cries and raised
2.9 % of 630 others; one limit of -0.5, none of it for short ones and higher thresholds gave 91 and 4.3 %."""
HARMLESS_AT, HARMLESS_SENTENCE_AT, HARMLESS_WORDS = -0.45, 0.2, 40
"""Below these the message as a whole and the sentence of the match are sure enough to be harmless, whatever stands around
the match: exam questions quote the very words, and long posts tell of overdoses years ago. In a longer run of words
without a full stop the danger may be a small part."""
LOWERING = ("safe_now", "past")
DENYING, DENIED_WORDS = "denies", 11
"""Who says no more than that they won't ("nah im not gonna kill myself") gets the soft check, which asks once more."""
DANGER, DECLINED, CAUTIONED = "/danger", "/declined", "/cautioned"
"""The scales of all classes together; no class can be called so."""


def examples(faq: Faq) -> dict[str, list[str]]:
    """What the second opinion learns from, by label; empty where the content has no examples.

    All that people may ask of this FAQ, and small talk, is no danger.
    """
    if not faq.safety.examples:
        return {}
    messages = {name: list(texts) for name, texts in faq.safety.examples.items()}
    harmless = messages.setdefault(HARMLESS, [])
    for topic in faq.topics:
        harmless += (*topic.questions, *topic.heard)
    talk = faq.small_talk
    harmless += (*talk.greeting, *talk.thanks, *talk.helpline, *talk.out_of_scope)
    return messages


def groups(safety: Safety) -> dict[str, list[str]]:
    """The classes that the second opinion tells apart, by the scale that they have in common."""
    return {
        DANGER: [one.id for one in safety.emergencies],
        DECLINED: [one.id for one in safety.refusals],
        CAUTIONED: [one.id for one in safety.cautions],
    }


def learn(faq: Faq, normaliser: Normaliser) -> Learned:
    """Fit the second opinion; seconds of work for some thousand examples."""
    return fit(examples(faq), groups(faq.safety), normaliser, _kinds(faq.safety, normaliser))


def _kinds(safety: Safety, normaliser: Normaliser) -> dict[str, str]:
    """The word lists' single words, by stem, as `<list>`; of several lists the first."""
    kinds: dict[str, str] = {}
    for name, phrases in safety.words.items():
        single = "|".join(phrase for phrase in phrases if " " not in phrase)
        for option in single.split("|"):
            words = normaliser.words(option)
            if len(words) == 1:
                kinds.setdefault(stem(words[0]), f"<{name}>")
    return kinds


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that fired: its class and name, and the words that made it fire."""

    owner: str
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What the gate says of a message.

    `emergencies` are the classes found, in order of priority. `excused` are hits that a guard lowered, as (hit, guard).
    `caution` is what must stand above the answer, where it is no emergency, and `clues` what a later message may make one.
    """

    level: Level = "none"
    emergencies: tuple[Emergency, ...] = ()
    refusal: Refusal | None = None
    hits: tuple[Hit, ...] = ()
    excused: tuple[tuple[Hit, str], ...] = ()
    caution: Caution | None = None
    clues: tuple[str, ...] = ()

    @property
    def declined_by_likeness(self) -> bool:
        """Whether the second opinion alone takes it for an ask to decline."""
        return self.refusal is not None and not any(
            hit.owner == self.refusal.id and hit.rule != CLASSIFIER for hit in self.hits
        )


NOTHING_FOUND = Finding()


class _Wording:
    """One pattern. Compiled when a sentence first holds a token of each of its `needs`, or all together beforehand.

    `anchors` are the rarest of them.
    """

    __slots__ = ("_compiled", "_source", "anchors", "needs")

    def __init__(self, source: str, needs: Sequence[frozenset[str]]) -> None:
        self._source = source
        self.needs = sorted(needs, key=_commonness)
        self.anchors = _rarest(needs)
        self._compiled: re.Pattern[str] | None = None

    def search(self, sentence: "_Sentence") -> re.Match[str] | None:
        tokens = sentence.tokens
        for need in self.needs:
            if need.isdisjoint(tokens):
                return None
        return self.compiled().search(sentence.marked)

    def compiled(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self._source)
        return self._compiled


class _Sentence:
    """A sentence as `stem/form` tokens, which the patterns read, and as the set of its `stem/` and `/form` halves.

    The stem stands first because nearly all patterns begin with one: a literal that fails at its first letter.
    """

    __slots__ = ("_ends", "clauses", "marked", "tokens", "words")

    def __init__(self, clauses: Sequence[Sequence[str]]) -> None:
        pieces = [" ".join(f"{stem(word)}/{word}" for word in clause) for clause in clauses]
        self.clauses = clauses
        self._ends = list(itertools.accumulate(len(piece) + 1 for piece in pieces))
        self.marked = " ".join(pieces)
        self.words = [word for clause in clauses for word in clause]
        self.tokens = {half for word in set(self.words) for half in (f"/{word}", f"{stem(word)}/")}

    def near(self, found: re.Match[str], reach: int) -> "_Sentence":
        """The sentence, or of a ramble without a full stop only the words around a match."""
        if len(self.words) <= 2 * reach:
            return self
        first = self.marked.count(" ", 0, found.start())
        last = self.marked.count(" ", 0, found.end())
        return _Sentence([self.words[max(0, first - reach) : last + reach]])

    def around(self, found: re.Match[str]) -> "_Sentence":
        """The clauses that hold a match, as a sentence of their own."""
        first = bisect.bisect_right(self._ends, found.start())
        last = bisect.bisect_left(self._ends, found.end())
        return _Sentence(self.clauses[first : last + 1])


@dataclass(frozen=True, slots=True)
class _Owned:
    owner: str
    rule: Rule


class _Book(Generic[T]):
    """Wordings, each with what it stands for, found by the words that a sentence must hold for them."""

    def __init__(self, entries: Iterable[tuple[T, _Wording]]) -> None:
        self._entries = list(entries)
        self._by_token: dict[str, list[int]] = {}
        for number, (_, wording) in enumerate(self._entries):
            for token in wording.anchors:
                self._by_token.setdefault(token, []).append(number)

    def candidates(self, sentence: _Sentence) -> Iterator[tuple[T, _Wording]]:
        """The wordings that may stand in the sentence, in the content's order."""
        numbers: set[int] = set()
        for token in sentence.tokens:
            numbers.update(self._by_token.get(token, ()))
        return (self._entries[number] for number in sorted(numbers))


class Gate:
    """Reads every free-text message before anything else does."""

    def __init__(
        self,
        safety: Safety,
        normaliser: Normaliser,
        known_words: Collection[str] = (),
        second: Opinion | None = None,
    ) -> None:
        """`second` is the opinion fitted by `learn`; the words of its examples are no misspellings of words of danger.

        Without it `known_words` are those words.
        """
        self._second = second
        self._safety = safety
        self._normaliser = normaliser
        self._wordings: list[_Wording] = []
        self._read: dict[str, list[str]] = {}
        self._items: dict[str, tuple[str, frozenset[str]]] = {}
        self._sets = {name: self._alternatives(phrases) for name, phrases in safety.words.items()}
        self._guards = _Book((name, self._compile(say)) for name, says in safety.guards.items() for say in says)
        self._emergencies, self._later = (
            _Book(entry for entry in self._compiled(safety.emergencies) if bool(entry[0].rule.after) == later)
            for later in (False, True)
        )
        self._awaited = {name for one in safety.emergencies for rule in one.rules for name in rule.after}
        self._refusals = _Book(self._compiled(safety.refusals))
        self._steps = _Book(self._compiled(safety.steps))
        self._cautions = _Book(self._compiled(safety.cautions))
        self._clues = _Book(self._compiled(safety.clues))
        again = safety.asked_again
        self._asked_again = _Book((_Owned("", again), self._compile(say)) for say in again.says) if again else _Book(())
        self._subjects = {one.id: [self._compile(f"<{name}>") for name in one.subject] for one in safety.emergencies}
        self._now = self._compile("<now>") if "now" in self._sets else None
        self._firm = {one.id for one in safety.emergencies if one.firm}
        self._firm |= {one.id for one in safety.refusals if one.firm}
        own = self._own_words()
        self._known = own | (second.vocabulary if second else set(known_words))
        # Short shorthand ("rn", "af") would find itself in any word.
        self._parts = self._known | normaliser.contractions | {one for one in normaliser.shorthand if len(one) > 3}
        self._likely_words = frozenset(word for word in own | normaliser.contractions if len(word) > 3)
        self._likely = Spellings(self._likely_words)
        self._by_consonants: dict[str, list[str]] = {}
        for word in sorted(self._likely_words):
            self._by_consonants.setdefault(_consonants(word), []).append(word)

    def warm_up(self) -> None:
        """Compile every wording now, in half a second for the shipped content, so that no message waits for it."""
        for wording in self._wordings:
            wording.compiled()

    def check(self, text: str) -> Finding:
        """The finding for one message. Never raises, whatever the text is."""
        clauses = self._clauses(text)
        meant = self._meant(clauses)
        sentences = list(self._readings(clauses, meant))
        said, scores = self._scored(clauses, meant)
        hits, excused = self._hits(self._emergencies, sentences, scores)
        classes = {hit.owner for hit, soft in hits if not soft}
        # Beside the rules' classes the second opinion may set its own; where they have none, it may raise one.
        raised, doubted = (
            (self._named(scores, classes), None)
            if classes
            else self._feared(said, scores, sentences, known_as_doubtful=bool(hits))
        )
        if classes or raised:
            own = [raised] if raised else []
            classes |= {hit.owner for hit in own}
            found = tuple(one for one in self._safety.emergencies if one.id in classes)
            return Finding("emergency", found, None, (*(hit for hit, _ in hits), *own), tuple(excused))
        declined = None if doubted else self._asked(said, scores)
        # Without the scores: what is no danger may well be an ask to decline.
        refusals, also_excused = self._hits(self._refusals, sentences, {})
        if scores and scores[DECLINED] < ALLOW_AT:
            also_excused += [(hit, CLASSIFIER) for hit, _ in refusals if hit.owner not in self._firm]
            refusals = [(hit, soft) for hit, soft in refusals if hit.owner in self._firm]
        owners = {hit.owner for hit, _ in refusals} or ({declined.owner} if declined else set())
        refusal = next((one for one in self._safety.refusals if one.id in owners), None)
        others = (*(hit for hit, _ in (*hits, *refusals)), *(hit for hit in (doubted, declined) if hit))
        level: Level = "doubtful" if hits or doubted else "none"
        caution, why = self._cautioned(sentences, scores)
        clues = tuple({owned.owner: None for owned in self._said(self._clues, sentences)})
        return Finding(level, (), refusal, (*others, *why), (*excused, *also_excused), caution, clues)

    def follow_up(self, text: str, emergency: Emergency, reached: Step | None = None) -> Emergency | Step | None:
        """What a message soon after this emergency's reply has come to: another emergency, or one of its steps.

        Of several steps the last in the content's order, which is that of a rescue; the emergency itself where it grew
        worse; and what it had `reached`, or else the emergency, where that is asked for once more. The whole message
        counts as one sentence ("he woke up. now he is out again").
        """
        sentences = self._as_one(text)
        worse = self._worse(sentences, [emergency.id])
        here = {emergency.id, *([reached.id] if reached else [])}
        said = [one for one in self._said(self._steps, sentences) if here.intersection(one.rule.after or here)]
        asked = {owned.owner for owned in said} & set(emergency.steps)
        others = (one for one in self._safety.emergencies if one.id in worse and one.id != emergency.id)
        steps = (
            step
            for step in reversed(self._safety.steps)
            # "The doctor says she's ok, she fell asleep": what grew worse is not over.
            if step.id in asked and not (step.ends and emergency.id in worse)
        )
        again = any(self._said(self._asked_again, sentences))
        own = emergency if emergency.id in worse else (reached or emergency) if again else None
        return next(others, None) or next(steps, None) or own

    def grown_worse(self, text: str, before: Collection[str]) -> Finding:
        """What a message has come to soon after these topics' answers ("so sleepy" after using again), after these clues,
        or after these emergencies were said to be over."""
        if self._awaited.isdisjoint(before):
            return NOTHING_FOUND
        worse = self._worse(self._as_one(text), before)
        found = tuple(one for one in self._safety.emergencies if one.id in worse)
        return Finding("emergency", found, None, tuple(worse.values())) if found else NOTHING_FOUND

    def _worse(self, sentences: Sequence[_Sentence], before: Collection[str]) -> dict[str, Hit]:
        """The rules that are read only after one of these emergencies, topics or clues, as hits by their emergency."""
        said = self._said(self._later, sentences)
        return {
            owned.owner: Hit(owned.owner, owned.rule.id, "")
            for owned in said
            if not set(owned.rule.after).isdisjoint(before)
        }

    def at_once(self, text: str, emergency: Emergency) -> Step | None:
        """The step that the message which raised this emergency asks for itself ("he says he'll kill himself")."""
        said = self._said(self._steps, self._as_one(text))
        asked = {owned.owner for owned in said if owned.rule.at_once} & set(emergency.steps)
        return next((step for step in reversed(self._safety.steps) if step.id in asked), None)

    def _as_one(self, text: str) -> Sequence[_Sentence]:
        """The readings of a whole message as one sentence."""
        clauses = [list(itertools.chain.from_iterable(self._clauses(text)))]
        return list(self._readings(clauses, self._meant(clauses)))

    def _named(self, scores: Mapping[str, float], classes: Collection[str]) -> Hit | None:
        """A class beside these that the second opinion is sure of, in a message that is not surely harmless."""
        danger = _likeliest(self._safety.emergencies, scores)
        if danger is None or danger.id in classes or scores[DANGER] < NAMED_FROM or scores[danger.id] < NAMED_AT:
            return None
        return Hit(danger.id, CLASSIFIER, f"class score {scores[danger.id]:.2f}")

    def _cautioned(
        self, sentences: Sequence[_Sentence], scores: Mapping[str, float]
    ) -> tuple[Caution | None, tuple[Hit, ...]]:
        """What may be answered only below a line of its own, by the rules or else the second opinion, and why."""
        said = {owned.owner: owned.rule for owned in self._said(self._cautions, sentences)}
        for one in self._safety.cautions:
            if one.id in said:
                return one, (Hit(one.id, said[one.id].id, ""),)
        likeliest = _likeliest(self._safety.cautions, scores)
        if likeliest is None or scores[CAUTIONED] < CAUTION_AT:
            return None, ()
        return likeliest, (Hit(likeliest.id, CLASSIFIER, f"score {scores[CAUTIONED]:.2f}"),)

    def _asked(self, said: Read, scores: Mapping[str, float]) -> Hit | None:
        """What the second opinion declines."""
        asked = _likeliest(self._safety.refusals, scores)
        if asked is None or scores[DECLINED] < REFUSE_AT or sum(map(len, said)) < SHORTEST:
            return None
        return Hit(asked.id, CLASSIFIER, f"score {scores[DECLINED]:.2f}")

    def _feared(
        self, said: Read, scores: Mapping[str, float], sentences: Sequence[_Sentence], *, known_as_doubtful: bool
    ) -> tuple[Hit | None, Hit | None]:
        """What the second opinion raises, or else doubts.

        Where a rule knows the wording as doubtful, only what it is surer of is raised.
        """
        danger = _likeliest(self._safety.emergencies, scores)
        if danger is None:
            return None, None
        level = scores[DANGER]
        raise_at = DOUBTFUL_RAISE_AT if known_as_doubtful else RAISE_EARLY_AT if danger.early else RAISE_AT
        words = sum(map(len, said))
        if words <= SHORT:
            raise_at = max(raise_at, SHORT_RAISE_AT)
        if self._second and SENTENCE_FROM <= level < raise_at:
            single = self._second.strongest(said, DANGER, SENTENCE_WORDS)
            if single and single[DANGER] >= SENTENCE_AT:
                danger = _likeliest(self._safety.emergencies, single) or danger
                level = single[DANGER]
        if level < DOUBT_AT or all(word.isdigit() for word in itertools.chain.from_iterable(said)):
            return None, None
        hit = Hit(danger.id, CLASSIFIER, f"score {level:.2f}")
        subject = self._subjects[danger.id]
        named = not subject or any(pattern.search(one) for one in sentences for pattern in subject)
        if not named or words < SHORTEST:
            return None, hit
        lowering = {*(LOWERING if level < SURE_AT else ()), *((DENYING,) if words <= DENIED_WORDS else ())}
        lowered = any(
            name in lowering and pattern.search(one)
            for one in sentences
            for name, pattern in self._guards.candidates(one)
        )
        if level >= raise_at:
            return (None, hit) if lowered else (hit, None)
        return None, None if lowered else hit

    def _hits(
        self,
        rules: "_Book[_Owned]",
        sentences: Sequence[_Sentence],
        scores: Mapping[str, float],
    ) -> tuple[list[tuple[Hit, bool]], list[tuple[Hit, str]]]:
        """Rules that fired, each once and with whether it is only doubtful, and matches that a guard excused.

        An excuse holds for one match only.
        """
        hits: dict[tuple[str, str], tuple[Hit, bool]] = {}
        excused: dict[tuple[Hit, str], None] = {}
        for sentence in sentences:
            for owned, pattern in rules.candidates(sentence):
                key = owned.owner, owned.rule.id
                known = hits.get(key)
                found = None if known and (owned.rule.soft or not known[1]) else pattern.search(sentence)
                if found is None:
                    continue
                hit = Hit(owned.owner, owned.rule.id, _unmarked(found.group()))
                guard = self._guard(owned.rule, sentence, found)
                if guard:
                    excused[hit, guard] = None
                    continue
                opposed = not owned.rule.soft and self._opposed(hit.owner, scores, sentence, found)
                if opposed:
                    excused[hit, CLASSIFIER] = None
                if known is None or not opposed:
                    hits[key] = hit, owned.rule.soft or opposed
        return list(hits.values()), list(excused)

    def _said(self, rules: "_Book[_Owned]", sentences: Sequence[_Sentence]) -> Iterator[_Owned]:
        """The rules of which a wording stands there, and no guard beside it."""
        for sentence in sentences:
            for owned, pattern in rules.candidates(sentence):
                found = pattern.search(sentence)
                if found and not self._guard(owned.rule, sentence, found):
                    yield owned

    def _opposed(self, owner: str, scores: Mapping[str, float], sentence: _Sentence, found: re.Match[str]) -> bool:
        """Whether the second opinion is sure that a match is no danger."""
        if self._second is None or not scores or owner in self._firm:
            return False
        short = len(sentence.words) < OPPOSED_WORDS
        limit = OPPOSED_SHORT_AT if short else OPPOSED_AT
        if scores[DANGER] >= limit:
            return False
        if self._now and self._now.search(sentence):
            return False
        if scores[DANGER] < HARMLESS_AT and len(sentence.words) <= HARMLESS_WORDS:
            return self._second.scores([sentence.words])[DANGER] < HARMLESS_SENTENCE_AT
        nearby = sentence.near(found, OPPOSED_REACH)
        return self._second.scores([nearby.words])[DANGER] < limit

    def _guard(self, rule: Rule, sentence: _Sentence, found: re.Match[str]) -> str | None:
        """The guard that excuses this rule in this sentence."""
        if not rule.unless or (self._now and self._now.search(sentence)):
            return None
        clause, nearby = sentence.around(found), sentence.near(found, GUARD_REACH)
        if len(clause.words) > 2 * CLAUSE_REACH:
            clause = sentence.near(found, CLAUSE_REACH)
        for name, pattern in self._guards.candidates(nearby):
            if name in rule.unless and pattern.search(clause if name in self._safety.clause_guards else nearby):
                return name
        return None

    # --- reading ---------------------------------------------------------------------------------------------------

    def _clauses(self, text: str) -> Clauses:
        return [list(map(self._joined, sentence)) for sentence in self._normaliser.clauses(text)]

    def _joined(self, clause: Sequence[str]) -> list[str]:
        """A clause with the words of danger whole again that a space fell into ("bl ood")."""
        words = list(clause[:1])
        for word in clause[1:]:
            whole = words[-1] + word
            if (
                len(whole) > 4
                and whole in self._likely_words
                and not (words[-1] in self._known and word in self._known)
            ):
                words[-1] = whole
            else:
                words.append(word)
        return words

    def _meant(self, clauses: Clauses) -> Meant:
        """For unknown words of a message what each may have been meant to be, likeliest first."""
        words = itertools.chain.from_iterable(itertools.chain.from_iterable(clauses))
        unknown = dict.fromkeys(word for word in words if word not in self._known)
        found = ((word, self._mend(word)) for word in itertools.islice(unknown, MENDED_AT_MOST))
        return {word: options for word, options in found if options}

    def _scored(self, clauses: Clauses, meant: Meant) -> tuple[Read, Mapping[str, float]]:
        """The message as the second opinion finds it more dangerous, as it stands or put right, and its scores."""
        said: Read = [list(itertools.chain.from_iterable(sentence)) for sentence in clauses]
        if self._second is None or not said:
            return said, {}
        scores = self._second.scores(said)
        if meant and sum(map(len, said)) <= SCORED_TWICE:
            right = [_put_right(sentence, meant, 0) for sentence in said]
            again = self._second.scores(right)
            if again[DANGER] > scores[DANGER]:
                return right, again
        return said, scores

    def _readings(self, clauses: Clauses, meant: Meant) -> Iterator[_Sentence]:
        """Each sentence, in clauses, as it stands and, where that differs, with its unknown words put right."""
        read: set[tuple[tuple[str, ...], ...]] = set()
        for sentence in itertools.chain.from_iterable(map(_pieces, clauses)):
            key = tuple(map(tuple, sentence))
            if key in read:
                continue
            read.add(key)
            yield _Sentence(sentence)
            seen = [sentence]
            if all(word not in meant for clause in sentence for word in clause):
                continue
            for choice in (0, -1):
                reading = [_put_right(clause, meant, choice) for clause in sentence]
                if reading not in seen:
                    seen.append(reading)
                    yield _Sentence(reading)

    def _mend(self, word: str) -> Sequence[Sequence[str]]:
        """What an unknown word may have been meant to be, likeliest first; none where nothing is near."""
        if (letters := spelled(word)) != word:
            # At the end of a word a digit is mostly a digit ("m30"): only what is a word then was meant as one.
            meant = self._normaliser.words(letters)
            if all(one in self._known for one in meant):
                return (tuple(meant),)
        if short := unstretched(word, self._known):
            return ((short,),)
        meant = [*self._by_consonants.get(word, ()), *self._near(word)][:2]
        apart = _split(word, self._parts) or ()
        if any(part in self._likely_words for part in apart):
            meant = [*meant[:1], " ".join(apart)]
        return [tuple(self._normaliser.words(one)) for one in meant]

    def _near(self, word: str) -> list[str]:
        """The words of danger and the contractions that an unknown word is likeliest a misspelling of."""
        if len(word) < 4:
            return []
        edits = 2 if len(word) > 7 else 1
        near = self._likely.near(word, edits)
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=edits, limit=5)
        # Of those equally far the longest: letters are left out more often than put in.
        best = sorted(found, key=lambda one: (one[1], -len(one[0])))
        return [str(one) for one, distance, _ in best if distance == best[0][1]]

    # --- compiling -------------------------------------------------------------------------------------------------

    def _compiled(self, members: Sequence[Ruled]) -> Iterator[tuple[_Owned, _Wording]]:
        for member in members:
            for rule in member.rules:
                owned = _Owned(member.id, rule)
                yield from ((owned, self._compile(say)) for say in rule.says)

    def _words(self, text: str) -> list[str]:
        """The words of a piece of a wording; the same few hundred words stand in thousands of places."""
        known = self._read.get(text)
        if known is None:
            known = self._read[text] = self._normaliser.words(text)
        return known

    def _compile(self, say: str) -> _Wording:
        sequence, needs = self._sequence(say)
        wording = _Wording(rf"(?:(?<=\s)|^){sequence}(?=\s|$)", needs)
        self._wordings.append(wording)
        return wording

    def _alternatives(self, phrases: Sequence[str]) -> tuple[str, frozenset[str]]:
        """A word list as one group, and the tokens of which a sentence must hold at least one."""
        return self._choice([self._option(phrase) for phrase in sorted(phrases, key=len, reverse=True)])

    def _option(self, say: str) -> tuple[str, frozenset[str]]:
        pattern, needs = self._sequence(say)
        return pattern, _rarest(needs)

    def _sequence(self, say: str) -> tuple[str, list[frozenset[str]]]:
        """One wording as a regular expression over `stem/form` tokens, and of which tokens it needs one each."""
        pattern, glue = "", ""
        needs: list[frozenset[str]] = []
        for item in _items(say):
            if item in _GAPS:
                glue = _GAPS[item]
                continue
            core, anchors = self._item(item.removesuffix("?"))
            if item.endswith("?"):
                # What may be missing takes its space along.
                pattern += f"(?:{glue}{core})?" if pattern else rf"(?:{core}\s)?"
                continue
            pattern += glue + core
            glue = r"\s"
            needs.append(anchors)
        return pattern, needs

    def _item(self, item: str) -> tuple[str, frozenset[str]]:
        """A word, words to choose from, a phrase group or a list, with the tokens that must be there."""
        known = self._items.get(item)
        if known is None:
            known = self._items[item] = self._new_item(item)
        return known

    def _new_item(self, item: str) -> tuple[str, frozenset[str]]:
        if item.startswith("("):
            return self._choice([self._option(option) for option in _split_top(item[1:-1])])
        parts = []
        exact = False
        for option in item.split("|"):
            if option.startswith("<"):
                parts.append(self._sets[option[1:-1]])
                continue
            # "=is|are": the mark holds for all that follow it.
            exact = exact or option.startswith("=")
            words = self._words(option.removeprefix("="))
            part = r"\s".join(re.escape(stem(w)) + (f"/{re.escape(w)}" if exact else r"/\S+") for w in words)
            parts.append((part, frozenset({f"/{words[0]}" if exact else f"{stem(words[0])}/"})))
        return self._choice(parts)

    @staticmethod
    def _choice(parts: Sequence[tuple[str, frozenset[str]]]) -> tuple[str, frozenset[str]]:
        if len(parts) == 1:
            return parts[0]
        anchors = frozenset[str]().union(*(found for _, found in parts))
        return f"(?:{'|'.join(part for part, _ in parts)})", anchors

    def _own_words(self) -> set[str]:
        safety = self._safety
        says = [
            say for _, members in safety.ruled() for member in members for rule in member.rules for say in rule.says
        ]
        says += [say for group in (safety.words, safety.guards) for phrases in group.values() for say in phrases]
        says += safety.asked_again.says if safety.asked_again else ()
        pieces = {piece for say in says for piece in re.sub(r"<\w+>|[=?|.()]", " ", say).split()}
        return {word for piece in pieces for word in self._words(piece)}


def _likeliest(members: Sequence[M], scores: Mapping[str, float]) -> M | None:
    """The class with the highest score, whatever that is; None where there is no class or no score."""
    return max(members, key=lambda one: scores[one.id], default=None) if scores else None


def _rarest(needs: Sequence[frozenset[str]]) -> frozenset[str]:
    return min(needs, key=_commonness, default=frozenset())


def _commonness(need: frozenset[str]) -> float:
    """How likely a sentence holds one of these tokens, by a rule of thumb: each letter more makes a word rarer."""
    return sum(0.5 ** len(token) for token in need)


_GAPS = {"..": r"\s(?:\S+\s){0,3}?", "...": r"\s(?:\S+\s){0,8}?"}


def _pieces(sentence: Sequence[Sequence[str]]) -> Iterator[Sequence[Sequence[str]]]:
    """A sentence, or of a ramble pieces that overlap; its clauses stay apart."""
    words = [(at, word) for at, clause in enumerate(sentence) for word in clause]
    if len(words) <= PIECE + OVERLAP:
        yield sentence
        return
    for begin in range(0, len(words) - OVERLAP, PIECE - OVERLAP):
        piece = words[begin : begin + PIECE]
        yield [[word for _, word in clause] for _, clause in itertools.groupby(piece, key=lambda one: one[0])]


def _items(say: str) -> list[str]:
    """A wording cut at its spaces, except inside brackets."""
    return _cut(say, " ") if "(" in say else say.split()


def _split_top(group: str) -> list[str]:
    """The options of a bracket, cut at the bars that are not inside another."""
    return _cut(group, "|")


def _cut(text: str, mark: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part]


def _unmarked(marked: str) -> str:
    return " ".join(token.partition("/")[2] for token in marked.split())


def _put_right(words: Sequence[str], meant: Meant, choice: int) -> list[str]:
    """The words, each unknown one as what it may have been meant to be."""
    return [part for word in words for part in (meant[word][choice] if word in meant else (word,))]


def _consonants(word: str) -> str:
    """A word as those write it who leave the vowels out ("brth"): its first letter, and no vowel behind it."""
    return word[0] + "".join(letter for letter in word[1:] if letter not in "aeiou")


def _split(word: str, known: Collection[str]) -> tuple[str, ...] | None:
    """A run-together word as the fewest known words ("notbreathing"), or None. One-letter parts: only `i` and `a`."""
    if len(word) > LONGEST_RUN:
        return None
    best: list[tuple[str, ...] | None] = [(), *([None] * len(word))]
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - 14), end):
            head, part = best[begin], word[begin:end]
            if head is None or (len(part) < 2 and part not in "ia") or part not in known:
                continue
            candidate = best[end]
            # Of as many parts those that begin with a longer one: "hes hitting", not "he shitting".
            if candidate is None or len(head) + 1 <= len(candidate):
                best[end] = (*head, part)
    return best[-1]
