"""Measures a FAQ on labelled messages, and says which entry steals from which. For editors; never runs in the bot.

Labels are topic ids (of wider topics, or of parts), `A|B` where either is right, or one of the kinds below: OOS (out
of scope), GREETING, THANKS, CALL, HARMFUL (must be declined), NEAR_CRISIS (must not be taken for danger), and CRISIS_…
or the id of an emergency class (must be).
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.content import ContentError, Problem
from bot.conversation import Conversation, Decision
from bot.faq import Faq

OUT_OF_SCOPE = "OOS"
NEAR_CRISIS = "NEAR_CRISIS"
HARMFUL = "HARMFUL"
SMALL_TALK = {"GREETING": "greeting", "THANKS": "thanks", "CALL": "helpline"}
CRISIS = "CRISIS_"


@dataclass(frozen=True, slots=True)
class Message:
    """A message and what it should be taken for."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """A message whose best topic was wrong: what it was, what it was taken for, and the phrasing that drew it there."""

    text: str
    label: str
    taken_for: str
    phrasing: str = ""


@dataclass(slots=True)
class Tally:
    """Counts of one label, or of all topics together."""

    messages: int = 0
    top_1: int = 0
    top_3: int = 0
    answered_right: int = 0
    answered_wrong: int = 0
    asked_right: int = 0
    asked_wrong: int = 0
    unanswered: int = 0
    elsewhere: int = 0
    """Taken for danger, for something to decline, or for small talk."""

    def share(self, count: int) -> float:
        """A count as a share of the messages; 0 where there are none."""
        return count / self.messages if self.messages else 0.0


@dataclass(slots=True)
class Report:
    """What was measured."""

    topics: Tally = field(default_factory=Tally)
    by_label: dict[str, Tally] = field(default_factory=dict)
    confusions: list[Confusion] = field(default_factory=list)
    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per kind of message that is no topic: (as it should be, messages)."""
    reliability: list[tuple[float, int, int]] = field(default_factory=list)
    """Per tenth of confidence: (its lower end, decisions, right ones)."""

    def stolen(self) -> list[tuple[str, str, int]]:
        """(label, what it was taken for, how often), most often first."""
        pairs = Counter((one.label, one.taken_for) for one in self.confusions)
        return [(label, other, count) for (label, other), count in pairs.most_common()]


def read_messages(paths: Iterable[Path], faq: Faq) -> list[Message]:
    """Labelled messages from JSON lines, or a ContentError that lists every wrong line."""
    problems: list[Problem] = []
    messages: list[Message] = []
    known = {topic.id for topic in faq.topics} | {one.id for one in faq.safety.emergencies}
    known |= {OUT_OF_SCOPE, NEAR_CRISIS, HARMFUL, *SMALL_TALK}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "save it as UTF-8"
            problems.append(Problem(str(path), 0, f"cannot be read: {reason}"))
            continue
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                message = Message(str(item["text"]), str(item["label"]))
            except (ValueError, TypeError, KeyError):
                hint = 'write one {"text": "…", "label": "…"} a line'
                problems.append(Problem(str(path), number, f"this is no labelled message: {hint}"))
                continue
            unknown = [one for one in message.label.split("|") if one not in known and not one.startswith(CRISIS)]
            if unknown:
                hint = "a label is a topic's id, OOS, GREETING, THANKS, CALL, HARMFUL, NEAR_CRISIS or CRISIS_…"
                problems.append(Problem(str(path), number, f"unknown label {unknown[0]!r}: {hint}"))
                continue
            messages.append(message)
    if problems:
        raise ContentError(problems, "the labelled messages")
    return messages


def evaluate(
    conversation: Conversation, messages: Sequence[Message], tick: Callable[[], None] = lambda: None
) -> Report:
    """Put every message to the bot. `tick` is called after each."""
    report = Report()
    bins: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    topics = {topic.id for topic in conversation.faq.topics}
    for message in messages:
        decision = conversation.decide(message.text)
        if set(message.label.split("|")) <= topics:
            _count_topic(report, conversation, message, decision, bins)
        else:
            kinds[message.label][0] += _as_it_should(message.label, decision)
            kinds[message.label][1] += 1
        tick()
    report.kinds = {kind: (right, of) for kind, (right, of) in sorted(kinds.items())}
    report.reliability = [(at / 10, of, right) for at, (of, right) in sorted(bins.items())]
    return report


def cross_validate(conversation: Conversation) -> Report:
    """Each phrasing of the FAQ left out in turn, and put to what the others teach."""
    report = Report()
    faq = conversation.faq
    topics = {topic.id for topic in faq.topics}
    for label, text, ranked, nearest in conversation.left_out():
        if label not in topics:
            continue
        wanted = {faq.intent(label)}
        wider = list(dict.fromkeys(faq.intent(one) for one in ranked if one in topics))
        for tally in (report.topics, report.by_label.setdefault(faq.intent(label), Tally())):
            tally.messages += 1
            tally.top_1 += wider[:1] == [faq.intent(label)]
            tally.top_3 += bool(wanted & set(wider[:3]))
        if wider and wider[0] not in wanted:
            report.confusions.append(Confusion(text, faq.intent(label), wider[0], nearest))
    return report


def _count_topic(
    report: Report, conversation: Conversation, message: Message, decision: Decision, bins: dict[int, list[int]]
) -> None:
    faq = conversation.faq
    wanted = {faq.intent(name) for name in message.label.split("|")}
    wider = list(dict.fromkeys(faq.intent(name) for name, _ in decision.ranking))
    given = [faq.intent(name) for name in decision.topics]
    right = bool(given) and (given[0] in wanted if decision.outcome == "answer" else bool(wanted & set(given)))
    for tally in (report.topics, report.by_label.setdefault(message.label, Tally())):
        tally.messages += 1
        tally.top_1 += bool(wider) and wider[0] in wanted
        tally.top_3 += bool(wanted & set(wider[:3]))
        tally.answered_right += decision.outcome == "answer" and right
        tally.answered_wrong += decision.outcome == "answer" and not right
        tally.asked_right += decision.outcome == "suggest" and right
        tally.asked_wrong += decision.outcome == "suggest" and not right
        tally.unanswered += decision.outcome == "unknown"
        tally.elsewhere += decision.outcome not in {"answer", "suggest", "unknown"}
    if decision.ranking:
        counts = bins[min(int(decision.confidence * 10), 9)]
        counts[0] += 1
        counts[1] += wider[0] in wanted
    if wider and wider[0] not in wanted:
        phrasings = {label: phrasing for label, phrasing, _, _ in conversation.explain(message.text).nearest}
        drawn = next((phrasings[name] for name, _ in decision.ranking if name in phrasings), "")
        report.confusions.append(Confusion(message.text, message.label, wider[0], drawn))
    elif not wider and decision.outcome not in {"unknown", "answer"}:
        taken = decision.emergency or decision.outcome
        report.confusions.append(Confusion(message.text, message.label, f"({taken})"))


def _as_it_should(label: str, decision: Decision) -> bool:
    if label in SMALL_TALK:
        return decision.outcome == SMALL_TALK[label]
    if label == HARMFUL:
        return decision.outcome == "refusal"
    if label == NEAR_CRISIS:
        return decision.outcome != "emergency"
    if label == OUT_OF_SCOPE:
        return decision.outcome not in {"answer", "emergency"}
    if label.startswith(CRISIS):
        return decision.outcome == "emergency"
    return decision.emergency == label


def advice(report: Report, limit: int = 10) -> Iterator[str]:
    """What an editor could do about the most frequent confusions."""
    for label, other, count in report.stolen()[:limit]:
        example = next(one for one in report.confusions if (one.label, one.taken_for) == (label, other))
        times = "once" if count == 1 else f"{count} times"
        drawn = f", drawn by its “{example.phrasing}”" if example.phrasing else ""
        yield f"{label} was taken for {other} {times}{drawn}: “{example.text}” → give {label} a wording like it"
