"""The passages of the generation before a build, taken for documents that are as they were: they are divided alike."""

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
    """The passages in `folder`, a generation with the manifest `manifest`, by document."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._digests = manifest.documents
        self._numbers = {document_id: number for number, document_id in enumerate(manifest.documents)}
        self._passages = PassagesByDocument(folder)

    def of(self, document_id: str, digest: str) -> Sequence[Passage] | None:
        """The passages of a document whose digest is the same as then, None for another or an unknown one."""
        if self._digests.get(document_id) != digest:
            return None
        return self._passages[self._numbers[document_id]]


def read_previous_passages(folder: Path, manifest: Manifest, encoder: Encoder) -> PreviousPassages | None:
    """The generation in `folder`, None where its files aren't whole or it was divided in another way."""
    now = (FORMAT_VERSION, chunker_name(), lexical.analyser_version(), encoder.fingerprint)
    if (manifest.format, manifest.chunker, manifest.analysis, manifest.model_fingerprint) != now:
        return None
    try:
        verify_files(folder, manifest, PASSAGE_FILES)
        return PreviousPassages(folder, manifest)
    except (IndexDamagedError, OSError, ValueError):
        return None
