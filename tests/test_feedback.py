"""`bot.feedback`: counts per topic, day and answer, and nothing about who."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy

from bot import feedback as module
from bot.feedback import Feedback
from bot.replies import Rated


class Calendar:
    """Says the day that a test wants it to be."""

    def __init__(self) -> None:
        self.day = date(2026, 11, 20)

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ratings.db'}"


@pytest.fixture
def feedback(url: str, calendar: Calendar) -> Iterator[Feedback]:
    opened = Feedback(url, calendar)
    yield opened
    opened.close()


def test_a_new_database_has_no_counts(feedback: Feedback) -> None:
    assert feedback.counts() == []


def test_no_events_count_nothing(feedback: Feedback) -> None:
    feedback.record(())
    assert feedback.counts() == []


def test_each_rating_adds_one_to_its_topic_day_and_answer(feedback: Feedback, calendar: Calendar) -> None:
    feedback.record((Rated("timeline", True), Rated("timeline", True), Rated("sleep", False)))
    feedback.record((Rated("timeline", False),))
    calendar.day = date(2026, 11, 21)
    feedback.record((Rated("timeline", True),))
    assert feedback.counts() == [
        ("sleep", date(2026, 11, 20), False, 1),
        ("timeline", date(2026, 11, 20), False, 1),
        ("timeline", date(2026, 11, 20), True, 2),
        ("timeline", date(2026, 11, 21), True, 1),
    ]


def test_counts_survive_a_restart(url: str, calendar: Calendar, feedback: Feedback) -> None:
    feedback.record((Rated("timeline", True),))
    again = Feedback(url, calendar)
    again.record((Rated("timeline", True),))
    assert again.counts() == [("timeline", date(2026, 11, 20), True, 2)]
    again.close()


def test_ratings_from_several_threads_are_all_counted(feedback: Feedback) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(feedback.record, [(Rated("timeline", True),)] * 40))
    assert [count for *_, count in feedback.counts()] == [40]


def test_a_row_that_another_process_wrote_in_between_is_added_to(url: str, feedback: Feedback) -> None:
    other = Feedback(url, lambda: date(2026, 11, 20))
    asked = iter(range(100))

    def today_while_another_is_faster() -> date:
        if next(asked) == 1:  # the count was looked for and not found, and is about to be written
            other.record((Rated("timeline", True),))
        return date(2026, 11, 20)

    slow = Feedback(url, today_while_another_is_faster)
    slow.record((Rated("timeline", True),))
    assert feedback.counts() == [("timeline", date(2026, 11, 20), True, 2)]
    slow.close()
    other.close()


def test_the_table_has_no_column_for_a_person(url: str, feedback: Feedback) -> None:
    engine = sqlalchemy.create_engine(url)
    inspector = sqlalchemy.inspect(engine)
    assert inspector.get_table_names() == ["ratings"]
    assert {column["name"] for column in inspector.get_columns("ratings")} == {"topic", "day", "helpful", "count"}
    engine.dispose()
    assert set(module.ratings.columns.keys()) == {"topic", "day", "helpful", "count"}


@pytest.mark.parametrize("address", ["nonsense", "foo://host/name", "", "sqlite:////nowhere/at/all/ratings.db"])
def test_a_database_that_cannot_be_opened_is_said_at_the_start(address: str, calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="not a database"):
        Feedback(address, calendar)
