"""Loading the live generation.

Although the FAISS file was written by llama-index, it is read with FAISS itself, because importing llama-index takes
longer than answering a question.
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
from assistant.index.search.lexical import LEXICAL_FOLDER, LexicalIndex, analyser_version
from assistant.index.storage.arrays import memory_map_array
from assistant.index.storage.documents import (
    PassageLayout,
    RowByPassageId,
    StoredDocuments,
    StoredDocumentTexts,
    StoredPassages,
    read_passage_layout,
)
from assistant.schema import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SENTENCE_VECTORS_FILE = "sentences.npy"
_PROBE_TEXT = "Which model made this index? Vilken modell gjorde detta index?"
_MIN_PROBE_COSINE = 0.999


@dataclass(frozen=True)
class Index:
    """A loaded generation, which is read-only and memory-mapped.

    Each passage is identified by its row, which is its position in the generation. `row_by_passage_id` maps passage
    ids to rows.
    """

    manifest: Manifest
    documents: StoredDocuments
    passages: StoredPassages
    row_by_passage_id: RowByPassageId
    passage_layout: PassageLayout
    dense_index: DenseIndex
    sentence_vectors: NDArray[np.float16]
    lexical_index: LexicalIndex
    word_vector_index: WordVectorIndex

    @property
    def document_texts(self) -> StoredDocumentTexts:
        """The indexed text of each document, by document id."""
        return StoredDocumentTexts(self.documents)

    def document_passages(self, document_id: str) -> dict[int, Passage]:
        """Return a document's passages by row, in order.

        Raises:
            KeyError: there is no such document.
        """
        first, end = self.document_row_range(document_id)
        return {row: self.passages[row] for row in range(first, end)}

    def document_row_range(self, document_id: str) -> tuple[int, int]:
        """Return the row of a document's first passage and the row after that of its last passage.

        Raises:
            KeyError: there is no such document.
        """
        position = self.documents.corpus_position(document_id)
        return int(self.passage_layout.document_passage_offsets[position]), int(
            self.passage_layout.document_passage_offsets[position + 1]
        )

    def passage_sentence_vectors(self, row: int) -> NDArray[np.float32]:
        """Return the vectors of the sentences of passage `row`, `[sentences, dimension]`."""
        offsets = self.passage_layout.passage_sentence_offsets
        vectors: NDArray[np.float32] = self.sentence_vectors[offsets[row] : offsets[row + 1]].astype("float32")
        return vectors

    def sentence_cosines(self, vector: NDArray[np.float32], row: int) -> NDArray[np.float32]:
        """Return the cosine between `vector` and the vector of each sentence of passage `row`, `[sentences]`."""
        return self.passage_sentence_vectors(row) @ vector


def model_check_vector(encoder: Encoder) -> tuple[float, ...]:
    """Embed a fixed text. If its vector is unlike `Manifest.probe`, the index was built with another model."""
    return tuple(round(float(value), 6) for value in encoder.encode_questions([_PROBE_TEXT]).vectors[0])


def load_index(index: Path, encoder: Encoder, thorough: bool = True) -> Index:
    """Verify and load the live generation.

    Args:
        index: the index folder.
        encoder: the model with which the index was built.
        thorough: see `integrity.verify_generation`.

    Raises:
        IndexStateError: there is no index, or the index was built with another model or program version.
        IndexDamagedError: a file of the generation is missing or damaged.
    """
    folder = live_generation_folder(index)
    manifest = read_manifest(folder)
    _check_compatibility(manifest, encoder)
    verify_generation(index, folder, manifest, thorough)
    try:
        return _read(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IndexDamagedError(
            f"index {str(folder)!r} can't be read; rebuild it: assistant index --rebuild"
        ) from error


def _check_compatibility(manifest: Manifest, encoder: Encoder) -> None:
    if (manifest.format, manifest.chunker, manifest.analysis) != (FORMAT_VERSION, chunker_name(), analyser_version()):
        raise IndexStateError(
            f"another version of this program built the index ({manifest.chunker!r}); update the index: assistant index"
        )
    is_same_model = manifest.model_fingerprint == encoder.fingerprint and manifest.dimension == encoder.dimension
    if is_same_model:
        probe = model_check_vector(encoder)
        is_same_model = sum(a * b for a, b in zip(probe, manifest.probe, strict=True)) >= _MIN_PROBE_COSINE
    if not is_same_model:
        raise IndexStateError(
            f"the index was built with model {manifest.model!r}, not with these files of {encoder.name!r}; "
            "update the index: assistant index"
        )


def _read(folder: Path, manifest: Manifest) -> Index:
    passages = StoredPassages(folder)
    return Index(
        manifest=manifest,
        documents=StoredDocuments(folder, manifest.documents),
        passages=passages,
        row_by_passage_id=RowByPassageId(folder),
        passage_layout=read_passage_layout(folder),
        dense_index=open_dense_index(folder, manifest.search),
        sentence_vectors=memory_map_array(folder / SENTENCE_VECTORS_FILE),
        lexical_index=LexicalIndex(folder / LEXICAL_FOLDER, len(passages)),
        word_vector_index=open_word_vectors(folder),
    )
