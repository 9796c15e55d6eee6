"""Counts what was asked and what helped, without who: one number per topic, day and answer."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, String, Table, create_engine, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.replies import Event

_metadata = MetaData()
ratings = Table(
    "ratings",
    _metadata,
    Column("topic", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("helpful", Boolean, primary_key=True),
    Column("count", Integer, nullable=False),
)


class Feedback:
    """The counts in a database. Safe to use from several threads and processes."""

    def __init__(self, url: str, today: Callable[[], date]) -> None:
        """`url` is SQLAlchemy's, e.g. `sqlite:///ratings.db`. Raises ValueError where it cannot be opened."""
        try:
            self._engine = create_engine(url)
            _metadata.create_all(self._engine)
        except (SQLAlchemyError, ImportError) as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(f"not a database that can be used: {reason}") from error
        self._today = today

    def record(self, events: tuple[Event, ...]) -> None:
        """Add one for each event. Raises SQLAlchemyError where the database is gone."""
        for event in events:
            key = (ratings.c.topic == event.topic, ratings.c.day == self._today(), ratings.c.helpful == event.helpful)
            add = update(ratings).where(*key).values(count=ratings.c.count + 1)
            with self._engine.begin() as connection:
                counted = connection.execute(add).rowcount
            if not counted:
                row = {"topic": event.topic, "day": self._today(), "helpful": event.helpful, "count": 1}
                try:
                    with self._engine.begin() as connection:
                        connection.execute(ratings.insert().values(**row))
                except IntegrityError:  # another process was first
                    with self._engine.begin() as connection:
                        connection.execute(add)

    def counts(self) -> list[tuple[str, date, bool, int]]:
        """Every (topic, day, helpful, count), oldest day first."""
        columns = (ratings.c.topic, ratings.c.day, ratings.c.helpful, ratings.c.count)
        with self._engine.connect() as connection:
            rows = connection.execute(select(*columns).order_by(ratings.c.day, ratings.c.topic, ratings.c.helpful))
            return [tuple(row) for row in rows]

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()
