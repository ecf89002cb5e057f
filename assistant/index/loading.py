"""A verified generation in memory: texts, vectors and statistics to answer from.

Reads the FAISS file directly: llama-index wrote it, and importing llama-index takes longer than a
question.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.chunking import chunker_name
from assistant.embedding.encoder import Encoder
from assistant.errors import IndexDamagedError, IndexStateError
from assistant.index.generations import live_generation_folder
from assistant.index.integrity import verify_generation
from assistant.index.manifest import FORMAT_VERSION, Manifest, read_manifest
from assistant.index.search.dense import DenseIndex, open_dense_index
from assistant.index.search.late_interaction import WordVectorIndex, open_word_vectors
from assistant.index.search.lexical import FOLDER, LexicalIndex, analyser_version
from assistant.index.storage.arrays import open_array
from assistant.index.storage.documents import (
    PassageLayout,
    PassageRows,
    StoredDocuments,
    StoredPassages,
    StoredTexts,
    read_layout,
)
from assistant.schema import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SENTENCES_FILE = "sentences.npy"
_PROBE_TEXT = "Which model made this index? Vilken modell gjorde detta index?"
_LEAST_PROBE_COSINE = 0.999


@dataclass(frozen=True)
class Index:
    """One generation, read-only and memory-mapped; `passages` stand in the order of their rows."""

    manifest: Manifest
    documents: StoredDocuments
    passages: StoredPassages
    rows: PassageRows
    layout: PassageLayout
    dense: DenseIndex
    sentence_vectors: NDArray[np.float16]
    lexical: LexicalIndex
    words: WordVectorIndex

    @property
    def texts(self) -> StoredTexts:
        """Indexed text by document id."""
        return StoredTexts(self.documents)

    def passages_of(self, document_id: str) -> dict[int, Passage]:
        """The passages of a document by their rows, in order.

        Raises:
            KeyError: no such document.
        """
        first, end = self.rows_of(document_id)
        return {row: self.passages[row] for row in range(first, end)}

    def rows_of(self, document_id: str) -> tuple[int, int]:
        """The first row of a document's passages, and the one after the last.

        Raises:
            KeyError: no such document.
        """
        number = self.documents.number(document_id)
        return int(self.layout.documents[number]), int(self.layout.documents[number + 1])

    def sentences(self, row: int) -> NDArray[np.float32]:
        """The vectors of the sentences of passage `row`, `[sentences, dimension]`."""
        bounds = self.layout.sentences
        found: NDArray[np.float32] = self.sentence_vectors[bounds[row] : bounds[row + 1]].astype("float32")
        return found

    def sentence_cosines(self, vector: NDArray[np.float32], row: int) -> NDArray[np.float32]:
        """Cosine of `vector` and each sentence of passage `row`, `[sentences]`."""
        return self.sentences(row) @ vector


def reference_vector(encoder: Encoder) -> tuple[float, ...]:
    """The vector by which the encoder of an index is recognised."""
    return tuple(round(float(value), 6) for value in encoder.encode_questions([_PROBE_TEXT]).vectors[0])


def load_index(index: Path, encoder: Encoder, thorough: bool = True) -> Index:
    """Load and verify the live generation in `index`; see `checked.verify` for `thorough`.

    Raises:
        IndexStateError: there is none, or another model or chunker made it.
        IndexDamagedError: a file of it is not what its manifest says.
    """
    folder = live_generation_folder(index)
    manifest = read_manifest(folder)
    _check_fit(manifest, encoder)
    verify_generation(index, folder, manifest, thorough)
    try:
        return _read(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IndexDamagedError(f"index {str(folder)!r} can't be read; rebuild: assistant index --rebuild") from error


def _check_fit(manifest: Manifest, encoder: Encoder) -> None:
    if (manifest.format, manifest.chunker, manifest.analysis) != (FORMAT_VERSION, chunker_name(), analyser_version()):
        raise IndexStateError(
            f"the index was built by another version of this program ({manifest.chunker!r}); update it: assistant index"
        )
    same = manifest.model_fingerprint == encoder.fingerprint and manifest.dimension == encoder.dimension
    if same:
        now = reference_vector(encoder)
        same = sum(a * b for a, b in zip(now, manifest.probe, strict=True)) >= _LEAST_PROBE_COSINE
    if not same:
        raise IndexStateError(
            f"the index was built with model {manifest.model!r}, not with these files of {encoder.name!r}; "
            "update it: assistant index"
        )


def _read(folder: Path, manifest: Manifest) -> Index:
    passages = StoredPassages(folder)
    return Index(
        manifest=manifest,
        documents=StoredDocuments(folder, manifest.documents),
        passages=passages,
        rows=PassageRows(folder),
        layout=read_layout(folder),
        dense=open_dense_index(folder, manifest.search),
        sentence_vectors=open_array(folder / SENTENCES_FILE),
        lexical=LexicalIndex(folder / FOLDER, len(passages)),
        words=open_word_vectors(folder),
    )
