"""What the bot can say: Reply, Button, Event, and how an answer, an emergency or a menu is put together.

A Reply is what to say, not how it looks: Telegram and the terminal each render it. Texts carry `*bold*` and `- ` lists,
nothing else. Buttons carry topic ids, so the bot answers a press without remembering the conversation.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.faq import Caution, Country, Emergency, Faq, Helpline, Passage, Refusal, Source, Step, Topic

SUGGESTED = 3
"""Topics offered in a "did you mean": more do not fit on a phone beside the text."""
BESIDES = 4
"""Other topics that stand as buttons below an answer: two rows."""


@dataclass(frozen=True, slots=True)
class Button:
    """Something to tap. Exactly one of `action` (see `Conversation.press`) and `copy` (text for the clipboard) is set."""

    label: str
    action: str = ""
    copy: str = ""


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send.

    Shown in this order: notice, title, text, danger, prompt, details (folded away where that is possible), sources.
    `keyboard` asks for the quick-reply keyboard; `contacts` are sent as contact cards after the message; `edits` means
    that the message with the pressed button is changed instead of a new one sent.
    """

    text: str = ""
    title: str = ""
    notice: str = ""
    danger: str = ""
    prompt: str = ""
    details: str = ""
    sources: tuple[Source, ...] = ()
    rows: Rows = ()
    keyboard: bool = False
    contacts: tuple[Helpline, ...] = ()
    edits: bool = False
    appends: bool = False
    """This is added below the message with the pressed button, which keeps its text."""
    drops: str = ""
    """Buttons whose action begins so are taken off the message with the pressed button."""
    toast: str = ""
    """A word or two shown for a moment over a pressed button."""


@dataclass(frozen=True, slots=True)
class Rated:
    """Somebody said whether a topic's answer helped. Carries nothing about who."""

    topic: str
    helpful: bool


Event = Rated


def spans(line: str) -> list[tuple[str, bool]]:
    """A line as pieces of text, each with whether it is bold."""
    return [(piece, at % 2 == 1) for at, piece in enumerate(line.split("*")) if piece]


def plain(reply: Reply) -> str:
    """The whole reply as plain text, for `ask` and for logs of tests."""
    sources = "\n".join(f"- {source.label}: {source.url}" for source in reply.sources)
    parts = (reply.notice, reply.title, reply.text, reply.danger, reply.prompt, reply.details, sources)
    return "\n\n".join(part.replace("*", "") for part in parts if part)


def put(text: str, **values: str) -> str:
    """The text with `{name}` replaced by each value. Other braces stay as they are, so nothing can fail here."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


class Writer:
    """Puts replies together from the content. Pure: the same Faq gives the same replies."""

    def __init__(self, faq: Faq, *, ratings: bool = False) -> None:
        """`ratings`: whether answers ask if they helped; off when nobody counts."""
        self._faq = faq
        self._texts = faq.texts
        self._ratings = ratings

    # --- answers ---------------------------------------------------------------------------------------------------

    def answer(
        self,
        topic: Topic,
        *,
        notice: str = "",
        family: bool = False,
        asked: Sequence[Passage] = (),
        nearly: Sequence[Topic] = (),
    ) -> Reply:
        """A topic's answer, below those of its passages that were `asked` for.

        `family` chooses the wording for a relative where there is one. `nearly` are the topics that may have been meant
        as well; they are one tap away, before the related ones.
        """
        own = self._passages(topic, asked)
        return Reply(
            notice=notice,
            title=topic.title,
            text="\n\n".join([*own, self._words(topic, family=family)]),
            danger=f"{self._texts.danger_mark} {self._fill(topic.danger)}" if topic.danger else "",
            prompt=self.prompt(public=bool(notice)),
            details=self._fill(topic.folded(asked)),
            rows=self._answer_rows(topic, nearly),
        )

    def answers(
        self,
        topics: Sequence[Topic],
        *,
        notice: str = "",
        family: bool = False,
        asked: Sequence[Passage] = (),
        nearly: Sequence[Topic] = (),
    ) -> Reply:
        """The answers to a message with more than one question, in its order, in one message. `nearly`: see `answer`."""
        first, *others = (
            self.answer(topic, notice=notice, family=family, asked=asked, nearly=nearly) for topic in topics
        )
        if not others:
            return first
        text = "\n\n".join(
            f"*{reply.title}*\n{reply.text}" + (f"\n{reply.danger}" if reply.danger else "")
            for reply in (first, *others)
        )
        rows = tuple((self.topic_button(topic),) for topic in topics)
        return Reply(notice=notice, text=text, prompt=first.prompt, rows=(*rows, self._closing_row()))

    def sources(self, topic: Topic) -> Reply:
        """Where a topic's answer comes from, to stand below it."""
        return Reply(sources=topic.sources, appends=True, drops="sources:")

    def after_rating(self, topic: Topic) -> Reply:
        """A thank-you; the answer stays and the question "did this help" goes."""
        return Reply(drops=f"rate:{topic.id}:", toast=self._texts.rated)

    def _answer_rows(self, topic: Topic, nearly: Sequence[Topic]) -> Rows:
        others = dict.fromkeys((*(other.id for other in nearly), *topic.related))
        buttons = [self.topic_button(other) for other in self._faq.named(others) if other != topic]
        rows = list(_in_rows(buttons[:BESIDES], 2))
        if self._ratings:
            rows.append(
                (
                    Button(f"{self._texts.button_did_it_help} {self._texts.button_helped}", f"rate:{topic.id}:1"),
                    Button(self._texts.button_not_helped, f"rate:{topic.id}:0"),
                )
            )
        sources = (Button(self._texts.button_sources, f"sources:{topic.id}"),) if topic.sources else ()
        rows.append((*sources, *self._closing_row()))
        return tuple(rows)

    def _closing_row(self) -> tuple[Button, ...]:
        return (Button(self._texts.button_helpline, "helpline"),) if self._faq.helplines.lines else ()

    # --- when there is no one answer -----------------------------------------------------------------------------------

    def suggest(
        self, topics: Sequence[Topic], *, notice: str = "", family: bool = False, asked: Sequence[Passage] = ()
    ) -> Reply:
        """ "Did you mean", with at most three topics, the first sentence of each (of what was `asked`), and a way out."""
        offered = topics[:SUGGESTED]
        rows = [(self.topic_button(topic),) for topic in offered]
        says = [next(iter(self._passages(topic, asked)), self._words(topic, family=family)) for topic in offered]
        gists = [f"- *{topic.title}*: {_first_sentence(text)}" for topic, text in zip(offered, says, strict=True)]
        return Reply(
            notice=notice,
            text="\n".join([self._fill(self._texts.suggest), *gists]),
            prompt=self.prompt(public=bool(notice)),
            rows=(*rows, (Button(self._texts.button_none, "none"),)),
        )

    def unknown(self, *, notice: str = "") -> Reply:
        """There is no answer here: topics, and a person to call."""
        return self._way_out(self._texts.unknown, notice=notice)

    def repeated(
        self, topic: Topic, *, notice: str = "", asked: Sequence[Passage] = (), quoted: Iterable[str] = ()
    ) -> Reply:
        """The best answer is the one that stands above already: what was `asked` of it, or the sentences `quoted` from
        it, or else that it does; and a person to call."""
        again = self._fill(topic.again) if topic.again else put(self._fill(self._texts.repeated), title=topic.title)
        said = "\n".join(map(self._fill, quoted))
        text = "\n\n".join(self._passages(topic, asked)) or said or again
        whole = self.answer(topic, notice=notice)
        return replace(whole, title="", text=text, details="", rows=((self.topic_button(topic),), *whole.rows))

    def complaint(self, *, notice: str = "") -> Reply:
        """An answer was no help, or somebody swears at the bot: sorry, another try, and a person to call."""
        return self._way_out(self._texts.complaint, notice=notice)

    def good_news(self, *, notice: str = "") -> Reply:
        """Something went well: glad of it, and what next."""
        return self._way_out(self._texts.good_news, notice=notice)

    def vague(self, *, notice: str = "") -> Reply:
        """The message has no words, or none that say anything: what to do, and the topic buttons."""
        return replace(self._way_out(self._texts.vague, notice=notice), keyboard=True, rows=())

    def other_language(self, *, notice: str = "") -> Reply:
        """The message is in a language that the bot does not speak."""
        return self._way_out(self._texts.other_language, notice=notice)

    def none_of_these(self) -> Reply:
        """No third guess: topics, and a person to call."""
        return replace(self._way_out(self._texts.none_of_these), edits=True)

    def follow_up(self, *, notice: str = "") -> Reply:
        """The message needs a topic that it does not name."""
        return self._way_out(self._texts.follow_up, notice=notice)

    def _way_out(self, text: str, *, notice: str = "") -> Reply:
        row = (Button(self._texts.button_topics, "topics"), *self._closing_row())
        return Reply(notice=notice, text=self._fill(text), prompt=self.prompt(public=bool(notice)), rows=(row,))

    # --- danger --------------------------------------------------------------------------------------------------------

    def emergency(self, *emergencies: Emergency) -> Reply:
        """The emergency steps and nothing else: no prompt, no advertising, no ratings."""
        first, *others = emergencies
        texts = [first.reply, *(other.also or other.reply for other in others)]
        rows = (*self._danger_rows(emergencies, first=True), *self._country_row())
        return Reply(text=self._fill("\n\n".join(texts)), rows=rows)

    def again(
        self,
        emergency: Emergency,
        others: Sequence[Emergency] = (),
        topics: Iterable[Topic] = (),
        step: Step | None = None,
        times: int = 0,
    ) -> Reply:
        """The reply to what is written soon after this emergency's steps and asks for none of them.

        `others` are what it may mean besides; `topics` it may have asked about are one tap away; `step` is how far it
        had come; `times` is how often this was the reply just before.
        """
        in_turn = [emergency.again or emergency.reply, *emergency.again_later]
        own = (step.again if step else None) or in_turn[times % len(in_turn)]
        asked = tuple((self.topic_button(topic),) for topic in topics)
        texts = [own, *(other.also or other.reply for other in others)]
        return Reply(text=self._fill("\n".join(texts)), rows=(*self._danger_rows([emergency, *others]), *asked))

    def reminded(
        self, emergency: Emergency, reply: Reply, step: Step | None = None, caution: Caution | None = None
    ) -> Reply:
        """A reply to what is written soon after an emergency and is about something else.

        The emergency stands above it, and in place of other notices but a `caution`'s line.
        """
        again = self.again(emergency, step=step)
        short = emergency.reminder if not (step and step.again) else None
        lines = [self._fill(short) if short else again.text, *([self.caution(caution)] if caution else [])]
        return replace(reply, notice="\n".join(lines), rows=(*again.rows, *reply.rows))

    def _danger_rows(self, emergencies: Sequence[Emergency], *, first: bool = False) -> Rows:
        """The numbers to call, and the steps, one tap each; in the `first` reply none that says it is over."""
        calls = self._call_rows(dict.fromkeys(name for emergency in emergencies for name in emergency.contacts))
        hidden = {step.id for step in self._faq.safety.steps if not step.offered or (step.ends and first)}
        steps = dict.fromkeys(name for emergency in emergencies for name in emergency.steps if name not in hidden)
        return (*calls, *self._step_rows(steps))

    def _call_rows(self, names: Iterable[str]) -> list[tuple[Button, ...]]:
        found = {line.id: (name, line) for name in names if (line := self.line(name))}
        return _in_rows([self._call_button(name, line) for name, line in found.values()], 2)

    def step(self, step: Step, emergency: Emergency | None = None) -> Reply:
        """One thing to do, with the others one tap away: those of this emergency, or of all that have the step."""
        owners = [one for one in self._faq.safety.emergencies if step.id in one.steps]
        owners = [emergency] if emergency in owners else owners
        hidden = {step.id, *(other.id for other in self._faq.safety.steps if not other.offered)}
        others = dict.fromkeys(name for one in owners for name in one.steps if name not in hidden)
        # Only the numbers that fit whichever emergency it came from.
        contacts = [
            name for one in owners[:1] for name in one.contacts if all(name in other.contacts for other in owners)
        ]
        rows = () if step.ends else (*self._call_rows(contacts), *self._step_rows(others))
        return Reply(title=step.title, text=self._fill(step.text), rows=tuple(rows))

    def call_card(self, line: Helpline) -> Reply:
        """A number as a contact card, which a phone offers to call, and to copy."""
        text = put(self._fill(self._texts.call_card), name=line.name, number=line.number)
        return Reply(text=text, rows=((self._copy_button(line),),), contacts=(line,))

    def line(self, name: str) -> Helpline | None:
        """A line that may stand in an emergency: where the chosen country has one, its own; never a placement line."""
        line = self._faq.helplines.get(name)
        return None if line is None or line.placement else line

    def _step_rows(self, names: Iterable[str]) -> list[tuple[Button, ...]]:
        known = {step.id: step for step in self._faq.safety.steps}
        return _in_rows([Button(known[name].title, f"step:{name}") for name in names], 2)

    def _country_row(self) -> Rows:
        return ((Button(self._texts.button_country, "countries"),),) if self._faq.helplines.countries else ()

    def refusal(self, refusal: Refusal, *, notice: str = "") -> Reply:
        """Two kind sentences, the nearest safe topics, and a person to call."""
        topics = self._faq.named(refusal.topics)
        rows = tuple((self.topic_button(topic),) for topic in topics)
        closing = (Button(self._texts.button_topics, "topics"), *self._closing_row())
        text = self._fill(refusal.reply)
        return Reply(notice=notice, text=text, prompt=self.prompt(public=True), rows=(*rows, closing))

    def soft_check(self) -> str:
        """The one line that stands above the normal answer to a doubtful message."""
        return self._fill(self._faq.safety.soft_check or "")

    def caution(self, caution: Caution) -> str:
        """The line without which this is not answered."""
        return self._fill(caution.line)

    def emergency_menu(self) -> Reply:
        """The choice of emergencies, one tap each."""
        rows = tuple((Button(one.title, f"emergency:{one.id}"),) for one in self._faq.safety.emergencies)
        return Reply(text=self._fill(self._texts.emergency_menu), rows=rows)

    def countries(self) -> Reply:
        """The choice of a country, one tap each, and the way back to all numbers."""
        buttons = [Button(one.name, f"country:{one.id}") for one in self._faq.helplines.countries]
        rows = (*_in_rows(buttons, 2), (Button(self._texts.button_elsewhere, "country:"),))
        return Reply(text=self._fill(self._texts.country_question), rows=rows)

    def country_set(self, country: Country | None) -> Reply:
        """What was chosen, and the numbers that are shown from now on."""
        text = put(self._texts.country_chosen, name=country.name) if country else self._texts.country_reset
        return replace(self.helpline(), notice=self._fill(text))

    def in_country(self, reply: Reply, country: Country) -> Reply:
        """A reply below a line that says whose numbers it has."""
        line = self._fill(put(self._texts.country_chosen, name=country.name))
        return replace(reply, notice="\n".join([line, *([reply.notice] if reply.notice else [])]))

    def for_other_language(self, reply: Reply, danger: Emergency | None) -> Reply:
        """An emergency's steps, and below them what there is of them in another language."""
        own = danger.other_language if danger else None
        return replace(reply, text=f"{reply.text}\n\n{self._fill(own)}") if own else reply

    # --- the bot itself -----------------------------------------------------------------------------------------------

    def start(self) -> Reply:
        return Reply(title=self._texts.name, text=self._fill(self._texts.start), keyboard=True)

    def greeting(self) -> Reply:
        return Reply(text=self._fill(self._texts.greeting), keyboard=True)

    def thanks(self) -> Reply:
        return Reply(text=self._fill(self._texts.thanks), rows=self._closing_rows())

    def help(self) -> Reply:
        return Reply(text=self._fill(self._texts.help), prompt=self.prompt(), keyboard=True)

    def privacy(self) -> Reply:
        extra = f"\n{self._texts.privacy_ratings}" if self._ratings else ""
        return Reply(text=self._fill(self._texts.privacy) + extra)

    def about(self) -> Reply:
        topics = self._faq.topics
        reviewed = sum(1 for topic in topics if topic.reviewed_by)
        checked = max((topic.checked for topic in topics if topic.checked), default=None)
        review = self._texts.reviewed if reviewed else self._texts.unreviewed
        text = self._fill(self._texts.about).replace("{review}", review)
        text = put(text, topics=str(len(topics)), reviewed=str(reviewed), checked=str(checked or "?"))
        return Reply(text=text, rows=self._closing_rows())

    def helpline(self) -> Reply:
        """Every line with what it is; the first of the prompt as a contact card; a copy button each."""
        helplines = self._faq.helplines
        blocks = [self._fill(self._texts.helpline_intro), *(self._helpline_block(line) for line in helplines.lines)]
        blocks += [self._texts.helpline_unverified] if any(line.verified is None for line in helplines.lines) else []
        return Reply(
            title=self._texts.helpline_title,
            text="\n\n".join(blocks),
            rows=(*_in_rows([self._copy_button(line) for line in helplines.lines], 2), *self._country_row()),
            contacts=helplines.prompted[:1],
        )

    def _helpline_block(self, line: Helpline) -> str:
        number = f"{line.number} ({line.letters})" if line.letters else line.number
        text = put(
            self._texts.helpline_row, name=line.name, number=number, what=line.what, hours=line.hours, cost=line.cost
        )
        extra = [f"{line.text}."] if line.text else []
        extra += [self._texts.helpline_unsourced] if line.mark == "E" else []
        return "\n".join([text, *extra])

    def topics(self, *, edits: bool = False) -> Reply:
        """The themes, one button each."""
        buttons = [Button(theme.title, f"theme:{theme.id}") for theme in self._faq.themes]
        return Reply(text=self._texts.topics_title, rows=tuple(_in_rows(buttons, 2)), edits=edits)

    def theme(self, theme_id: str) -> Reply:
        """One theme's topics, and the way back."""
        title = next((theme.title for theme in self._faq.themes if theme.id == theme_id), "")
        buttons = [self.topic_button(topic) for topic in self._faq.in_theme(theme_id)]
        rows = (*_in_rows(buttons, 1), (Button(self._texts.button_back, "topics"),))
        return Reply(text=put(self._texts.theme_title, title=title), rows=rows, edits=True)

    def unknown_command(self) -> Reply:
        commands = "\n".join(f"/{command.name}: {command.description}" for command in self._texts.commands)
        return Reply(text=f"{self._fill(self._texts.unknown_command)}\n{commands}")

    def stale_button(self) -> Reply:
        return replace(self._way_out(self._texts.stale_button), prompt="")

    def media(self) -> Reply:
        return replace(self._way_out(self._texts.media), keyboard=True, rows=())

    def slow_down(self) -> Reply:
        """Many messages in a minute: a kind word, and the numbers."""
        return Reply(text=self._fill(self._texts.slow_down), prompt=self.prompt(public=True))

    def failure(self) -> Reply:
        """The last resort: fixed words and the helplines."""
        return Reply(text=self._fill(self._texts.failure), prompt=self.prompt(public=True))

    # --- parts ---------------------------------------------------------------------------------------------------------

    def prompt(self, *, public: bool = False) -> str:
        """The clear call to phone somebody that closes every answer. `public`: without commercial placement lines."""
        rows = [
            put(self._texts.prompt_row, name=line.name, number=line.number, short=line.short)
            for line in self._faq.helplines.prompted
            if not (public and line.placement)
        ]
        return "\n".join([self._fill(self._texts.prompt), *(f"- {row}" for row in rows)]) if rows else ""

    def quick_replies(self) -> tuple[tuple[str, ...], ...]:
        """The labels of the reply keyboard, row by row."""
        return tuple(tuple(self.quick_label(name) for name in row) for row in self._texts.quick_replies)

    def quick_label(self, name: str) -> str:
        """What a quick reply says: a topic's title, or a command's label."""
        topic = self._faq.topic(name)
        if topic:
            return topic.title
        labels = {
            "/topics": self._texts.button_more,
            "/helpline": self._texts.button_helpline,
            "/emergency": self._texts.button_emergency,
        }
        return labels.get(name, name)

    @staticmethod
    def topic_button(topic: Topic) -> Button:
        return Button(topic.title, f"topic:{topic.id}")

    def _call_button(self, name: str, line: Helpline) -> Button:
        return Button(put(self._texts.button_call, number=line.number), f"call:{name}")

    def _copy_button(self, line: Helpline) -> Button:
        return Button(put(self._texts.button_copy, number=f"{line.name}: {line.number}"), copy=line.number)

    def _closing_rows(self) -> Rows:
        row = self._closing_row()
        return (row,) if row else ()

    def _passages(self, topic: Topic, asked: Sequence[Passage]) -> list[str]:
        return [self._fill(one.says) for one in asked if one in topic.passages]

    def _words(self, topic: Topic, *, family: bool) -> str:
        return self._fill(topic.for_family if family and topic.for_family else topic.answer)

    def _fill(self, text: str) -> str:
        return self._faq.fill(text).strip()


def _first_sentence(text: str) -> str:
    # One sentence a line, in the content; a line that is all bold is a heading.
    lines = text.splitlines()
    line = next((line for line in lines if not re.fullmatch(r"\*[^*]*\*", line)), lines[0])
    return line[:-1] + "." if line.endswith(":") else line


def _in_rows(buttons: Sequence[Button], width: int) -> list[tuple[Button, ...]]:
    return [tuple(buttons[at : at + width]) for at in range(0, len(buttons), width)]
