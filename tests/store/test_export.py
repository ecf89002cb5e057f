from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.errors import StoreError
from assistant.store.api_keys import ApiKeyStore
from assistant.store.database import Store
from assistant.store.export import export_rows, import_rows
from tests.store.conftest import NOW, PASSAGE, Clock, make_answer


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    """A second SQLite store, with nothing in it."""
    store = Store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    yield store
    store.close()


def fill(store: Store, clock: Clock) -> None:
    """Add an API key and two answers, one of which has feedback."""
    store.add_feedback(store.record_answer(make_answer(), "g", "page", PASSAGE), "bad", ["incomplete"], "Åre!")
    clock.now = NOW + timedelta(hours=1)
    store.record_answer(make_answer("Who pays?"), "g", "api", None)
    ApiKeyStore(store).create_key("report", ["ask"], days=7)


def without_number(row: tuple[str, str]) -> tuple[str, dict[str, object]]:
    """The table and values of an exported row. Each database numbers feedback itself."""
    table, line = row
    values = json.loads(line)
    values.pop("feedback_id", None)
    return table, values


def test_exported_rows_can_be_imported_elsewhere(store: Store, clock: Clock, empty_store: Store) -> None:
    fill(store, clock)
    exported = list(export_rows(store))
    assert {table for table, _ in exported} == {"answers", "feedback", "api_keys"}
    assert [import_rows(empty_store, table, [line]) for table, line in exported] == [1, 1, 1, 1]
    assert [without_number(row) for row in export_rows(empty_store)] == [without_number(row) for row in exported]
    [row] = empty_store.list_feedback()
    assert (row.comment, row.given_at, row.answer.question) == ("Åre!", NOW, "What is NWI?")
    assert ApiKeyStore(empty_store).all_keys() == ApiKeyStore(store).all_keys()


def test_existing_rows_are_not_imported_again(sqlite_store: Store, clock: Clock) -> None:
    fill(sqlite_store, clock)
    exported = list(export_rows(sqlite_store))
    assert [import_rows(sqlite_store, table, [line]) for table, line in exported] == [0, 0, 0, 0]
    assert list(export_rows(sqlite_store)) == exported


def test_feedback_on_a_missing_answer_is_skipped(sqlite_store: Store, clock: Clock, empty_store: Store) -> None:
    fill(sqlite_store, clock)
    lines = [line for table, line in export_rows(sqlite_store) if table == "feedback"]
    assert import_rows(empty_store, "feedback", lines) == 0
    assert empty_store.list_feedback() == []


def test_imported_feedback_gets_a_new_number(sqlite_store: Store, clock: Clock, empty_store: Store) -> None:
    empty_store.add_feedback(empty_store.record_answer(make_answer(), "g", "page", None), "good", [], "ours")
    fill(sqlite_store, clock)
    for table, line in export_rows(sqlite_store):
        import_rows(empty_store, table, [line])
    numbers = {row.comment: row.feedback_id for row in empty_store.list_feedback()}
    assert numbers == {"ours": 1, "Åre!": 2}


def test_an_unknown_table_is_reported(empty_store: Store) -> None:
    with pytest.raises(StoreError, match="unknown table 'secrets'"):
        import_rows(empty_store, "secrets", [])


@pytest.mark.parametrize("line", ["no json", "[]", '{"answer_id": "1"}'])
def test_an_invalid_line_imports_nothing(sqlite_store: Store, clock: Clock, empty_store: Store, line: str) -> None:
    fill(sqlite_store, clock)
    valid = [text for table, text in export_rows(sqlite_store) if table == "answers"]
    with pytest.raises(StoreError, match="a line of 'answers' is not a valid row"):
        import_rows(empty_store, "answers", [*valid, line])
    assert empty_store.list_answers() == []


def test_an_invalid_date_is_reported(sqlite_store: Store, clock: Clock, empty_store: Store) -> None:
    fill(sqlite_store, clock)
    row = json.loads(next(line for table, line in export_rows(sqlite_store) if table == "answers"))
    with pytest.raises(StoreError, match="not a valid row"):
        import_rows(empty_store, "answers", [json.dumps({**row, "asked_at": "yesterday"})])


def test_a_row_the_database_rejects_is_reported(sqlite_store: Store, clock: Clock, empty_store: Store) -> None:
    fill(sqlite_store, clock)
    row = json.loads(next(line for table, line in export_rows(sqlite_store) if table == "answers"))
    with pytest.raises(StoreError, match=r"can't import rows into 'answers' \(IntegrityError\)"):
        import_rows(empty_store, "answers", [json.dumps({**row, "verdict": None})])
