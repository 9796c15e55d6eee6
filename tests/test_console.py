"""The conversation in a terminal: what stands on the screen, and what a typed line does."""

import io
import re
import sys
from collections.abc import Callable

import pytest
from rich.console import Console

from bot.console import Chat
from bot.conversation import Conversation, Incoming, Question, Turn
from bot.faq import Faq
from bot.matching import Matcher
from bot.memory import NOTHING_KNOWN, Memory

PROMPT_NUMBERS = ("+1-800-662-4357", "+1-866-303-3480")
QUESTION = "How long does heroin withdrawal last?"


class Listening(Conversation):
    """The shipped conversation, which remembers what it was told."""

    def __init__(self, faq: Faq, matcher: Matcher) -> None:
        super().__init__(faq, matcher=matcher)
        self.heard: list[Incoming] = []

    def respond(self, incoming: Incoming, memory: Memory = NOTHING_KNOWN, now: float = 0.0) -> Turn:
        self.heard.append(incoming)
        return super().respond(incoming, memory, now)


class Screen:
    """A chat on a terminal of a hundred columns, whose lines can be read."""

    def __init__(self, conversation: Conversation) -> None:
        self._file = io.StringIO()
        self.chat = Chat(conversation, Console(file=self._file, width=100, highlight=False, color_system=None))

    def text(self) -> str:
        """Everything shown since the last look."""
        shown = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return shown

    def say(self, line: str) -> str:
        """Type a line; what is shown for it."""
        self.text()
        self.chat.say(line)
        return self.text()

    def choices(self, shown: str) -> list[str]:
        """The labels of the numbered choices, which must count from 1."""
        numbered = [line.split(maxsplit=1) for line in shown.splitlines() if re.match(r" *\d+  \S", line)]
        assert [number for number, _ in numbered] == [str(at) for at in range(1, len(numbered) + 1)]
        return [label for _, label in numbered]

    def choose(self, label: str, shown: str) -> str:
        """Type the number that stands before a label."""
        return self.say(str(self.choices(shown).index(label) + 1))


@pytest.fixture
def screen(conversation: Conversation) -> Screen:
    return Screen(conversation)


def title(faq: Faq, topic_id: str) -> str:
    topic = faq.topic(topic_id)
    assert topic
    return topic.title


def begins(shown: str, words: str) -> bool:
    return shown.strip().startswith(words)


# --- greeting and choices ----------------------------------------------------------------------------------------------


def test_the_greeting_shows_what_the_bot_is_and_numbered_topics(screen: Screen, faq: Faq) -> None:
    screen.chat.greet()
    shown = screen.text()

    assert begins(shown, faq.texts.name)
    assert "not a doctor" in shown
    assert faq.texts.console_choice in shown
    assert screen.choices(shown)[:2] == [title(faq, "intensity"), title(faq, "timeline")]
    assert all(line in shown for line in faq.texts.console_banner.splitlines())


def test_a_number_chooses_what_stands_behind_it(screen: Screen, faq: Faq) -> None:
    screen.chat.greet()

    assert begins(screen.choose(title(faq, "timeline"), screen.text()), title(faq, "timeline"))


def test_a_number_chooses_from_the_newest_choices(screen: Screen, faq: Faq) -> None:
    screen.chat.greet()
    screen.text()
    menu = screen.say("/topics")
    assert screen.choices(menu) == [theme.title for theme in faq.themes]

    theme = screen.choose(faq.themes[1].title, menu)
    topics = [topic.title for topic in faq.in_theme(faq.themes[1].id)]
    assert screen.choices(theme) == [*topics, faq.texts.button_back]

    assert begins(screen.choose(topics[0], theme), topics[0])


def test_the_keyboards_helpline_can_be_chosen_by_number(screen: Screen, faq: Faq) -> None:
    screen.chat.greet()

    shown = screen.choose(faq.texts.button_helpline, screen.text())

    assert begins(shown, faq.texts.helpline_title)
    assert all(line.number in shown for line in faq.helplines.lines)


@pytest.mark.parametrize(
    "line", ["0", "99", "-1", "²", "①", "9" * 5000], ids=["0", "99", "-1", "superscript", "circled", "5,000 digits"]
)
def test_a_number_that_stands_before_nothing_is_read_as_a_question(faq: Faq, matcher: Matcher, line: str) -> None:
    conversation = Listening(faq, matcher=matcher)
    screen = Screen(conversation)
    screen.chat.greet()

    assert screen.say(line)
    assert conversation.heard[-1] == Question(line)


def test_a_number_before_anything_was_offered_is_a_question(faq: Faq, matcher: Matcher) -> None:
    conversation = Listening(faq, matcher=matcher)

    Screen(conversation).say("1")

    assert conversation.heard == [Question("1")]


# --- answers -----------------------------------------------------------------------------------------------------------


def test_an_answer_shows_title_text_danger_numbers_and_the_longer_part(screen: Screen, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    assert topic.danger
    assert topic.folded()

    shown = screen.say(QUESTION)

    assert begins(shown, topic.title)
    assert topic.answer.splitlines()[0].replace("*", "") in shown
    assert f"{faq.texts.danger_mark} {topic.danger.split()[0]}" in shown
    assert all(number in shown for number in PROMPT_NUMBERS)
    assert topic.folded().split()[0].strip("*") in shown.split(PROMPT_NUMBERS[1])[1]
    assert "*" not in shown


def test_lists_have_bullets(screen: Screen, faq: Faq) -> None:
    shown = screen.say(QUESTION)

    assert f"• {faq.helplines.prompted[0].name}" in shown


def test_sources_are_shown_with_addresses_and_the_choices_stay(screen: Screen, faq: Faq) -> None:
    topic = faq.topic("timeline")
    assert topic
    answer = screen.say(QUESTION)

    shown = screen.choose(faq.texts.button_sources, answer)

    assert begins(shown, faq.texts.sources_title)
    assert all(f"- {source.title}" in shown or source.title in shown for source in topic.sources)
    assert all(source.url in shown.replace("\n", "") for source in topic.sources)
    assert screen.choices(shown) == []
    related = title(faq, topic.related[0])
    assert begins(screen.choose(related, answer), related)


def test_a_doubtful_message_shows_the_check_above_the_answer(screen: Screen, faq: Faq) -> None:
    shown = screen.say("he keeps nodding off")

    assert faq.safety.soft_check
    assert begins(shown, faq.safety.soft_check[:30].replace("*", ""))
    assert len(screen.choices(shown)) > 1


def test_an_emergency_shows_its_steps_first_and_then_what_helps_in_that_minute(screen: Screen, faq: Faq) -> None:
    shown = screen.say("my friend is not breathing and blue")

    assert "911" in shown.strip().splitlines()[0]
    assert screen.choices(shown) == [
        "📞 Call 911",
        *(
            step.title
            for name in faq.safety.emergencies[0].steps
            if (step := faq.safety.step(name)) and step.offered and not step.ends
        ),
        faq.texts.button_country,
    ]


def test_a_chosen_country_holds_for_the_messages_after_it(screen: Screen) -> None:
    screen.say("/country uk")

    shown = screen.say("my friend is not breathing and blue")

    assert "999" in shown.strip().splitlines()[0]
    assert "911" not in shown


def test_after_an_emergency_no_older_choice_is_taken(screen: Screen, faq: Faq) -> None:
    screen.chat.greet()
    screen.say("my friend is not breathing and blue")

    assert not begins(screen.say("1"), title(faq, "intensity"))


def test_a_rating_is_thanked(faq: Faq, matcher: Matcher) -> None:
    screen = Screen(Conversation(faq, ratings=True, matcher=matcher))

    shown = screen.choose(faq.texts.button_not_helped, screen.say(QUESTION))

    assert shown.strip() == faq.texts.rated


# --- commands ------------------------------------------------------------------------------------------------------------


def test_an_unknown_command_lists_those_that_are_known(screen: Screen, faq: Faq) -> None:
    shown = screen.say("/settings now")

    assert begins(shown, faq.texts.unknown_command.strip())
    assert all(f"/{command.name}" in shown for command in faq.texts.commands)


def test_a_command_takes_its_argument_and_no_notice_of_capitals(screen: Screen, faq: Faq) -> None:
    assert begins(screen.say("/START timeline"), title(faq, "timeline"))


# --- lines in and out ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["/quit", "/EXIT", " /q "])
def test_quit_ends_the_chat_with_a_good_word_and_reads_no_further(screen: Screen, faq: Faq, word: str) -> None:
    lines = iter(["", "  ", "/topics", word, QUESTION])

    screen.chat.run(lines)

    shown = screen.text()
    assert faq.texts.topics_title in shown
    assert title(faq, "timeline") not in shown
    assert shown.rstrip().endswith(faq.texts.console_goodbye)
    assert list(lines) == [QUESTION]


def test_the_end_of_the_input_ends_the_chat(screen: Screen, faq: Faq) -> None:
    screen.chat.run([])

    assert screen.text().strip() == faq.texts.console_goodbye


class Keys:
    """A keyboard: lines, and then the key that ends them."""

    def __init__(self, *lines: str, end: Callable[[], str]) -> None:
        self._lines = list(lines)
        self._end = end

    def readline(self, size: int = -1) -> str:
        return self._lines.pop(0) if self._lines else self._end()

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


def control_d() -> str:
    return ""


def control_c() -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize("end", [control_d, control_c])
def test_at_a_terminal_control_d_and_control_c_end_the_chat(
    screen: Screen, faq: Faq, monkeypatch: pytest.MonkeyPatch, end: Callable[[], str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Keys("/topics\n", end=end))

    screen.chat.run(screen.chat.prompt())

    shown = screen.text()
    assert shown.count(faq.texts.console_input) == 2
    assert faq.texts.topics_title in shown
    assert shown.rstrip().endswith(faq.texts.console_goodbye)
