"""One incoming message in, one Turn (what was decided, the reply, the events) out. Pure: no Telegram, no clock, no I/O.

safety      emergency? that reply and nothing else. Doubtful? a one-line check above the normal answer
matching    normalise, score, decide
replies     Certain: the answer. Ambiguous: did you mean. Unknown: what I can answer, and a person to call
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bot.faq import Country, Emergency, Faq, Passage, Step, Topic
from bot.matching import (
    COMPLAINT,
    FOLLOW_UP_WORDS,
    GOOD_NEWS,
    SMALL_TALK,
    SUGGESTIONS,
    Certain,
    Explanation,
    Matcher,
    Unknown,
    Verdict,
    matcher_for,
    phrasings_of,
)
from bot.memory import NOTHING_KNOWN, Memory
from bot.opinion import Opinion
from bot.replies import Event, Rated, Reply, Writer, put
from bot.safety import CLASSIFIER, NOTHING_FOUND, Finding, Gate
from bot.text import contains_any, fold, stem

Outcome = Literal["answer", "suggest", "unknown", "emergency", "refusal", "greeting", "thanks", "helpline"]


@dataclass(frozen=True, slots=True)
class Question:
    """Free text, as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic was picked: a button, or a deep link."""

    topic: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command without its slash, and what stood behind it."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """Whether an answer helped."""

    topic: str
    helpful: bool


@dataclass(frozen=True, slots=True)
class Press:
    """A button that is neither a topic nor a rating: `sources:<topic>`, `theme:<id>`, `topics`, `none`, …"""

    action: str


@dataclass(frozen=True, slots=True)
class Media:
    """Something that is not text: voice, photo, sticker, location."""


Incoming = Question | Choice | Command | Rating | Press | Media


@dataclass(frozen=True, slots=True)
class Decision:
    """What a question was taken for, as `ask --json` prints it."""

    outcome: Outcome
    topics: tuple[str, ...] = ()
    emergency: str | None = None
    caution: bool = False
    confidence: float = 1.0
    ranking: tuple[tuple[str, float], ...] = ()
    finding: Finding = NOTHING_FOUND
    verdict: Verdict | None = None
    talk: str = ""
    """The kind of small talk, where that is all the message says: one of the matcher's labels for it, or VAGUE."""

    @property
    def sure(self) -> bool:
        """Whether this answers a question that even soon after an emergency is surely about something else."""
        return self.outcome == "answer" and self.confidence >= SURELY_ELSE


VAGUE = "/vague"
"""Beside the matcher's small talk: no words ("🤮"), or none that say anything ("ugh")."""
PLACES = {"first": 0, "second": 1, "third": 2, "last": -1}
"""Where among the topics offered a message's choice stands."""
NONE = "none"
"""Beside the places of the topics offered: none of them."""
CALLS = ("/helpline", "/emergency", "/country")
"""Commands that lead to a number to call."""
SURELY_ELSE = 0.8
"""The confidence from which a message soon after an emergency is taken for a question about something else. Of 600 messages
written as the next one in an overdose, 16 found a topic with less, 12 of them a wrong one, and 16 with more: seven rightly,
eight about the overdose itself ("how do i know if he is breathing") and one wrongly."""
ASKS_BESIDES = 6
"""Words from which a message that ends an emergency may ask something besides ("they said hes gone" does not)."""
HAGGLING_WORDS = 8
"""The longest message that soon after a refusal is taken for the same ask once more ("but just roughly", "so 30 or 60?"),
if no topic is clear."""
GOES_ON_WORDS = 10
"""Words up to which a message may ask for a passage of the topic before."""
QUOTED = 2
"""Sentences of the answer above that are said again to a message that has their words."""
TELLING = 12
"""Topics that may use a word for it to point to a sentence: "free" and "name" do, "help" and "take" do not."""
LONG = 25
"""Words from which on a passage must be asked for in a sentence that asks: in a story any word may stand."""
PASSAGES = 2
"""Passages that stand above an answer: it has to fit on a screen with them."""
NEARLY = 2
"""Topics that came next and stand as buttons below an answer that is not sure."""
USUAL = 1_000
"""Wordings of the FAQ whose decisions are kept: many people begin with the same few."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply, the decision behind it (None for buttons and commands), what to count, and what to remember."""

    reply: Reply
    decision: Decision | None = None
    events: tuple[Event, ...] = ()
    memory: Memory | None = None
    """What to remember from now on; None: what was remembered before."""


class Conversation:
    """The whole bot without a screen. Built once; safe to share, as it remembers nothing itself."""

    def __init__(
        self, faq: Faq, *, ratings: bool = False, matcher: Matcher | None = None, second: Opinion | None = None
    ) -> None:
        """`ratings`: whether answers ask if they helped. `matcher`: one that was built for this FAQ already.

        `second` is the safety gate's second opinion; without it the rules stand alone.
        """
        self.faq = faq
        self.writer = Writer(faq, ratings=ratings)
        self._writers = {
            country.id: Writer(faq.narrowed(country), ratings=ratings) for country in faq.helplines.countries
        }
        self._matcher = matcher or matcher_for(faq)
        self._gate = Gate(faq.safety, self._matcher.normaliser, self._matcher.vocabulary, second)
        self._labels = self._exact_labels()
        self._talk = {_plain(text): VAGUE for text in faq.small_talk.vague}
        self._talk |= {_plain(text): COMPLAINT for text in faq.small_talk.complaint}
        self._wordings = {_bare(text) for texts in phrasings_of(faq).values() for text in texts}
        normaliser = self._matcher.normaliser
        self._passages = {
            topic.id: [
                ([" ".join(map(stem, normaliser.words(phrase))) for phrase in passage.words], passage)
                for passage in topic.passages
            ]
            for topic in faq.topics
        }
        self._sentences = {
            topic.id: [
                (self._matcher.content_stems(normaliser.words(line)), line)
                for _, text in topic.texts()
                for line in text.splitlines()
                if line.strip() and not line.endswith("*")
            ]
            for topic in faq.topics
        }
        self._names = set(map(stem, faq.words.names))
        self._spread = Counter(
            word for own in self._sentences.values() for word in set().union(*(words for words, _ in own))
        )
        self._picks = {_plain(text): place for place, texts in faq.texts.picks.items() for text in texts}
        self._titles = {topic.id: list(map(stem, normaliser.words(topic.title))) for topic in faq.topics}
        self._homes = {
            " ".join(normaliser.words(words)): country
            for wording in faq.texts.lives_in
            for words, country in self._in_each_country(wording)
        }
        self._country_words = {normaliser.words(name)[-1] for name, _ in self._in_each_country("{country}")}
        self._declining = [text for text, place in self._picks.items() if place == NONE and " " not in text]
        self._decide_usual = lru_cache(maxsize=USUAL)(self._decide)

    def respond(self, incoming: Incoming, memory: Memory = NOTHING_KNOWN, now: float = 0.0) -> Turn:
        """The turn for any incoming message. Never asks back before help in an emergency.

        `memory` is that of the chat's last turn, where the shell still has it; `now` is the time on the shell's clock,
        in seconds.
        """
        writer = self._writer(memory)
        match incoming:
            case Question(text):
                return self._question(text, memory, now)
            case Choice(topic_id):
                topic = self.faq.topic(topic_id)
                if topic is None:
                    return Turn(writer.stale_button())
                family = memory.for_family(now)
                answer = writer.answer(topic, family=family, asked=memory.asked(topic, now))
                return Turn(answer, memory=memory.answered(topic.id, now, family=family))
            case Command("country", argument):
                return self._country_named(argument, memory, now)
            case Command("start", argument) if self.faq.topic(argument):
                return self.respond(Choice(argument), memory, now)
            case Command(name, argument) if self.is_emergency(f"{name} {argument}"):
                # "/he is not breathing"
                return self._question(f"{name} {argument}", memory, now)
            case Command("helpline"):
                return Turn(writer.helpline(), memory=self._after_numbers(memory, now))
            case Command(name):
                return Turn(self._command(name, writer))
            case Rating(topic_id, helpful):
                topic = self.faq.topic(topic_id)
                if topic is None:
                    return Turn(writer.stale_button())
                return Turn(writer.after_rating(topic), events=(Rated(topic_id, helpful),))
            case Press(action) if action.startswith("country:"):
                return self._country_set(action.removeprefix("country:"), memory, now)
            case Press(action):
                danger = self.faq.safety.emergency(memory.danger(now))
                return Turn(self._press(action, writer, danger), memory=self._pressed(action, memory, now))
            case Media():
                return Turn(writer.media())

    def _writer(self, memory: Memory) -> Writer:
        return self._writers.get(memory.country, self.writer)

    def _country_named(self, name: str, memory: Memory, now: float) -> Turn:
        """The country behind the command, by its id or one of its names; the choice where there is none."""
        wanted = _without_stops(name)
        countries = self.faq.helplines.countries
        found = [one.id for one in countries if wanted in map(_without_stops, (one.id, one.name, *one.also))]
        return self._country_set(found[0], memory, now) if found else Turn(self._writer(memory).countries())

    def _country_set(self, country_id: str, memory: Memory, now: float) -> Turn:
        """Remember a country, or with an empty id forget it. Soon after an emergency its numbers there are the reply."""
        country = self.faq.helplines.country(country_id)
        if country_id and country is None:
            return Turn(self._writer(memory).stale_button())
        memory = replace(memory, country=country_id)
        writer = self._writer(memory)
        danger = self.faq.safety.emergency(memory.danger(now))
        reached = self.faq.safety.step(memory.step)
        return Turn(writer.again(danger, step=reached) if danger else writer.country_set(country), memory=memory)

    def decide(self, text: str, before: str = "") -> Decision:
        """What a question is taken for: danger first, then what must be declined, then the best match.

        `before` is the topic that was answered just now, for what leans on it ("and the sweats?").
        What is word for word a wording of the FAQ is decided once; nothing else that people write is kept.
        """
        bare = _bare(text)
        return self._decide_usual(bare, before) if bare in self._wordings else self._decide(text, before)

    def _decide(self, text: str, before: str) -> Decision:
        finding = self._gate.check(text)
        if finding.level == "emergency":
            return Decision("emergency", emergency=finding.emergencies[0].id, finding=finding)
        caution = finding.level == "doubtful" or finding.caution is not None
        if finding.refusal:
            return Decision("refusal", caution=caution, finding=finding)
        plain = _plain(text)
        exact = self._labels.get(plain)
        if exact and not exact.startswith(SMALL_TALK):
            return Decision("answer", (exact,), caution=caution, ranking=((exact, 1.0),), finding=finding)
        if exact and exact.split()[0] in CALLS:
            return Decision("helpline", caution=caution, finding=finding)
        talk = self._talk.get(plain, "")
        if talk:
            return Decision("unknown", caution=caution, finding=finding, talk=talk)
        verdict = self._matcher.verdict(text, before)
        outcome: Outcome = "unknown"
        topics: tuple[str, ...] = ()
        if isinstance(verdict, Unknown):
            talk = "" if any(word.isalnum() for word in verdict.reading.words) else VAGUE
        elif isinstance(verdict, Certain) and verdict.labels[0].startswith(SMALL_TALK):
            small: dict[str, Outcome] = {"/greeting": "greeting", "/thanks": "thanks", "/helpline": "helpline"}
            outcome = small.get(verdict.labels[0], "unknown")
            talk = verdict.labels[0]
        elif isinstance(verdict, Certain) or not self._matcher.normaliser.is_other_language(text):
            outcome = "answer" if isinstance(verdict, Certain) else "suggest"
            topics = verdict.labels
        if finding.caution and finding.caution.topic and outcome not in ("answer", "helpline"):
            by_rule = any(hit.owner == finding.caution.id and hit.rule != CLASSIFIER for hit in finding.hits)
            own = finding.caution.topic
            if by_rule:
                outcome, topics, talk = "answer", (own,), ""
            elif outcome in ("suggest", "unknown") and not talk:
                outcome, topics = "suggest", tuple(dict.fromkeys((own, *topics)))[:SUGGESTIONS]
        return Decision(
            outcome,
            topics,
            caution=caution,
            confidence=round(verdict.confidence, 4),
            ranking=verdict.ranking,
            finding=finding,
            verdict=verdict,
            talk=talk,
        )

    def cannot_wait(self, incoming: Incoming) -> bool:
        """Whether this asks for a number to call, or is danger: it is answered in a flood of messages, too, and first."""
        match incoming:
            case Command(name, argument):
                return f"/{name}" in CALLS or self.is_emergency(f"{name} {argument}")
            case Question(text):
                command = self._quick_command(text)
                return (command is not None and f"/{command.name}" in CALLS) or self.is_emergency(text)
            case _:
                return False

    def warm_up(self) -> None:
        """Do now what the first messages would else wait for; for a process that answers many."""
        self._gate.warm_up()

    def is_emergency(self, text: str) -> bool:
        """Whether the gate takes a text for danger now."""
        return self._gate.check(text).level == "emergency"

    def left_out(self) -> list[tuple[str, str, tuple[str, ...], str]]:
        """See `Matcher.left_out`."""
        return self._matcher.left_out()

    def explain(self, text: str) -> Explanation:
        """Which phrasings a message was near to, whatever the gate says of it."""
        return self._matcher.explain(text)

    # --- questions ---------------------------------------------------------------------------------------------------

    def _question(self, text: str, memory: Memory, now: float) -> Turn:
        danger = self.faq.safety.emergency(memory.danger(now))
        command = self._quick_command(text)
        if command and command.name != "country" and danger and f"/{command.name}" in CALLS:
            # "911", soon after an emergency's steps: those, and not the choice of emergencies.
            found = Decision("emergency", emergency=danger.id)
            return self._alarm(danger, found, text, memory, now, self.faq.safety.step(memory.step))
        if command and not self.is_emergency(text):
            return self.respond(command, memory, now)
        country = self._lives_in(text)
        # What was chosen stands: who says "my flat was there, now i live in spain" may mean either.
        if country and not memory.country:
            memory = replace(memory, country=country.id)
            turn = self._answered(text, danger, memory, now)
            turn = replace(turn, memory=turn.memory or memory)
            # Nothing stands above what to do in an emergency; its numbers are that country's.
            calm = danger is None and turn.decision is not None and turn.decision.outcome != "emergency"
            return replace(turn, reply=self._writer(memory).in_country(turn.reply, country)) if calm else turn
        return self._answered(text, danger, memory, now)

    def _answered(self, text: str, danger: Emergency | None, memory: Memory, now: float) -> Turn:
        """The turn for free text that is no command."""
        before = memory.recent(now)
        decision = self._instead(self.decide(text, before), before)
        decision = self._grown_worse(decision, text, (*memory.lately(now), *memory.clued(now)))
        turn = self._decided(decision, danger, text, memory, now)
        clues = decision.finding.clues
        turn = replace(turn, memory=(turn.memory or memory).noticed(clues, now)) if clues else turn
        alarm = turn.decision.emergency if turn.decision and turn.decision.outcome == "emergency" else None
        if alarm and self._matcher.normaliser.is_other_language(text):
            reply = self._writer(memory).for_other_language(turn.reply, self.faq.safety.emergency(alarm))
            return replace(turn, reply=reply)
        return turn

    def _lives_in(self, text: str) -> Country | None:
        """The country that a message says its writer is in, or None."""
        normaliser = self._matcher.normaliser
        if self._country_words.isdisjoint(normaliser.words(text)):
            return None
        clauses = list(itertools.chain.from_iterable(normaliser.clauses(text)))
        homes = self._homes.items()
        said = (country for clause in clauses for phrase, country in homes if contains_any(clause, [phrase]))
        return self.faq.helplines.country(next(said, None))

    def _decided(self, decision: Decision, danger: Emergency | None, text: str, memory: Memory, now: float) -> Turn:
        """The turn for a message that was taken for this, soon after this danger or in a calm chat."""
        if danger:
            return self._in_danger(decision, danger, text, memory, now)
        if alarm := self.faq.safety.emergency(decision.emergency or ""):
            return self._alarm(alarm, decision, text, memory, now)
        return self._calm(decision, text, memory, now)

    def _calm(self, decision: Decision, text: str, memory: Memory, now: float) -> Turn:
        """The turn for what is no emergency."""
        writer = self._writer(memory)
        before = memory.recent(now)
        declined = memory.declined(now)
        decision = self._goes_on(decision, text, memory.lately(now), may_quote=not declined)
        decision = self._still_declined(decision, text, declined)
        pick = self._pick(decision, text, memory.choices(now))
        if pick == NONE:
            return Turn(replace(writer.none_of_these(), edits=False), decision, memory=memory.offering((), now))
        if pick:
            decision = replace(decision, outcome="answer", topics=(pick,), confidence=1.0, talk="")
            chosen = self.respond(Choice(pick), memory, now)
            return replace(chosen, decision=decision)
        refusal = declined if decision.outcome == "unknown" else ""
        if decision.outcome == "refusal" and decision.finding.refusal:
            refusal = decision.finding.refusal.id
        answered = decision.topics[0] if decision.outcome == "answer" else ""
        if decision.outcome == "helpline":
            answered = self.faq.helplines.topic
        # Where a safety line asks something, too, a "yes" may be the answer to that.
        offered = decision.topics if decision.outcome == "suggest" and not decision.caution else ()
        asked = self._asked(decision, text, before) if offered else []
        wanted = tuple(
            (topic.id, topic.passages.index(passage))
            for topic in self.faq.named(offered)
            for passage in asked
            if passage in topic.passages
        )
        family = bool(decision.topics) and self._for_family(text, memory, now)
        repeated = self.faq.topic(answered) if decision.topics == (before,) and answered else None
        if repeated and not (repeated.for_family and family != memory.family):
            asked = self._asked(decision, text, before)
            quoted = [] if asked else self._quoted(repeated, self._matcher.read(text).words, family=family)
            reply = writer.repeated(repeated, notice=_notice(decision, writer), asked=asked, quoted=quoted)
        else:
            reply = self._reply(decision, text, writer, before, family=family)
        if before and decision.outcome in ("suggest", "unknown") and not (refusal or decision.talk):
            # Not understood: what was answered before may still be meant by the next message.
            known = replace(memory, family=family) if offered else memory
            return Turn(reply, decision, memory=known.offering(offered, now, wanted))
        memory = memory.answered(answered, now, refusal, family=family and bool(answered or offered))
        return Turn(reply, decision, memory=memory.offering(offered, now, wanted))

    def _pick(self, decision: Decision, text: str, offered: Sequence[str]) -> str:
        """Which of the topics just offered a message chooses, by its place or by a word of its title; NONE of them; or nothing."""
        if not offered or decision.outcome not in ("suggest", "unknown") or decision.finding.level != "none":
            return ""
        place = self._picks.get(_plain(text), "")
        if place == NONE:
            return NONE
        if place:
            return offered[PLACES[place]] if PLACES[place] < len(offered) else ""
        verdict = decision.verdict
        named = self._matcher.content_stems(verdict.reading.words) if verdict else set()
        declines = verdict is not None and contains_any(verdict.reading.words, self._declining)
        # The content may have been read anew since, without one of them.
        found = [one for one in offered if named and not declines and named <= set(self._titles.get(one, ()))]
        return found[0] if len(found) == 1 else ""

    def _alarm(
        self, danger: Emergency, decision: Decision, text: str, memory: Memory, now: float, reached: Step | None = None
    ) -> Turn:
        """The turn for an emergency: met anew, or written on about, where it had come to the step `reached`."""
        writer = self._writer(memory)
        found = decision.finding.emergencies
        if danger not in found:
            topics = self.faq.named(decision.topics)
            reply = writer.again(danger, found, topics, reached, memory.repeated)
            # What may ask about something else does not begin the ten minutes anew.
            known = replace(memory, repeated=memory.repeated + 1)
            return Turn(
                reply, decision, memory=known if topics else memory.met(danger.id, now, reached, known.repeated)
            )
        said = [one for one in found if any(hit.owner == one.id for hit in decision.finding.hits)]
        step = self._gate.at_once(text, danger) if said == [danger] else None
        reply = writer.step(step, danger) if step else writer.emergency(*found)
        return Turn(reply, decision, memory=memory.met(danger.id, now, step))

    def _in_danger(self, decision: Decision, danger: Emergency, text: str, memory: Memory, now: float) -> Turn:
        """The turn for what comes soon after an emergency."""
        writer = self._writer(memory)
        reached = self.faq.safety.step(memory.step)
        decision, step = self._still(decision, danger, text, reached)
        if step and step.ends:
            return self._over(step, text, memory, now)
        if step:
            return Turn(writer.step(step, danger), decision, memory=memory.met(danger.id, now, step))
        if alarm := self.faq.safety.emergency(decision.emergency or ""):
            return self._alarm(alarm, decision, text, memory, now, reached)
        turn = self._calm(decision, text, memory, now)
        return replace(turn, reply=writer.reminded(danger, turn.reply, reached, decision.finding.caution))

    def _grown_worse(self, decision: Decision, text: str, before: tuple[str, ...]) -> Decision:
        """The emergencies that a message is only after these topics and clues, and what it was taken for by itself."""
        worse = self._gate.grown_worse(text, before)
        if not worse.emergencies:
            return decision
        finding = decision.finding
        found = {one.id for one in (*finding.emergencies, *worse.emergencies)}
        order = tuple(one for one in self.faq.safety.emergencies if one.id in found)
        if decision.emergency:
            worse = replace(finding, emergencies=order, hits=(*finding.hits, *worse.hits))
        return Decision("emergency", emergency=order[0].id, finding=worse)

    def _instead(self, decision: Decision, before: str) -> Decision:
        """The topic before once more where it stands for what was found now."""
        topic = self.faq.topic(before)
        if topic is None or decision.outcome not in ("answer", "suggest") or decision.topics[0] not in topic.instead_of:
            return decision
        if decision.verdict is None or len(decision.verdict.reading.words) > FOLLOW_UP_WORDS:
            # A title, or a longer message, says itself what it is about ("my daughter is using too, how do i help her").
            return decision
        return replace(decision, outcome="answer", topics=(before,))

    def _goes_on(self, decision: Decision, text: str, lately: Sequence[str], *, may_quote: bool) -> Decision:
        """The newest of the topics before of which a short message asks for a passage ("and on top?").

        What is surely about another topic stays so, unless it leans on the newest: it goes on ("and this one?", asked of a
        test), or is short or says "it", and does not name the other ("how long does it work for"). Without a passage, the
        newest one's sentences may be said again.
        """
        words = self._matcher.read(text).words
        before = self.faq.named(reversed(lately))
        if decision.finding.declined_by_likeness and len(words) <= FOLLOW_UP_WORDS:
            # "Whats the dose", after the answer on naloxone: no rule declines it, and what is written there may be said.
            if not any(self._asked_of(topic, words) for topic in before[:1]):
                return decision
            verdict, finding = self._matcher.verdict(text), replace(decision.finding, refusal=None)
            return replace(decision, outcome="answer", topics=(before[0].id,), finding=finding, verdict=verdict)
        if decision.verdict is None or decision.outcome not in ("answer", "suggest", "unknown"):
            return decision
        if len(words) > GOES_ON_WORDS:
            return decision
        if decision.sure:
            before = [topic for topic in before[:1] if self._leans_on(topic, decision, words)]
        elif decision.outcome == "unknown":
            before = [topic for topic in before if not self._strange(words, topic)]
        asked = next((topic.id for topic in before if self._asked_of(topic, words)), None)
        if asked is None and may_quote and before and len(words) <= FOLLOW_UP_WORDS and decision.outcome != "answer":
            asked = before[0].id if self._quoted(before[0], words, family=False) else None
        return replace(decision, outcome="answer", topics=(asked,), talk="") if asked else decision

    def _leans_on(self, before: Topic, decision: Decision, words: Sequence[str]) -> bool:
        """Whether a message that is taken for another topic may go on about the one before, and does not name it.

        Within a theme "and …" goes on to another topic (from one medicine to the next), else to a detail of the one before.
        """
        if self._matcher.goes_on(words):
            return all(topic.theme != before.theme for topic in self.faq.named(decision.topics))
        if not self._matcher.points(words) and len(words) > FOLLOW_UP_WORDS:
            return False
        stems = [stem(word) for word in words]
        said = {word for phrase in self._phrases_said(before, stems) for word in phrase.split()}
        named = self._matcher.content_stems(words) - (said - self._names)
        if self._strange(words, before):
            return False
        return not any(named & set(self._titles[topic]) for topic in decision.topics)

    def _strange(self, words: Sequence[str], topic: Topic) -> bool:
        """Whether a message has telling words of which the topic says nothing ("how can i help my son", after one on low
        mood that says "help")."""
        asks = {word for phrases, _ in self._passages[topic.id] for phrase in phrases for word in phrase.split()}
        own = asks.union(*(stems for stems, _ in self._sentences[topic.id]))
        # A number tells nothing ("lost 15 lbs").
        telling = {word for word in self._matcher.content_stems(words) if not word.isdigit()}
        return any(self._spread[word] <= TELLING for word in telling - own)

    def _asked(self, decision: Decision, text: str, before: str) -> list[Passage]:
        """The passages of a decision's topics that the message has a word of.

        What a short one leans on counts as said, too: "how long" after the answer on a medicine asks of that medicine.
        """
        if decision.verdict is None:
            return []
        # The verdict's reading of a message that leans on another is not its own.
        reading = self._matcher.read(text)
        words = reading.words
        if len(words) > LONG:
            asking = [sentence for sentence in reading.sentences if self._matcher.asks(sentence)]
            words = tuple(itertools.chain.from_iterable(asking)) or words
        leans = len(words) <= FOLLOW_UP_WORDS and before not in decision.topics
        implied = self._titles.get(before, ()) if leans else ()
        topics = self.faq.named(decision.topics)
        return [passage for topic in topics for passage in self._asked_of(topic, words, implied)]

    def _phrases_said(self, topic: Topic, stems: Sequence[str]) -> list[str]:
        """The words and phrases among these that ask for a passage of the topic."""
        own = [phrase for phrases, _ in self._passages.get(topic.id, ()) for phrase in phrases]
        return [phrase for phrase in own if contains_any(stems, [phrase])]

    def _quoted(self, topic: Topic, words: Sequence[str], *, family: bool) -> list[str]:
        """The sentences of the topic that have the most of a message's telling words, in their order."""
        telling = {word for word in self._matcher.content_stems(words) if self._spread[word] <= TELLING}
        said, other = topic.answer, topic.for_family or ""
        if family and other:
            said, other = other, said
        unsaid = set(other.splitlines()) - set(said.splitlines())
        lines = {line: own for own, line in self._sentences[topic.id] if line not in unsaid}
        shared = [(len(telling & own), line) for line, own in lines.items()]
        most = max((count for count, _ in shared), default=0)
        return [line for count, line in shared if count == most][:QUOTED] if most else []

    def _asked_of(self, topic: Topic, words: Sequence[str], implied: Sequence[str] = ()) -> list[Passage]:
        stems = [*implied, *map(stem, words)]
        found = [passage for phrases, passage in self._passages.get(topic.id, ()) if contains_any(stems, phrases)]
        return found[:PASSAGES]

    def _for_family(self, text: str, memory: Memory, now: float) -> bool:
        """Whether a message is about somebody else: it says so, or goes on after one that did and names nobody."""
        if self._of_another(text):
            return True
        return memory.for_family(now) and not self._matcher.speaks_of_oneself(self._matcher.read(text))

    def _still_declined(self, decision: Decision, text: str, before: str) -> Decision:
        """What is unclear and short soon after a refusal is the same ask once more, and gets the same refusal."""
        refusal = self.faq.safety.refusal(before)
        verdict = decision.verdict
        if refusal is None or verdict is None:
            return decision
        unclear = decision.outcome in ("suggest", "unknown") and not isinstance(verdict, Certain)
        stays = refusal.stays and decision.outcome == "answer" and not self._asks(decision, text)
        if not (unclear or stays) or not 0 < len(verdict.reading.words) <= HAGGLING_WORDS:
            return decision
        return replace(decision, outcome="refusal", topics=(), finding=replace(decision.finding, refusal=refusal))

    def _over(self, step: Step, text: str, memory: Memory, now: float) -> Turn:
        """It is over, or never was: that is said, above the answer where the message has a question, too."""
        writer = self._writer(memory)
        reply = writer.step(step)
        decision = self.decide(text)
        topic, family = step.topic or "", False
        verdict = decision.verdict
        long = verdict is None or len(verdict.reading.words) >= ASKS_BESIDES
        lines = [writer.caution(decision.finding.caution)] if long and decision.finding.caution else []
        if decision.sure and long and self._asks(decision, text):
            topic = decision.topics[0]
            family = self._for_family(text, memory, now)
            answer = self._reply(decision, text, writer, family=family)
            reply = replace(answer, notice="\n".join([reply.text, *lines]))
        else:
            reply = replace(reply, text="\n".join([reply.text, *lines]))
            decision = replace(decision, outcome="unknown", topics=(), emergency=None)
        return Turn(reply, decision, memory=_ended(step, memory, now, topic, family=family))

    def _still(
        self, decision: Decision, danger: Emergency, text: str, reached: Step | None
    ) -> tuple[Decision, Step | None]:
        """What a message means that comes soon after an emergency, and the step it asks for: that this is not over.

        `reached` is the step that it had come to before.

        A question that is surely about something else is answered, below a word of the emergency; what may be one has
        its topic one tap away. What the second opinion alone takes for another danger may well be this one ("its not
        working"), and counts where it is more pressing or firm. A less pressing danger does not end a more pressing one
        ("i dont want an ambulance"), unless it is one that counts at its first sign (`early`: a child's comes before a
        grown-up's illness). That it was none is believed only of a message without any danger.
        """
        finding = decision.finding
        order = self.faq.safety.emergencies
        first = finding.emergencies[0] if finding.emergencies else danger
        by_rule = any(hit.rule != CLASSIFIER for hit in finding.hits)
        pressing = first.firm or order.index(first) < order.index(danger) or (first.early and not danger.early)
        if first != danger and by_rule and pressing:
            both = tuple(dict.fromkeys((first, *finding.emergencies, danger)))
            return replace(decision, finding=replace(finding, emergencies=both)), None
        come_to = self._gate.follow_up(text, danger, reached)
        about = self.faq.topic(reached.topic or "") if reached else None
        asks_about = about and decision.verdict and self._asked_of(about, self._matcher.read(text).words)
        if (
            about
            and asks_about
            and come_to in (None, reached)
            and not finding.emergencies
            and self._asks(decision, text)
        ):
            # "Will they take my kids", with the crew there; "how long do i watch him", once that step was told.
            return replace(decision, outcome="answer", topics=(about.id,), caution=True, talk=""), None
        believed = not finding.emergencies or (reached is not None and reached.in_hands)
        if reached and isinstance(come_to, Step) and come_to.id in reached.instead_of and not self._of_another(text):
            return Decision("emergency", emergency=danger.id), None
        if isinstance(come_to, Step) and (believed or not come_to.ends):
            return Decision("emergency", emergency=danger.id), come_to
        if isinstance(come_to, Emergency):
            both = tuple(dict.fromkeys((come_to, danger)))
            return Decision("emergency", emergency=come_to.id, finding=Finding("emergency", both)), None
        if finding.emergencies:
            at = order.index(danger)
            others = tuple(
                one for one in finding.emergencies if one != danger and (by_rule or one.firm or order.index(one) < at)
            )
            found = (danger, *others) if by_rule else others
            return replace(decision, emergency=danger.id, finding=replace(finding, emergencies=found)), None
        # What asks nothing is about the emergency: "scared", "im home alone", "its a suboxone strip actually".
        if (decision.sure and self._asks(decision, text)) or decision.outcome == "helpline":
            return replace(decision, caution=True), None
        near = decision.outcome == "answer" or (
            reached and decision.outcome == "suggest" and self._asks(decision, text)
        )
        topics = decision.topics if near else ()
        return replace(decision, outcome="emergency", emergency=danger.id, topics=topics), None

    def _of_another(self, text: str) -> bool:
        return self._matcher.speaks_of_other(self._matcher.read(text))

    def _asks(self, decision: Decision, text: str) -> bool:
        """Whether a message asks for something, and is no mere statement."""
        verdict = decision.verdict
        return verdict is None or "?" in text or self._matcher.begins_to_ask(verdict.reading.words)

    def _reply(self, decision: Decision, text: str, writer: Writer, before: str = "", *, family: bool = False) -> Reply:
        """What is said where no emergency stands first. `before` is the topic that a short message leans on."""
        asked = self._asked(decision, text, before)
        notice = _notice(decision, writer)
        topics = self.faq.named(decision.topics)
        match decision.outcome:
            case "refusal" if decision.finding.refusal:
                return writer.refusal(decision.finding.refusal, notice=notice)
            case "answer":
                nearly = self._nearly(decision)
                return writer.answers(topics, notice=notice, family=family, asked=asked, nearly=nearly)
            case "suggest":
                return writer.suggest(topics, notice=notice, family=family, asked=asked)
            case "greeting":
                return replace(writer.greeting(), notice=notice)
            case "thanks":
                return replace(writer.thanks(), notice=notice)
            case "helpline":
                return replace(writer.helpline(), notice=notice)
            case _ if decision.talk == COMPLAINT:
                return writer.complaint(notice=notice)
            case _ if decision.talk == GOOD_NEWS:
                return writer.good_news(notice=notice)
            case _ if decision.talk == VAGUE:
                return writer.vague(notice=notice)
            case _ if self._matcher.normaliser.is_other_language(text):
                return writer.other_language(notice=notice)
            case _:
                follow_up = isinstance(decision.verdict, Unknown) and decision.verdict.follow_up
                return writer.follow_up(notice=notice) if follow_up else writer.unknown(notice=notice)

    def _nearly(self, decision: Decision) -> list[Topic]:
        """The topics that come next, where the one answered may well not be the one meant."""
        if decision.verdict is None or decision.sure:
            return []
        others = [topic for topic, score in decision.ranking if score > 0 and topic not in decision.topics]
        return self.faq.named(others[:NEARLY])

    def _exact_labels(self) -> dict[str, str]:
        """What the quick-reply buttons send, what is typed in place of a command, and topics by their exact title."""
        labels = {}
        for command, wordings in self.faq.texts.typed.items():
            for wording in wordings:
                for words, country in self._in_each_country(wording):
                    labels[_plain(words)] = f"/{command} {country}"
        labels |= {_plain(topic.title): topic.id for topic in self.faq.topics}
        for row in self.faq.texts.quick_replies:
            for name in row:
                labels[_plain(self.writer.quick_label(name))] = name
        return labels

    def _in_each_country(self, wording: str) -> list[tuple[str, str]]:
        """A wording with each name of each country in its place, and that country's id; or as it is."""
        if "{country}" not in wording:
            return [(wording, "")]
        countries = self.faq.helplines.countries
        return [
            (put(wording, country=name), country.id)
            for country in countries
            for name in (country.id, country.name, *country.also)
            # "can", "us" and "in" are words first.
            if name not in self.faq.words.function_words
        ]

    def _quick_command(self, text: str) -> Command | None:
        name = self._labels.get(_plain(text), "")
        return Command(*name.removeprefix("/").split()) if name.startswith("/") else None

    # --- commands and buttons ----------------------------------------------------------------------------------------

    def _command(self, name: str, writer: Writer) -> Reply:
        replies = {
            "start": writer.start,
            "help": writer.help,
            "emergency": writer.emergency_menu,
            "topics": writer.topics,
            "privacy": writer.privacy,
            "about": writer.about,
        }
        return replies.get(name, writer.unknown_command)()

    def _after_numbers(self, memory: Memory, now: float) -> Memory | None:
        about = self.faq.helplines.topic
        return memory.answered(about, now) if about else None

    def _pressed(self, action: str, memory: Memory, now: float) -> Memory | None:
        """What to remember after a press: the emergency whose button it is, or one of whose steps, until it is over."""
        kind, _, argument = action.partition(":")
        if kind == "emergency" and self.faq.safety.emergency(argument):
            return memory.met(argument, now)
        if action == "none":
            return memory.offering((), now)
        if action == "helpline":
            return self._after_numbers(memory, now)
        step = self.faq.safety.step(argument) if kind == "step" else None
        if step is None:
            return None
        if step.ends:
            return _ended(step, memory, now, step.topic or "")
        owner = next((one.id for one in self.faq.safety.emergencies if step.id in one.steps), "")
        danger = memory.danger(now) or owner
        return memory.met(danger, now, step) if danger else None

    def _press(self, action: str, writer: Writer, danger: Emergency | None) -> Reply:
        kind, _, argument = action.partition(":")
        topic = self.faq.topic(argument)
        if kind == "sources" and topic:
            return writer.sources(topic)
        if kind == "theme" and self.faq.in_theme(argument):
            return writer.theme(argument)
        if kind == "emergency":
            emergency = self.faq.safety.emergency(argument)
            return writer.emergency(emergency) if emergency else writer.emergency_menu()
        if kind == "step":
            step = self.faq.safety.step(argument)
            return writer.step(step, danger) if step else writer.emergency_menu()
        if kind == "call":
            line = writer.line(argument)
            return writer.call_card(line) if line else writer.helpline()
        if action == "countries":
            return writer.countries()
        if action == "topics":
            return writer.topics(edits=True)
        if action == "helpline":
            return writer.helpline()
        if action == "none":
            return writer.none_of_these()
        return writer.stale_button()


def _ended(step: Step, memory: Memory, now: float, topic: str, *, family: bool = False) -> Memory:
    """The memory after a step that ends the emergency, below which this topic was answered."""
    known = replace(memory, emergency="").answered(topic, now, family=family)
    # That it is over may be taken back ("it was true").
    return known if step.for_good else known.noticed([memory.danger(now)], now)


def _without_stops(name: str) -> str:
    return fold(name).replace(".", "").strip()


def _notice(decision: Decision, writer: Writer) -> str:
    """The safety lines that stand above the answer."""
    own = decision.finding.caution
    checked = decision.caution and (own is None or decision.finding.level == "doubtful")
    return "\n".join([*([writer.caution(own)] if own else []), *([writer.soft_check()] if checked else [])])


def _plain(text: str) -> str:
    """A message without what changes nothing: case, accents, and how it ends."""
    bare = _bare(text)
    # "999" is no stretched "99".
    return bare if bare.isdecimal() else _bare(fold(text))


def _bare(text: str) -> str:
    """A message without case and how it ends: less than `_plain`, at a fiftieth of the time."""
    return text.casefold().strip(" ?!.")


def parse_button(data: str) -> Incoming:
    """What a button's data stands for. Unknown data becomes a Press, which answers that the button is stale."""
    kind, _, argument = data.partition(":")
    if kind == "topic":
        return Choice(argument)
    if kind == "rate":
        topic, _, helpful = argument.rpartition(":")
        return Rating(topic, helpful == "1")
    return Press(data)
