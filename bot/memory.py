"""What is known of a chat from before its newest message: a value that each turn takes and gives back. Kept by the shell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.faq import Passage, Step, Topic

Timed = tuple[tuple[str, float], ...]
"""Ids, oldest first, each with its time in seconds."""
FOLLOW_UP_SECONDS = 600.0
EARLIER = 4
"""Topics answered just before that a message may bring to an emergency ("so sleepy", two answers after using again)."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a chat from before: the country it chose, the topic just answered or the kind of ask just declined,
    and the emergency just met, with the step that it has come to.

    The shell keeps it. Until they must be forgotten, for `FOLLOW_UP_SECONDS` of the shell's clock,
    - `topics` count, the last few answered, oldest first, each with its time;
    - `offered`, those that the last reply asked to choose from at `offered_at`, and `wanted`, the places of their passages
      that the message asked for; `family` says whether the newest was asked for somebody else;
    - `refusal`, declined at `declined_at`;
    - `emergency`, met or written on about at `alarmed`, the `step` that it has come to, and how often its reply was
      `repeated`;
    - `clues`, the gate's, and emergencies that were said to be over, each with its time.
    """

    country: str = ""
    topics: Timed = ()
    offered: tuple[str, ...] = ()
    offered_at: float = 0.0
    wanted: tuple[tuple[str, int], ...] = ()
    family: bool = False
    refusal: str = ""
    declined_at: float = 0.0
    emergency: str = ""
    step: str = ""
    repeated: int = 0
    alarmed: float = 0.0
    clues: Timed = ()

    def lately(self, now: float) -> tuple[str, ...]:
        """The topics answered in the time that a message may still lean on, oldest first."""
        return tuple(topic for topic, _ in _fresh(self.topics, now))

    def recent(self, now: float) -> str:
        """The topic that a message may still lean on, or nothing."""
        return next(reversed(self.lately(now)), "")

    def choices(self, now: float) -> tuple[str, ...]:
        """The topics that a message may still choose from, in the order of their buttons."""
        return self.offered if now - self.offered_at <= FOLLOW_UP_SECONDS else ()

    def asked(self, topic: Topic, now: float) -> list[Passage]:
        """The passages of a topic that a message asked for which may still choose it."""
        if not self.choices(now):
            return []
        # The content may have been read anew since.
        return [topic.passages[at] for name, at in self.wanted if name == topic.id and at < len(topic.passages)]

    def for_family(self, now: float) -> bool:
        """Whether the topics that a message may still lean on or choose from were asked for somebody else."""
        return self.family and bool(self.lately(now) or self.choices(now))

    def clued(self, now: float) -> tuple[str, ...]:
        """What was said, harmless by itself, that a message may still make a danger."""
        return tuple(clue for clue, _ in _fresh(self.clues, now))

    def declined(self, now: float) -> str:
        """The kind of ask that a message may still repeat, or nothing."""
        return self.refusal if now - self.declined_at <= FOLLOW_UP_SECONDS else ""

    def danger(self, now: float) -> str:
        """The emergency that a message may still be about, or nothing."""
        return self.emergency if now - self.alarmed <= FOLLOW_UP_SECONDS else ""

    def counts(self, now: float) -> bool:
        """Whether there is anything left that a message may lean on or be about."""
        return bool(self.lately(now) or self.choices(now) or self.declined(now) or self.danger(now) or self.clued(now))

    @property
    def holds(self) -> bool:
        """Whether there is anything but the country in it."""
        return bool(self.topics or self.offered or self.refusal or self.emergency or self.clues)

    def answered(self, topic: str, now: float, refusal: str = "", *, family: bool = False) -> "Memory":
        """The memory after the answer to this topic or this refusal, which a message may ask of the topics before it; with
        empty ids after what nothing can lean on."""
        danger = self.danger(now)
        return replace(
            self,
            topics=(*_fresh(self.topics, now), *([(topic, now)] if topic else []))[-EARLIER:]
            if topic or refusal
            else (),
            offered=(),
            wanted=(),
            family=family,
            refusal=refusal,
            declined_at=now if refusal else 0.0,
            emergency=danger,
            step=self.step if danger else "",
        )

    def offering(self, topics: tuple[str, ...], now: float, wanted: tuple[tuple[str, int], ...] = ()) -> "Memory":
        """The memory after a reply that offered these topics to choose from, or none."""
        return replace(self, offered=topics, offered_at=now if topics else 0.0, wanted=wanted)

    def noticed(self, clues: Iterable[str], now: float) -> "Memory":
        """The memory with these clues beside those that still count; an empty name is none."""
        named = dict.fromkeys(filter(None, clues))
        kept = [one for one in _fresh(self.clues, now) if one[0] not in named]
        return replace(self, clues=(*kept, *((clue, now) for clue in named)))

    def met(self, emergency: str, now: float, step: Step | None = None, repeated: int = 0) -> "Memory":
        """The memory after the reply to this emergency, which has come to this step.

        A step that has no words for what comes after it is not kept.
        """
        step_id = step.id if step and step.again else ""
        return Memory(self.country, emergency=emergency, step=step_id, repeated=repeated, alarmed=now)


NOTHING_KNOWN = Memory()


def _fresh(said: Timed, now: float) -> Timed:
    return tuple(one for one in said if now - one[1] <= FOLLOW_UP_SECONDS)
