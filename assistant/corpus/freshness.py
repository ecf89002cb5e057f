"""Detecting documents that have been changed or deleted since they were indexed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from assistant.corpus.corpus_reader import read_document
from assistant.corpus.formats import UnreadableDocumentError
from assistant.schema import Document

CHANGED, GONE = "changed", "gone"
_FAST_SUFFIXES = frozenset({".md", ".txt"})  # such files take less than a millisecond to read


class DocumentChangeDetector:
    """Compares a document's file with the indexed version of the document whenever the document is cited.

    Most files are read only if they were modified after `indexed_at`. Markdown and plain text files are read at least
    once whatever their date, because a file might have been replaced with one that has an older date.

    Args:
        folder: the corpus folder.
        max_bytes: the maximum size of a file. A larger file counts as changed.
        documents: the indexed documents, by document id.
        indexed_at: when the documents were indexed, in seconds since the epoch.
    """

    def __init__(self, folder: Path, max_bytes: int, documents: Mapping[str, Document], indexed_at: float) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._documents, self._indexed_at = documents, indexed_at
        self._cache: dict[str, tuple[tuple[int, int], str]] = {}  # document id -> last (mtime, size) and result
        self._lock = Lock()

    def __call__(self, document_id: str) -> str:
        """Return "changed", "gone" or "" (unchanged) for a document. A document that isn't indexed counts as "gone"."""
        document = self._documents.get(document_id)
        if document is None:
            return GONE
        try:
            stat = (self._folder / document_id).stat()
        except OSError:
            return GONE
        state = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            cached = self._cache.get(document_id)
            if cached is None or cached[0] != state:
                must_read = stat.st_mtime > self._indexed_at or Path(document_id).suffix in _FAST_SUFFIXES
                cached = (state, self._compare(document) if must_read else "")
                self._cache[document_id] = cached
        return cached[1]

    def _compare(self, document: Document) -> str:
        try:
            current = read_document(self._folder, document.document_id, self._max_bytes)
        except (UnreadableDocumentError, OSError):
            return CHANGED
        return "" if current.text == document.text else CHANGED
