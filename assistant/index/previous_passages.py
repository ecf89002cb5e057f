"""Reusing the previous generation's passages for documents that haven't changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.chunking import chunker_name
from assistant.embedding.encoder import Encoder
from assistant.errors import IndexDamagedError
from assistant.index.manifest import FORMAT_VERSION, Manifest, verify_files
from assistant.index.search import lexical
from assistant.index.storage.documents import PASSAGE_FILES, PassagesByDocument
from assistant.schema import Passage


class PreviousPassages:
    """The passages of the previous generation, by document.

    Args:
        folder: the folder of the previous generation.
        manifest: the manifest of the previous generation.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._digests = manifest.documents
        self._positions = {document_id: position for position, document_id in enumerate(manifest.documents)}
        self._passages = PassagesByDocument(folder)

    def unchanged_passages(self, document_id: str, digest: str) -> Sequence[Passage] | None:
        """Return the previous passages of a document, or None if the document is new or its digest has changed."""
        if self._digests.get(document_id) != digest:
            return None
        return self._passages[self._positions[document_id]]


def read_previous_passages(folder: Path, manifest: Manifest, encoder: Encoder) -> PreviousPassages | None:
    """Open the passages of the generation in `folder`.

    Returns:
        The passages, or None if the generation's files are damaged or if the generation was built with another
        format, chunker, analysis or model.
    """
    current = (FORMAT_VERSION, chunker_name(), lexical.analyser_version(), encoder.fingerprint)
    if (manifest.format, manifest.chunker, manifest.analysis, manifest.model_fingerprint) != current:
        return None
    try:
        verify_files(folder, manifest, PASSAGE_FILES)
        return PreviousPassages(folder, manifest)
    except (IndexDamagedError, OSError, ValueError):
        return None
