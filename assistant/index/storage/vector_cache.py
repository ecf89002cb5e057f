"""Vectors that were computed before, by (model, text): a rebuild embeds only what is new.

SQLite, so that a build that is killed has lost at most one batch.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import IndexDamagedError
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CACHE_FILE = "vectors-1.sqlite"  # the number rises when the table changes


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """What is kept of an embedded passage: its vector, float32 `[d]`, its sentences' vectors, float16
    `[sentences, d]`, and its words', int8 `[words, d]` (see `words`)."""

    passage: NDArray[np.float32]
    sentences: NDArray[np.float16]
    words: NDArray[np.int8]


def vector_key(fingerprint: str, text: str, spans: Sequence[Span]) -> bytes:
    """The key of a passage's vectors: model, text as the model reads it, and the spans in it."""
    bounds = [(span.start, span.end) for span in spans]
    return hashlib.sha256(f"{fingerprint}\0{text}\0{bounds}".encode()).digest()


class VectorCache:
    """`PassageVectors` by key."""

    def __init__(self, connection: sqlite3.Connection, dimension: int) -> None:
        self._connection, self._dimension = connection, dimension

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of `keys` that are there."""
        query = "SELECT 1 FROM vectors WHERE key = ?"
        return {key for key in keys if self._connection.execute(query, (key,)).fetchone()}

    def get(self, key: bytes) -> PassageVectors:
        """The vectors of `key`, which is known."""
        import numpy as np

        query = "SELECT passage, sentences, words FROM vectors WHERE key = ?"
        passage, sentences, words = self._connection.execute(query, (key,)).fetchone()
        return PassageVectors(
            np.frombuffer(passage, dtype=np.float32),
            np.frombuffer(sentences, dtype=np.float16).reshape(-1, self._dimension),
            np.frombuffer(words, dtype=np.int8).reshape(-1, self._dimension),
        )

    def put(self, items: Iterable[tuple[bytes, PassageVectors]]) -> None:
        """Keep vectors, in one transaction."""
        rows = [(key, own.passage.tobytes(), own.sentences.tobytes(), own.words.tobytes()) for key, own in items]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget every vector but those of `keys`: what left the corpus leaves the cache."""
        with self._connection:
            self._connection.execute("CREATE TEMP TABLE kept (key BLOB PRIMARY KEY)")
            self._connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", [(key,) for key in keys])
            self._connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT key FROM kept)")
            self._connection.execute("DROP TABLE kept")


@contextmanager
def open_cache(folder: Path, dimension: int) -> Iterator[VectorCache]:
    """The cache in `folder`, made when missing.

    Raises:
        IndexDamagedError: the file is no cache.
    """
    path = folder / CACHE_FILE
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, passage BLOB, sentences BLOB, words BLOB)"
            )
            yield VectorCache(connection, dimension)
    except sqlite3.DatabaseError as error:
        raise IndexDamagedError(
            f"{str(path)!r} is damaged ({error}); remove that file and run: assistant index"
        ) from None
