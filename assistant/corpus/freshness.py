"""Whether a text is still the one that was indexed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from assistant.corpus.formats import UnreadableError
from assistant.corpus.reading import read_document
from assistant.schema import Document

CHANGED, GONE = "changed", "gone"
_QUICK = frozenset({".md", ".txt"})  # read in a millisecond


class Freshness:
    """Looks at the file of a document when it is cited, and reads it again when it was touched.

    A plain text is read once in any case: a copy that keeps its date would not be noticed else.

    Args:
        folder: the corpus folder.
        max_bytes: a larger file counts as changed.
        documents: as they were indexed, by id.
        indexed_at: when that was, seconds since the epoch: an older file is the one that was indexed.
    """

    def __init__(self, folder: Path, max_bytes: int, documents: Mapping[str, Document], indexed_at: float) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._documents, self._indexed_at = documents, indexed_at
        self._known: dict[str, tuple[tuple[int, int], str]] = {}  # document id -> state of its file, verdict
        self._lock = Lock()

    def __call__(self, document_id: str) -> str:
        """ "changed", "gone" or "" for a document of the index; ids of others are "gone"."""
        document = self._documents.get(document_id)
        if document is None:
            return GONE
        try:
            stat = (self._folder / document_id).stat()
        except OSError:
            return GONE
        state = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            known = self._known.get(document_id)
            if known is None or known[0] != state:
                touched = stat.st_mtime > self._indexed_at or Path(document_id).suffix in _QUICK
                known = (state, self._compare(document) if touched else "")
                self._known[document_id] = known
        return known[1]

    def _compare(self, document: Document) -> str:
        try:
            now = read_document(self._folder, document.document_id, self._max_bytes)
        except (UnreadableError, OSError):
            return CHANGED
        return "" if now.text == document.text else CHANGED
