"""The rows of a store as lines of JSON and back, whatever database they are in."""

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
    """Name of a table and a row of it as JSON, tables in the order in which they can be filled again."""
    with store.session() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                yield table.name, json.dumps(dict(row), ensure_ascii=False, default=_written)


def import_rows(store: Store, table_name: str, lines: Iterable[str]) -> int:
    """Put rows back that aren't there, and return how many.

    A row that is numbered by the database is known by the row it belongs to: an answer has one piece of feedback.

    Raises:
        StoreError: a line is no row of that table, or the database refuses it.
    """
    table = Base.metadata.tables.get(table_name)
    if table is None:
        raise StoreError(f"there is no table {table_name!r}; the backup is of another version of this program")
    (key,) = table.primary_key.columns
    numbered = isinstance(key.type, Integer)
    (own,) = [column for column in table.columns if column.foreign_keys] if numbered else [key]
    added = 0
    try:
        with store.session() as session:
            known = set(session.scalars(select(own)))
            parents = _parents(session, own)
            for line in lines:
                row = _row(table, line)
                if row[own.name] in known or (parents is not None and row[own.name] not in parents):
                    continue  # there already, or of an answer that was deleted while the backup was made
                if numbered:
                    del row[key.name]  # the database goes on counting from its own numbers
                session.execute(table.insert().values(row))
                added += 1
    except SQLAlchemyError as error:
        raise StoreError(f"rows of {table_name!r} can't be put back ({type(error).__name__})") from None
    return added


def _parents(session: Session, column: Column[Any]) -> set[Any] | None:
    """The values that a column which refers to another table may have, None for any."""
    referred = [foreign.column for foreign in column.foreign_keys]
    return set(session.scalars(select(referred[0]))) if referred else None


def _row(table: Table, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if row.keys() != {column.name for column in table.columns}:
            raise ValueError("other columns")
        for column in table.columns:
            if isinstance(column.type, DateTime) and row[column.name] is not None:
                row[column.name] = datetime.fromisoformat(row[column.name])
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"a line of {table.name!r} is no row of it ({error}); nothing of it was put back") from None
    loaded: dict[str, Any] = row
    return loaded


def _written(value: Any) -> str:
    assert isinstance(value, datetime)  # every other type of the tables is one of JSON's
    return value.isoformat()
