from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from assistant.errors import StoreError
from assistant.schema import Citation, Verdict
from assistant.store.database import Store, start_daily_purge
from assistant.store.tables import Base
from tests.conftest import ROOT
from tests.store.conftest import NOW, PASSAGE, PERSONAL_NUMBER, Clock, make_answer


def files_of(store: Store) -> bytes:
    """Return the contents of all files in the folder that holds the store's SQLite database, joined together."""
    folder = Path(str(store._engine.url.database)).parent
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_feedback_is_stored_with_its_answer(store: Store) -> None:
    answer_id = store.record_answer(make_answer(), "g1", "page", PASSAGE)
    assert store.add_feedback(answer_id, "bad", ["wrong source"], " not this one ")
    [row] = store.list_feedback()
    assert (row.rating, row.reasons, row.comment, row.closed_at) == ("bad", ["wrong source"], "not this one", None)
    answer = row.answer
    assert (answer.question, answer.generation, answer.channel) == ("What is NWI?", "g1", "page")
    assert (answer.verdict, answer.total_ms) == ("unclear", 12.5)
    assert answer.nearest is not None
    assert answer.nearest["heading"] == ["Head"]


def test_nearest_passage_is_stored_for_refusals_only(sqlite_store: Store) -> None:
    sqlite_store.record_answer(make_answer(verdict=Verdict.ANSWERED), "g", "page", PASSAGE)
    [row] = sqlite_store.list_answers()
    assert row.nearest is None


def test_later_feedback_replaces_earlier_feedback(store: Store) -> None:
    answer_id = store.record_answer(make_answer(), "g1", "api", None)
    store.add_feedback(answer_id, "bad", [], "")
    store.add_feedback(answer_id, "good", [], "")
    assert [row.rating for row in store.list_feedback()] == ["good"]


def test_feedback_on_an_unknown_answer_is_refused(store: Store) -> None:
    assert not store.add_feedback("0" * 32, "good", [], "")
    assert store.list_feedback() == []


def test_closed_feedback_is_listed_last(store: Store, clock: Clock) -> None:
    for number in range(2):
        clock.now = NOW + timedelta(hours=number)
        store.add_feedback(store.record_answer(make_answer(f"Question {number}?"), "g", "page", None), "bad", [], "")
    newest, oldest = store.list_feedback()
    assert store.close_feedback(newest.feedback_id)
    assert [row.feedback_id for row in store.list_feedback()] == [oldest.feedback_id, newest.feedback_id]
    assert [row.feedback_id for row in store.list_feedback(limit=1)] == [oldest.feedback_id]


def test_feedback_is_found_by_its_id(store: Store, clock: Clock) -> None:
    store.add_feedback(store.record_answer(make_answer(), "g", "page", None), "bad", [], "")
    [row] = store.list_feedback()
    assert store.close_feedback(row.feedback_id)
    closed = store.find_feedback(row.feedback_id)
    assert closed is not None
    assert (closed.closed_at, closed.answer.question) == (clock.now, "What is NWI?")


def test_unknown_feedback_is_neither_found_nor_closed(store: Store) -> None:
    assert store.find_feedback(10**6) is None
    assert not store.close_feedback(10**6)


def test_answers_are_listed_newest_first_by_verdict(sqlite_store: Store, clock: Clock) -> None:
    for number, verdict in enumerate((Verdict.ANSWERED, Verdict.UNCLEAR, Verdict.NOT_COVERED)):
        clock.now = NOW + timedelta(hours=number)
        sqlite_store.record_answer(make_answer(verdict=verdict), "g", "page", None)
    assert [row.verdict for row in sqlite_store.list_answers()] == ["not_covered", "unclear", "answered"]
    assert [row.verdict for row in sqlite_store.list_answers(["unclear", "answered"])] == ["unclear", "answered"]
    assert [row.verdict for row in sqlite_store.list_answers(limit=1)] == ["not_covered"]


def test_expired_answers_are_purged_with_their_feedback(store: Store, clock: Clock) -> None:
    clock.now = NOW - timedelta(days=31)
    store.add_feedback(store.record_answer(make_answer("Old?"), "g", "page", None), "bad", [], "")
    clock.now = NOW - timedelta(days=29)
    store.add_feedback(store.record_answer(make_answer("New?"), "g", "page", None), "bad", [], "")
    clock.now = NOW
    assert store.purge_expired_answers() == 1
    if store._engine.dialect.name == "sqlite":
        assert b"Old?" not in files_of(store)
    assert [row.question for row in store.list_answers()] == ["New?"]
    assert [row.answer.question for row in store.list_feedback()] == ["New?"]


def test_daily_purge_runs_at_once_and_stops(store: Store, clock: Clock) -> None:
    store.record_answer(make_answer(), "g", "page", None)
    clock.now = NOW + timedelta(days=31)
    stop = threading.Event()
    thread = start_daily_purge(store, stop, seconds=60)
    for _ in range(100):
        if not store.list_answers():
            break
        stop.wait(0.05)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert store.list_answers() == []


def test_deleting_an_answer_deletes_its_feedback(store: Store) -> None:
    answer_id = store.record_answer(make_answer(), "g", "page", None)
    store.add_feedback(answer_id, "bad", [], "")
    assert store.delete_answer(answer_id)
    assert not store.delete_answer(answer_id)
    assert (store.list_answers(), store.list_feedback()) == ([], [])


def test_deleted_answers_leave_nothing_on_disk(sqlite_store: Store) -> None:
    answer_id = sqlite_store.record_answer(make_answer("What is zyxwvut?"), "g", "page", None)
    assert b"zyxwvut" in files_of(sqlite_store)
    sqlite_store.delete_answer(answer_id)
    assert b"zyxwvut" not in files_of(sqlite_store)


def test_usage_is_counted_by_day_and_verdict(store: Store, clock: Clock) -> None:
    for days, verdict in ((1, Verdict.UNCLEAR), (0, Verdict.ANSWERED), (0, Verdict.ANSWERED), (0, Verdict.UNCLEAR)):
        clock.now = NOW + timedelta(days=days)
        store.record_answer(make_answer(verdict=verdict), "g", "page", None)
    usage = store.daily_usage()
    assert sorted(usage) == [
        ("2026-11-23", "answered", 2), ("2026-11-23", "unclear", 1), ("2026-11-24", "unclear", 1),
    ]  # fmt: skip
    assert [day for day, _, _ in usage] == ["2026-11-23", "2026-11-23", "2026-11-24"]


def test_personal_data_is_masked_before_it_is_stored(sqlite_store: Store) -> None:
    question = f"Call 070-123 45 67 or ada@example.org about {PERSONAL_NUMBER}?"
    answer_id = sqlite_store.record_answer(make_answer(question), "g", "page", None)
    sqlite_store.add_feedback(answer_id, "bad", [], f"my number is {PERSONAL_NUMBER}")
    stored = files_of(sqlite_store)
    for word in ("45 67", "ada@example", "9876"):
        assert word.encode() not in stored
    assert b"[personal number]" in stored


@pytest.mark.parametrize(("operator_consents", "user_consents"), [(False, True), (True, False)])
def test_questions_are_not_stored_without_consent(tmp_path: Path, operator_consents: bool, user_consents: bool) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=operator_consents)
    store.record_answer(make_answer("What is zyxwvut?"), "g", "page", PASSAGE, store_question=user_consents)
    [row] = store.list_answers()
    assert (row.question, row.resolved_question, row.verdict) == (None, None, "unclear")
    store.close()
    assert b"zyxwvut" not in files_of(store)


def test_only_quotes_are_stored_when_questions_are_not(tmp_path: Path) -> None:
    quotes = [
        Citation(number, "a.md", "Alpha", None, (), "p1", quote, 0, len(quote), 1.0, "en")
        for number, quote in enumerate(("First quote.", "Second quote."), 1)
    ]
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    answer = replace(
        make_answer(), answer="What is zyxwvut? First quote. [1] Second quote. [2]", citations=tuple(quotes)
    )
    store.record_answer(answer, "g", "page", None)
    [row] = store.list_answers()
    assert row.answer == "First quote. Second quote."
    assert [citation["quote"] for citation in row.citations] == ["First quote.", "Second quote."]
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "no url",
        "postgresql://u:p@h:port/d",
        "nosuch://x",
        "sqlite:////proc/none/store.sqlite",
        "postgresql+psycopg://x@127.0.0.1:1/x",
    ],
)
def test_an_unusable_database_is_reported(url: str) -> None:
    with pytest.raises(StoreError, match="setting 'database'"):
        Store(url)


def test_a_failed_record_is_logged_without_the_question(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=True)
    with store._engine.begin() as connection:
        Base.metadata.drop_all(connection)
    assert store.record_answer(make_answer("What is zyxwvut?"), "g", "page", None) == ""
    assert "can't record an answer: OperationalError" in caplog.text
    assert "zyxwvut" not in caplog.text
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_several_servers_can_create_a_database_at_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}" if kind == "sqlite" else request.getfixturevalue("postgres")
    if kind == "postgres":
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS feedback, answers, api_keys, alembic_version")
        engine.dispose()
    code = f"from assistant.store.database import Store; Store({url!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, cwd=ROOT) for _ in range(4)]
    try:
        results = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=10)
    assert results == [(b"", 0)] * 4


def test_a_database_of_a_newer_version_is_reported(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = Store(url)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match=r"CommandError.*setting 'database'"):
        Store(url)
