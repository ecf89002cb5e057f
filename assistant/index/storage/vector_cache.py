"""A cache of passage vectors, thanks to which a build embeds only new passages.

The cache is an SQLite database. When a build is killed, it loses at most one batch of vectors.
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

VECTOR_CACHE_FILE = "vectors-1.sqlite"  # increase the number in the file name when the table changes


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """The vectors of a passage and of its sentences and content words.

    Attributes:
        passage_vector: the vector of the passage, float32 `[d]`.
        sentence_vectors: the vectors of the sentences, float16 `[sentences, d]`.
        word_vectors: the vectors of the content words, int8 `[words, d]`; see `late_interaction.quantise`.
    """

    passage_vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float16]
    word_vectors: NDArray[np.int8]


def vector_cache_key(fingerprint: str, text: str, spans: Sequence[Span]) -> bytes:
    """Return a passage's cache key, which is a hash of the model fingerprint, the embedded text and the spans in it."""
    bounds = [(span.start, span.end) for span in spans]
    return hashlib.sha256(f"{fingerprint}\0{text}\0{bounds}".encode()).digest()


class VectorCache:
    """A cache of passage vectors by key. Use `open_vector_cache` to open it."""

    def __init__(self, connection: sqlite3.Connection, dimension: int) -> None:
        self._connection, self._dimension = connection, dimension

    def cached_keys(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return all keys in the cache."""
        query = "SELECT 1 FROM vectors WHERE key = ?"
        return {key for key in keys if self._connection.execute(query, (key,)).fetchone()}

    def get_vectors(self, key: bytes) -> PassageVectors:
        """Return the vectors stored under `key`, which must be in the cache."""
        import numpy as np

        query = "SELECT passage, sentences, words FROM vectors WHERE key = ?"
        passage, sentences, words = self._connection.execute(query, (key,)).fetchone()
        return PassageVectors(
            np.frombuffer(passage, dtype=np.float32),
            np.frombuffer(sentences, dtype=np.float16).reshape(-1, self._dimension),
            np.frombuffer(words, dtype=np.int8).reshape(-1, self._dimension),
        )

    def put_vectors(self, items: Iterable[tuple[bytes, PassageVectors]]) -> None:
        """Add the vectors in `items`, or replace those already cached, in one transaction."""
        rows = [
            (key, vectors.passage_vector.tobytes(), vectors.sentence_vectors.tobytes(), vectors.word_vectors.tobytes())
            for key, vectors in items
        ]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)

    def keep_only_keys(self, keys: Iterable[bytes]) -> None:
        """Delete all vectors except those stored under `keys`."""
        with self._connection:
            self._connection.execute("CREATE TEMP TABLE kept (key BLOB PRIMARY KEY)")
            self._connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", [(key,) for key in keys])
            self._connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT key FROM kept)")
            self._connection.execute("DROP TABLE kept")


@contextmanager
def open_vector_cache(folder: Path, dimension: int) -> Iterator[VectorCache]:
    """Open the cache in `folder`. If there is no cache, create one.

    Raises:
        IndexDamagedError: the cache file is not an SQLite database or is damaged.
    """
    path = folder / VECTOR_CACHE_FILE
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
