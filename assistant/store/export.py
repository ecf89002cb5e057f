"""Exports the rows in a store as lines of JSON, and imports such lines into any supported database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Integer, Table, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from assistant.errors import StoreError
from assistant.store.database import Store
from assistant.store.tables import Base


def export_rows(store: Store) -> Iterator[tuple[str, str]]:
    """Yield each row as its table name and a line of JSON. Referenced tables come before those that refer to them."""
    with store.session() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                yield table.name, json.dumps(dict(row), ensure_ascii=False, default=_datetime_as_text)


def import_rows(store: Store, table_name: str, lines: Iterable[str]) -> int:
    """Import the rows that are missing from the store. Returns the number of rows added.

    The database numbers feedback entries itself, so their ids can't be compared. An answer has at most one entry, so an
    entry counts as missing if its answer has no feedback yet.

    Args:
        store: the store to import into.
        table_name: the table to which the rows belong.
        lines: the rows, as exported by `export_rows`.

    Raises:
        StoreError: a line doesn't fit the table, or the database rejects it. In that case, no row is imported.
    """
    table = Base.metadata.tables.get(table_name)
    if table is None:
        raise StoreError(f"unknown table {table_name!r}; the backup was made by a different version of this program")
    (key,) = table.primary_key.columns
    auto_numbered = isinstance(key.type, Integer)
    (identity,) = [column for column in table.columns if column.foreign_keys] if auto_numbered else [key]
    added = 0
    try:
        with store.session() as session:
            existing = set(session.scalars(select(identity)))
            valid_references = _valid_references(session, identity)
            for line in lines:
                row = _parse_row(table, line)
                value = row[identity.name]
                if value in existing or (valid_references is not None and value not in valid_references):
                    continue  # already stored, or refers to an answer that was deleted during the backup
                if auto_numbered:
                    del row[key.name]  # the database assigns a new id
                session.execute(table.insert().values(row))
                added += 1
    except SQLAlchemyError as error:
        raise StoreError(f"can't import rows into {table_name!r} ({type(error).__name__})") from None
    return added


def _valid_references(session: Session, column: Column[Any]) -> set[Any] | None:
    """Return the values that `column` may have if it is a foreign key, else None."""
    targets = [foreign.column for foreign in column.foreign_keys]
    return set(session.scalars(select(targets[0]))) if targets else None


def _parse_row(table: Table, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if row.keys() != {column.name for column in table.columns}:
            raise ValueError("unexpected columns")
        for column in table.columns:
            if isinstance(column.type, DateTime) and row[column.name] is not None:
                row[column.name] = datetime.fromisoformat(row[column.name])
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(
            f"a line of {table.name!r} is not a valid row ({error}); no rows of this table were imported"
        ) from None
    parsed: dict[str, Any] = row
    return parsed


def _datetime_as_text(value: Any) -> str:
    assert isinstance(value, datetime)  # json.dumps handles the other types used in the tables
    return value.isoformat()
