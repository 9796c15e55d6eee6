"""`bot.review`: what an editor would stumble over is found, and nothing else."""

from datetime import date
from pathlib import Path

import pytest

from bot import content
from bot.content import Problem
from bot.faq import Faq
from bot.matching import matcher_for
from bot.review import ANSWER_WORDS, GRADE_LIMIT, grade, listing, median_grade, review, words
from tests.conftest import HELPLINES, Write

TODAY = date(2026, 11, 21)


def topic(
    answer: str = "We open at nine.", *, checked: str = "2026-11-20", more: str = "", name: str = "opening"
) -> str:
    return (
        f"- id: {name}\n  title: {name}\n  questions: [{name} one, {name} two]\n  answer: |\n    {answer}\n"
        + (f"  checked: {checked}\n" if checked else "")
        + "  sources: [{title: Rules, url: 'https://example.org'}]\n"
        + more
    )


def found(folder: Path, today: date = TODAY) -> list[Problem]:
    read = content.read(folder)
    return list(review(read, matcher_for(read.faq), today))


def messages(folder: Path, today: date = TODAY) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in found(folder, today)]


def test_a_good_topic_has_nothing_to_mend(write: Write) -> None:
    assert messages(write(topic())) == []


def test_a_topic_without_sources_or_date_is_an_error(write: Write) -> None:
    assert messages(write("- {id: a, title: A, questions: [what], answer: Here.}")) == [
        "topics.yaml:1: topic 'a' has no 'sources': say where the answer comes from",
        "topics.yaml:1: topic 'a' has no 'checked': the day its sources were last read",
    ]


@pytest.mark.parametrize(("today", "findings"), [(date(2027, 11, 20), 0), (date(2027, 11, 21), 1)])
def test_sources_read_more_than_a_year_ago_are_a_warning(write: Write, today: date, findings: int) -> None:
    problems = found(write(topic()), today)
    assert [problem.severity for problem in problems] == ["warning"] * findings
    assert all("read them again" in problem.message and problem.line == 6 for problem in problems)


@pytest.mark.parametrize(("today", "findings"), [(date(2026, 11, 20), 0), (date(2026, 11, 19), 1)])
def test_a_day_of_reading_that_has_not_come_yet_is_an_error(write: Write, today: date, findings: int) -> None:
    problems = found(write(topic()), today)
    assert len(problems) == findings
    assert all("lies in the future" in problem.message and problem.severity == "error" for problem in problems)


def test_an_answer_longer_than_a_screen_is_an_error_and_the_danger_line_counts(write: Write) -> None:
    fits = topic("We go in. " * (ANSWER_WORDS // 3))
    assert messages(write(fits)) == []
    assert "'answer' has 91 words with the danger line" in messages(write(fits + "  danger: Stop.\n"))[0]
    long = "  for_family: " + "We go in. " * 31 + "\n"
    assert "'for_family' has 93 words" in messages(write(topic(more=long)))[0]


def test_the_folded_part_may_be_longer(write: Write) -> None:
    assert messages(write(topic(more="  more: " + "We go in. " * 100 + "\n"))) == []


HARD = "Institutional accessibility considerations necessitate comprehensive administrative reorganisation immediately."


@pytest.mark.parametrize("field", ["danger", "for_family", "more"])
def test_a_text_that_is_hard_to_read_is_an_error_at_its_line(write: Write, field: str) -> None:
    (message,) = messages(write(topic(more=f"  {field}: {HARD}\n")))
    assert message.startswith(f"topics.yaml:8: {field!r} reads at grade ")
    assert "at most 8.5" in message


def test_a_passage_is_reviewed_like_any_text(write: Write) -> None:
    passage = f"  passages:\n    - words: [late]\n      says: {HARD}\n"
    (message,) = messages(write(topic(more=passage)))
    assert message.startswith("topics.yaml:9: 'passages[0]' reads at grade ")


@pytest.mark.parametrize("number", ["+1-555-010-0000", "555 010 0000", "1-800-RULES", "800-quit"])
def test_a_phone_number_inside_an_answer_is_an_error(write: Write, number: str) -> None:
    assert any("holds a phone number" in message for message in messages(write(topic(f"Call {number} now."))))


@pytest.mark.parametrize("text", ["It is 9 to 17.", "In 2026 we open.", "Wait 2 to 3 minutes.", "Only 0.5 of us."])
def test_an_ordinary_number_is_no_phone_number(write: Write, text: str) -> None:
    assert messages(write(topic(text))) == []


@pytest.mark.parametrize("dose", ["8 mg", "8mg", "0.5 ml", "two or 2 pills", "16 MG", "3 tablets"])
def test_a_dose_is_an_error(write: Write, dose: str) -> None:
    assert any("names a dose" in message for message in messages(write(topic(f"Take {dose} of it."))))


def test_a_helpline_that_nobody_has_called_is_a_warning_at_its_number(write: Write) -> None:
    (problem,) = found(write(topic(), helplines=HELPLINES))
    assert problem.severity == "warning"
    assert problem.message.startswith("nobody has checked 'Book shop' yet")
    assert problem.file.endswith("_helplines.yaml")
    assert problem.line == 6


def test_phrasings_of_two_topics_that_look_the_same_are_an_error(write: Write) -> None:
    twins = topic(name="opening").replace("opening two", "where are u")
    twins += topic(name="closing").replace("closing two", "where are you")
    (message,) = messages(write(twins))
    assert message.startswith("topics.yaml:3: 'where are u' and 'where are you' (topic 'closing') look the same")
    assert messages(write(twins.replace("id: closing", "id: closing\n  part_of: opening"))) == []


def test_a_phrasing_that_looks_like_small_talk_and_titles_that_look_alike_are_left_alone(write: Write) -> None:
    alike = topic(name="opening").replace("opening two", "good morning").replace("title: opening", "title: for u")
    alike += topic(name="closing").replace("title: closing", "title: for you")
    assert messages(write(alike)) == []


def test_a_phrasing_that_looks_like_another_topic_s_title_is_an_error_whichever_stands_first(write: Write) -> None:
    asked = topic(name="opening").replace("opening two", "where are u")
    titled = topic(name="closing").replace("title: closing", "title: where are you")
    for text in (asked + titled, titled + asked):
        assert any("look the same to the matcher" in message for message in messages(write(text)))


def test_names_of_medicines_count_as_plain_words(library: Faq) -> None:
    text = "Ask for buprenorphine or benzodiazepines."
    named = library.model_copy(
        update={"words": library.words.model_copy(update={"names": ("buprenorphine", "benzodiazepines")})}
    )
    assert grade(named, text) < grade(library, text)


def test_each_line_of_a_list_is_a_sentence_of_its_own(library: Faq) -> None:
    as_list = "Bring:\n- your papers\n- some money\n- an old friend\n- a small bag"
    assert grade(library, as_list) < grade(library, as_list.replace("\n- ", " and ").replace(":", ""))


def test_numbers_are_counted_as_they_are_read(library: Faq) -> None:
    assert words(library, "Call {desk}.") == words(library, "Call 555 0100 (in town).") == 5
    assert words(library, "don’t re-read it") == 3
    assert words(library, "") == 0


def test_the_listing_has_one_row_for_each_topic(library: Faq) -> None:
    rows = list(listing(library))
    assert [row[0] for row in rows] == [one.id for one in library.topics]
    name, reading, count, phrasings, sources, reviewer = rows[1]
    assert (name, count, phrasings, sources, reviewer) == ("card", 11, 5, 1, "nobody")
    assert reading == grade(library, "Ask at the desk.\nBring your *papers*.\n\nNever lend your card.\n")


def test_the_median_grade_is_the_middle_of_all(library: Faq) -> None:
    grades = sorted(row[1] for row in listing(library))
    assert median_grade(library) == pytest.approx((grades[1] + grades[2]) / 2)


def test_the_shipped_answers_can_be_read_by_most_people(faq: Faq) -> None:
    assert median_grade(faq) <= 6
    assert max(grade(faq, text) for _, _, text in faq.prose()) <= GRADE_LIMIT
