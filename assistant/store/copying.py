"""The rows of a store as lines of JSON and back, whatever database they are in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Table, select

from assistant.errors import StoreError
from assistant.store.database import Store
from assistant.store.tables import Base


def lines_of(store: Store) -> Iterator[tuple[str, str]]:
    """Name of a table and a row of it as JSON, tables in the order in which they can be filled again."""
    with store.session() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                yield table.name, json.dumps(dict(row), ensure_ascii=False, default=_written)


def add_lines(store: Store, table_name: str, lines: Iterable[str]) -> int:
    """Put rows back that aren't there, by their keys, and return how many.

    Raises:
        StoreError: a line is no row of that table.
    """
    table = Base.metadata.tables.get(table_name)
    if table is None:
        raise StoreError(f"there is no table {table_name!r}; the backup is of another version of this program")
    (key,) = table.primary_key.columns
    added = 0
    with store.session() as session:
        known = set(session.scalars(select(key)))
        for line in lines:
            row = _row(table, line)
            if row[key.name] not in known:
                session.execute(table.insert().values(row))
                added += 1
    return added


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
