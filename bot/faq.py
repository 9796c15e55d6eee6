"""What the content is: frozen models without I/O. Every other room speaks in these.

The models check what can be said about one value alone (lengths, forms, required fields); what holds between values
(dangling ids, shared phrasings) is checked by `bot.content`, which knows where each value was written.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

TITLE_LIMIT = 30
"""Characters in a topic's title: what two buttons side by side show on a small phone."""

TEXT_LIMIT = 1200
"""Characters in one text of a topic. Answer, folded part, sources and prompt together stay within Telegram's 4,096."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""An id is part of button data (64 bytes at most on Telegram) and of deep links (`A-Za-z0-9_-`)."""


def _plain(text: str) -> str:
    """Refuse what a renderer would have to guess about: raw HTML, Markdown beyond `*bold*` and lists."""
    if found := re.search(r"</?[a-zA-Z][^>]*>|&[a-z]+;", text):
        raise ValueError(f"HTML is not shown as such: remove {found.group()!r}")
    if found := re.search(r"\*\*|__|^#+ |`|\[[^\]]*\]\(", text, re.MULTILINE):
        raise ValueError(f"only *bold* and lists with '- ' are known: remove {found.group()!r}")
    for line in text.splitlines():
        if line.count("*") % 2:
            raise ValueError(f"a *bold* mark is not closed on its line: {line.strip()!r}")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


def _wording(text: str) -> str:
    """Refuse a pattern that could not be read: unbalanced brackets, an empty choice, a broken list name."""
    if text.count("(") != text.count(")"):
        raise ValueError("brackets must come in pairs: (one phrase|another)")
    if text.count("<") != text.count(">") or re.search(r"<(?!\w+>)|(?<!\w)>", text):
        raise ValueError("a list is written <name>, with its closing mark")
    for item in re.split(r"[\s()|]+", re.sub(r"<\w+>", "list", text)):
        if item not in {"", "?", "..", "..."} and not re.search(r"\w", item):
            raise ValueError(f"{item!r} holds no word")
    if re.search(r"\|\||\(\||\|\)|\(\)|\|(\s|$)|(^|\s)\|", text):
        raise ValueError("a choice must not be empty: write word|word without spaces around the bar")
    if not re.search(r"\w", text):
        raise ValueError("it holds no word")
    return text


Wording = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=800), AfterValidator(_wording)
]
"""A pattern of the safety gate, in the language of `bot.safety`."""
Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT), AfterValidator(_plain)
]


class Model(BaseModel):
    """Content never changes while the bot runs, and a misspelled key is an error."""

    # Built when first used, once for all: building each model by itself as well costs a tenth of a second at the start.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Source(Model):
    """Where a statement comes from, as a reader would look it up."""

    title: Line
    organisation: str = ""
    year: int | None = Field(default=None, ge=1950, le=2100)
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]

    @property
    def label(self) -> str:
        """One line: organisation, title and, where the page carries one, the year."""
        name = f"{self.organisation}: {self.title}" if self.organisation else self.title
        return f"{name} ({self.year})" if self.year else name


class Passage(Model):
    """A piece of a topic's details that answers a question of its own.

    It stands first where the message has one of these words or phrases, in any ending; else it is `folded` with the rest.
    """

    words: tuple[Line, ...] = Field(min_length=1)
    says: Prose
    folded: bool = True
    """Whether it stands among the details below the answer, too: what is said there already need not."""


class Topic(Model):
    """One question that people ask, in their many wordings, and its answer.

    `questions[0]` is the canonical question; the others are wordings that the matcher finds even when it has not seen
    them. `heard` are rarer, longer or more oblique wordings, which train the matcher and promise nothing. `danger` is shown in bold under the answer. `for_family` replaces
    `answer` when the question speaks of somebody else. `part_of` names the wider topic that this one is a detail of:
    parts speak for their wider topic, and one that is nearly as likely goes before it.
    """

    id: Id
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)]
    questions: tuple[Line, ...] = Field(min_length=1)
    heard: tuple[Message, ...] = ()
    keywords: tuple[Line, ...] = ()
    answer: Prose
    danger: Prose | None = None
    for_family: Prose | None = None
    more: Prose | None = None
    passages: tuple[Passage, ...] = ()
    sources: tuple[Source, ...] = Field(default=(), max_length=4)
    checked: date | None = None
    reviewed_by: Line | None = None
    related: tuple[Id, ...] = Field(default=(), max_length=3)
    again: Prose | None = None
    """What is said when this was answered just now and is the best answer once more; without it `Texts.repeated`."""
    instead_of: tuple[Id, ...] = ()
    """Topics that right after this one are no answer: who wrote of a death is not told how to help the one who died."""
    part_of: Id | None = None
    theme: str = ""
    """The file's name without its ending; filled in when the content is loaded."""

    def folded(self, without: Collection[Passage] = ()) -> str:
        """What is shown folded below the answer: `more` and the passages, without those that are shown above it."""
        return "\n".join(
            [self.more or "", *(one.says for one in self.passages if one.folded and one not in without)]
        ).strip()

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that is shown, as (field, text)."""
        for field in ("answer", "danger", "for_family", "more", "again"):
            if text := getattr(self, field):
                yield field, text
        for at, passage in enumerate(self.passages):
            yield f"passages[{at}]", passage.says


class Theme(Model):
    """A heading of the `/topics` menu: one topic file."""

    id: str
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)]


class Helpline(Model):
    """A number to call: what it is, when, at what cost, and who says so.

    `number` is written in international form, which phones turn into a link; `letters` is how people know it.
    `verified` is the day on which somebody last called or opened it live, or None while nobody has.
    `placement` marks a commercial line that places callers in treatment: never part of an emergency reply.
    `mark` says how sure the fact sheet is: V its own page was read, V2 a reliable report of it was, E neither yet.
    """

    id: Id
    name: Line
    number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{1,18}$")]
    letters: Line | None = None
    short: Line
    """What stands behind the number in the prompt under each answer."""
    what: Prose
    hours: Line
    cost: Line
    languages: Line
    country: Line
    text: Line | None = None
    source: Source | None = None
    verified: date | None = None
    placement: bool = False
    mark: Literal["V", "V2", "E"] | None = None


class Country(Model):
    """A country that a person may choose, and the numbers that work there.

    `lines` are its own; `shared` names those of the default list that work there too. `instead` says which line stands
    for which of the default list (an emergency's `contacts`, the `prompt`); one that is neither there nor shared is
    left out. `numbers` replaces the texts that stand inside sentences. `also` are other names that people type.
    """

    id: Id
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)]
    also: tuple[str, ...] = ()
    lines: tuple[Helpline, ...] = ()
    shared: tuple[Id, ...] = ()
    instead: dict[Id, Id] = Field(default_factory=dict)
    prompt: tuple[Id, ...] = ()
    numbers: dict[Id, Line] = Field(default_factory=dict)


class Helplines(Model):
    """Every line, which of them stand under each answer, and how a number is written inside a sentence."""

    prompt: tuple[Id, ...] = ()
    topic: str = ""
    """The topic on what happens when one calls: what leans on the numbers ("is it free") is about that."""
    lines: tuple[Helpline, ...] = ()
    numbers: dict[Id, Line] = Field(default_factory=dict)
    """`{name}` in an answer becomes this text, so that no answer carries a number of its own."""
    countries: tuple[Country, ...] = ()
    instead: dict[Id, Id] = Field(default_factory=dict)
    """Filled in by `narrowed`: the line that stands for another in the chosen country."""

    def get(self, helpline_id: str) -> Helpline | None:
        """The line with this id, or the one that stands for it; None where there is neither."""
        wanted = self.instead.get(helpline_id, helpline_id)
        return next((line for line in self.lines if line.id == wanted), None)

    def country(self, country_id: str | None) -> Country | None:
        """The country with this id, or None."""
        return next((country for country in self.countries if country.id == country_id), None)

    def narrowed(self, country: Country) -> "Helplines":
        """Only what works in this country."""
        shared = [line for name in country.shared if (line := self.get(name))]
        return self.model_copy(
            update={
                "prompt": country.prompt,
                "lines": (*country.lines, *shared),
                "numbers": self.numbers | country.numbers,
                "instead": country.instead,
            }
        )

    @property
    def prompted(self) -> tuple[Helpline, ...]:
        """The lines that stand under each answer, in the operator's order."""
        return tuple(line for name in self.prompt if (line := self.get(name)))


class Rule(Model):
    """Wordings that mean one thing, and the guards that may excuse them. See `bot.safety` for the pattern language."""

    id: Id
    says: tuple[Wording, ...] = Field(min_length=1)
    unless: tuple[Id, ...] = ()
    soft: bool = False
    """A soft rule adds the one-line check above the normal answer instead of replacing it."""
    after: tuple[Id, ...] = ()
    """An emergency's rule that is read only soon after the reply to one of these emergencies or topics ("i took something",
    or "so sleepy" after the answer on using again), or after one of these clues; a step's, only in these emergencies or where it has come to one of these steps."""
    at_once: bool = False
    """A step's rule that is read with the message that raised the emergency, too: then the step is the whole reply."""


class Emergency(Model):
    """A class of danger: how it is recognised and what is said, which is the whole reply."""

    id: Id
    title: Line
    reply: Prose
    also: Prose | None = None
    """What is said of this class when a more pressing one fills the screen ("an overdose on purpose")."""
    again: Prose | None = None
    """What comes first of the reply to whatever is written soon after; without it the whole reply comes again."""
    again_later: tuple[Prose, ...] = ()
    """What stands in turn with `again` where more is written: the same words six times over are no company."""
    reminder: Prose | None = None
    """What stands above the answer to a question about something else; without it `again`."""
    other_language: Prose | None = None
    """What stands below its steps where it is told in another language."""
    contacts: tuple[Id, ...] = ()
    steps: tuple[Id, ...] = ()
    early: bool = False
    """In doubt this class is an emergency: a false alarm is better than a miss."""
    firm: bool = False
    """What its rules find stands, however sure the classifier is of the opposite."""
    subject: tuple[Id, ...] = ()
    """Word lists of what this class is about: where none of them is named, the classifier alone may only doubt."""
    rules: tuple[Rule, ...] = ()


class Step(Model):
    """One thing to do in that minute, in big short steps: one tap from an emergency's reply.

    Its rules are read soon after that reply only: they say how this step is asked for, or that it has come to it.
    """

    id: Id
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)]
    text: Prose
    again: Prose | None = None
    """What comes first of the replies after this step, in place of the emergency's own words ("help is on the way")."""
    sources: tuple[Source, ...] = Field(default=(), max_length=4)
    rules: tuple[Rule, ...] = ()
    instead_of: tuple[Id, ...] = ()
    """Steps for somebody else's rescue: where it has come to this one, a message that asks for them is told this again."""
    ends: bool = False
    """Nobody is in danger any more: it is offered after the emergency's first reply, and the emergency is forgotten."""
    topic: Id | None = None
    """The topic that the next messages may lean on: below the emergency's words, or freely where this ends it."""
    for_good: bool = False
    """What this ends nobody takes back: a death."""
    in_hands: bool = False
    """Professionals are there: that it is over is believed then even in words of danger ("he's dead. they stopped")."""
    offered: bool = True
    """Whether it is a button, too; else it is said only to words that ask for it."""


class Refusal(Model):
    """What is asked of the bot that it must not help with, and the nearest topics that it may offer."""

    id: Id
    reply: Prose
    topics: tuple[Id, ...] = ()
    firm: bool = False
    """What its rules find stands, however sure the classifier is of the opposite."""
    stays: bool = False
    """What is said soon after and asks nothing is still about this ("3 days", "she is only anxious")."""
    rules: tuple[Rule, ...] = ()


class Caution(Model):
    """What is no emergency, but is never answered without this line above ("about to use after a break")."""

    id: Id
    line: Prose
    topic: Id | None = None
    """What answers it where nothing else is surely asked, or where only the classifier sees it, is offered first."""
    rules: tuple[Rule, ...] = ()


class Clue(Model):
    """What is no danger by itself, but soon before or after something else ("i saw bugs", "ran out of klonopin").

    Only that it was said is remembered; the rules of an emergency name it under `after`.
    """

    id: Id
    rules: tuple[Rule, ...] = ()


Ruled = Emergency | Step | Refusal | Caution | Clue


class Safety(Model):
    """The gate's data: classes in order of priority, shared word sets, guards, and the one-line soft check.

    `clause_guards` names the guards that count only between the commas around what they excuse.
    `asked_again` is how, soon after any emergency's reply, its steps are asked for once more ("what now").
    """

    words: dict[Id, tuple[Wording, ...]] = Field(default_factory=dict)
    guards: dict[Id, tuple[Wording, ...]] = Field(default_factory=dict)
    clause_guards: tuple[Id, ...] = ()
    asked_again: Rule | None = None
    emergencies: tuple[Emergency, ...] = ()
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    cautions: tuple[Caution, ...] = ()
    clues: tuple[Clue, ...] = ()
    examples: dict[Id, tuple[Message, ...]] = Field(default_factory=dict)
    """Example messages by class, and under `none` the near misses; from `_safety_examples.yaml`."""
    soft_check: Prose | None = None

    def ruled(self) -> Iterator[tuple[str, tuple[Ruled, ...]]]:
        """All that has rules, as (field, members)."""
        yield "emergencies", self.emergencies
        yield "steps", self.steps
        yield "refusals", self.refusals
        yield "cautions", self.cautions
        yield "clues", self.clues

    def emergency(self, emergency_id: str) -> Emergency | None:
        """The class with this id, or None."""
        return next((one for one in self.emergencies if one.id == emergency_id), None)

    def step(self, step_id: str) -> Step | None:
        """The step with this id, or None."""
        return next((one for one in self.steps if one.id == step_id), None)

    def refusal(self, refusal_id: str) -> Refusal | None:
        """The refusal with this id, or None."""
        return next((one for one in self.refusals if one.id == refusal_id), None)


class Words(Model):
    """How people write: what the normaliser and the matcher know about words.

    `contractions` and `shorthand` rewrite single words; `concepts` name the words and phrases that mean the same;
    `distinct` lists words that look alike and must never be repaired into one another; `function_words` carry little
    meaning. `joints` are the words between two questions in one sentence, `question_words` show that a part is one.
    `other_people` show that a message is about somebody else, `oneself` that it is about its writer; `own_case` that it is
    the writer's even where somebody else is named ("my wife wants me to stop").
    `follow_ups` say nothing without the message before, `refer_back` is about the topic before where
    that has an answer to it ("how long does it last"), `openers` begin what leans on it ("what about"). `names` are medicine names that a reading grade should not count as hard words.
    """

    contractions: dict[str, Line] = Field(default_factory=dict)
    shorthand: dict[str, Line] = Field(default_factory=dict)
    concepts: dict[Id, tuple[Line, ...]] = Field(default_factory=dict)
    distinct: tuple[tuple[Line, ...], ...] = ()
    function_words: tuple[Line, ...] = ()
    other_people: tuple[Line, ...] = ()
    oneself: tuple[Line, ...] = ()
    own_case: tuple[Line, ...] = ()
    own_deeds: tuple[Line, ...] = ()
    """Words for what somebody who uses or stops does: soon behind an `i`, they are the writer's own case."""
    follow_ups: tuple[Line, ...] = ()
    refer_back: tuple[Line, ...] = ()
    openers: tuple[Line, ...] = ()
    pointers: tuple[Line, ...] = ()
    """Words that point at what was said before ("that"): a sentence with one of them says little by itself."""
    joints: tuple[Line, ...] = ()
    question_words: tuple[Line, ...] = ()
    names: tuple[Line, ...] = ()
    other_languages: tuple[Line, ...] = ()
    """Small words of languages that the bot does not speak; none of them may be a word of its own."""
    avoid: dict[str, Line] = Field(default_factory=dict)
    """Words that an answer must not use, each with what to say instead."""


class SmallTalk(Model):
    """Messages that are no question to the FAQ: how people greet, thank, ask for a person, complain, tell
    good news, sigh, or ask of something else."""

    greeting: tuple[Line, ...] = ()
    thanks: tuple[Line, ...] = ()
    helpline: tuple[Line, ...] = ()
    complaint: tuple[Line, ...] = ()
    good_news: tuple[Line, ...] = ()
    vague: tuple[Line, ...] = ()
    """What says nothing by itself ("ugh", "idk"): the matcher does not learn from it."""
    out_of_scope: tuple[Line, ...] = ()


class CommandText(Model):
    """A command's line in Telegram's menu, at most 256 characters."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
    description: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Texts(Model):
    """Every sentence and label of the bot itself. `{…}` is filled in where it is used."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    short_description: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    commands: tuple[CommandText, ...]
    quick_replies: tuple[tuple[Line, ...], ...] = ()
    """Rows of the reply keyboard: topic ids, or commands written `/topics`."""
    typed: dict[Literal["helpline", "emergency", "country", "topics", "privacy"], tuple[Line, ...]] = Field(
        default_factory=dict
    )
    """What people send, and nothing else, who want one of these commands; `{country}` stands for each country's names."""
    lives_in: tuple[Line, ...] = ()
    """How people say in passing where they are; `{country}` stands for each country's names. Its numbers are shown then."""
    picks: dict[Literal["first", "second", "third", "last", "none"], tuple[Line, ...]] = Field(default_factory=dict)
    """What people write, and nothing else, to choose from the topics just offered."""
    themes: dict[str, Annotated[str, StringConstraints(min_length=1, max_length=TITLE_LIMIT)]] = Field(
        default_factory=dict
    )
    """Titles of topic files, in the menu's order."""
    input_placeholder: Annotated[str, StringConstraints(min_length=1, max_length=64)]

    start: Prose
    greeting: Prose
    thanks: Prose
    complaint: Prose
    good_news: Prose
    repeated: Prose
    vague: Prose
    help: Prose
    privacy: Prose
    privacy_ratings: Prose
    about: Prose
    unreviewed: Line
    reviewed: Line
    unknown: Prose
    other_language: Prose
    none_of_these: Prose
    suggest: Prose
    follow_up: Prose
    unknown_command: Prose
    stale_button: Prose
    media: Prose
    edited: Prose
    emergency_menu: Prose
    helpline_title: Line
    helpline_intro: Prose
    helpline_row: Prose
    helpline_unverified: Line
    prompt: Prose
    prompt_row: Line
    sources_title: Line
    topics_title: Line
    theme_title: Line
    danger_mark: Line
    rated: Line
    failure: Prose
    slow_down: Prose
    reloaded: Line
    reload_failed: Line

    button_topics: Line
    button_helpline: Line
    button_emergency: Line
    button_sources: Line
    button_helped: Line
    button_not_helped: Line
    button_did_it_help: Line
    button_none: Line
    button_back: Line
    button_more: Line
    button_copy: Line
    button_call: Line
    button_country: Line
    button_elsewhere: Line
    country_question: Prose
    country_chosen: Prose
    country_reset: Prose
    call_card: Prose
    helpline_unsourced: Line

    console_banner: Prose
    console_input: Line
    console_choice: Line
    console_goodbye: Line


class Faq(Model):
    """Everything the bot knows and says, checked and complete."""

    topics: tuple[Topic, ...] = Field(min_length=1)
    themes: tuple[Theme, ...]
    helplines: Helplines
    safety: Safety
    words: Words
    small_talk: SmallTalk
    texts: Texts

    @cached_property
    def _by_id(self) -> dict[str, Topic]:
        return {topic.id: topic for topic in self.topics}

    def topic(self, topic_id: str) -> Topic | None:
        """The topic with this id, or None: buttons of an older version may carry ids that are gone."""
        return self._by_id.get(topic_id)

    def named(self, topic_ids: Iterable[str]) -> list[Topic]:
        """The topics with these ids, in their order; ids that are gone are left out."""
        return [topic for name in topic_ids if (topic := self.topic(name))]

    def in_theme(self, theme_id: str) -> tuple[Topic, ...]:
        """A theme's topics in the order of their file."""
        return tuple(topic for topic in self.topics if topic.theme == theme_id)

    def intent(self, topic_id: str) -> str:
        """The wider topic that this one is part of, or the topic itself."""
        topic = self.topic(topic_id)
        return topic.part_of if topic and topic.part_of else topic_id

    @property
    def parts(self) -> dict[str, str]:
        """The topics that are part of a wider one, each with that one."""
        return {topic.id: topic.part_of for topic in self.topics if topic.part_of}

    def narrowed(self, country: Country) -> "Faq":
        """The same content with the numbers of one country."""
        return self.model_copy(update={"helplines": self.helplines.narrowed(country)})

    def fill(self, text: str) -> str:
        """Put the helplines' numbers in the place of `{emergency}`, `{crisis}` and the like."""
        for name, number in self.helplines.numbers.items():
            text = text.replace("{" + name + "}", number)
        return text

    def prose(self) -> Iterator[tuple[str, str, str]]:
        """Every text of every topic as (topic id, field, text), for reviews of the whole content."""
        for topic in self.topics:
            for field, text in topic.texts():
                yield topic.id, field, text
