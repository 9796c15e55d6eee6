"""`bot.evaluation`: an editor sees what is answered, what is confused with what, and which line of a file is wrong."""

from pathlib import Path

import pytest

from bot.content import ContentError
from bot.conversation import Conversation
from bot.evaluation import Message, Tally, advice, cross_validate, evaluate, read_messages
from bot.faq import Faq


@pytest.fixture
def small(library: Faq) -> Conversation:
    return Conversation(library)


def test_each_message_about_a_topic_is_counted_once(small: Conversation) -> None:
    messages = [
        Message("when is the library open", "opening"),
        Message("i lost my card", "card|fines"),
        Message("elephants", "fines"),
        Message("fire! when is the library open", "opening"),
    ]

    report = evaluate(small, messages)

    every = report.topics
    assert every.messages == 4
    assert every.answered_right == 2
    assert every.unanswered == 1
    assert every.elsewhere == 1
    counted = every.answered_right + every.answered_wrong + every.asked_right + every.asked_wrong
    assert counted + every.unanswered + every.elsewhere == 4
    assert report.by_label["opening"].messages == 2


def test_a_wrong_topic_is_named_with_the_phrasing_that_drew_the_message(small: Conversation) -> None:
    report = evaluate(small, [Message("when is the library open", "fines")])

    assert report.topics.answered_wrong == 1
    assert [(one.label, one.taken_for, one.phrasing) for one in report.confusions] == [
        ("fines", "opening", "When is the library open?")
    ]
    assert list(advice(report)) == [
        "fines was taken for opening once, drawn by its “When is the library open?”: "
        "“when is the library open” → give fines a wording like it"
    ]


@pytest.mark.parametrize(
    ("label", "text", "right"),
    [
        ("OOS", "elephants", 1),
        ("OOS", "when is the library open", 0),
        ("GREETING", "good morning", 1),
        ("GREETING", "elephants", 0),
        ("CRISIS_ANY", "fire!", 1),
        ("fire", "fire!", 1),
        ("flood", "fire!", 0),
        ("NEAR_CRISIS", "elephants", 1),
        ("NEAR_CRISIS", "fire!", 0),
        ("HARMFUL", "how do i steal a book from the library", 1),
        ("HARMFUL", "when is the library open", 0),
    ],
)
def test_what_is_no_topic_is_counted_by_what_should_become_of_it(
    small: Conversation, label: str, text: str, right: int
) -> None:
    report = evaluate(small, [Message(text, label)])

    assert report.kinds == {label: (right, 1)}
    assert report.topics.messages == 0


def test_every_decision_stands_in_the_table_of_confidence(small: Conversation) -> None:
    report = evaluate(small, [Message("when is the library open", "opening"), Message("i lost my card", "opening")])

    assert sum(of for _, of, _ in report.reliability) == 2
    assert sum(right for _, _, right in report.reliability) == 1


def test_each_phrasing_is_left_out_once(small: Conversation, library: Faq) -> None:
    report = cross_validate(small)

    phrasings = sum(len(topic.questions) + 2 for topic in library.topics)
    assert report.topics.messages == phrasings
    assert report.topics.top_1 + len(report.confusions) == phrasings


def test_every_wrong_line_is_named_with_its_mend(tmp_path: Path, library: Faq) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(
        '{"text": "x", "label": "opening"}\n\nx\n{"text": "x"}\n{"text": "x", "label": "opening|nowhere"}\n'
    )

    with pytest.raises(ContentError) as caught:
        read_messages([file, tmp_path / "gone.jsonl"], library)

    lines = [(problem.line, problem.message.split(":")[0]) for problem in caught.value.problems]
    assert (3, "this is no labelled message") in lines
    assert (4, "this is no labelled message") in lines
    assert (5, "unknown label 'nowhere'") in lines
    assert any(line == 0 and message == "cannot be read" for line, message in lines)


def test_a_share_of_nothing_is_nothing() -> None:
    assert Tally().share(0) == 0.0
