"""Stores that use SQLite or a real PostgreSQL server, and a clock that tests can set.

`make test` installs the PostgreSQL server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from assistant.schema import Answer, Passage, Verdict
from assistant.store.database import Store
from assistant.store.tables import Base

NOW = datetime(2026, 11, 23, 12, 0)
PERSONAL_NUMBER = "19811218-9876"  # one of the numbers that the Swedish Tax Agency publishes for testing
PASSAGE = Passage("p1", "a.md", "Alpha", None, "en", ("Head",), "Some text.", 0, 10, ())


def make_answer(question: str = "What is NWI?", verdict: Verdict = Verdict.UNCLEAR) -> Answer:
    """Make an answer that has no citations. By default, it is a refusal."""
    return Answer(
        question=question, resolved_question=question, language="en", verdict=verdict,
        abstained=verdict is not Verdict.ANSWERED, answer="No answer was found.", confidence=0.1,
        timings_ms={"total": 12.5},
    )  # fmt: skip


class Clock:
    """A clock that returns the time set by the test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock used by `store` and `sqlite_store`."""
    return Clock()


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store that uses SQLite and keeps questions."""
    store = Store(f"sqlite:///{tmp_path / 'data' / 'store.sqlite'}", store_questions=True, keep_days=30, now=clock)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """A store that keeps questions. Each test that uses it runs twice: with SQLite and with PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_store")
        return
    store = Store(request.getfixturevalue("postgres"), store_questions=True, keep_days=30, now=clock)
    yield store
    with store._engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    store.close()
