"""A verified generation in memory: texts, vectors and statistics to answer from.

Reads the FAISS file directly: llama-index wrote it, and importing llama-index takes longer than a
question.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chunking import chunker_name
from assistant.embedding.encoder import Encoder
from assistant.errors import IndexDamagedError, IndexStateError
from assistant.index.lexical import FOLDER, Lexical, analysis
from assistant.index.manifest import FORMAT, Manifest, read_manifest, verify_files
from assistant.index.store import live_folder
from assistant.index.words import WordIndex, read_words
from assistant.schema import Document, Heading, Passage, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VECTORS, SENTENCES, DOCUMENTS, PASSAGES = "vectors.faiss", "sentences.npy", "documents.jsonl", "passages.jsonl"
_PROBE_TEXT = "Which model made this index? Vilken modell gjorde detta index?"
_LEAST_PROBE_COSINE = 0.999


@dataclass(frozen=True)
class Index:
    """One generation, read-only.

    `passages` stand in the order of the rows of `vectors`; the sentence vectors of passage `i` are
    rows `sentence_rows[i]` to `sentence_rows[i + 1]` of `sentence_vectors` (float16, unit length).
    """

    manifest: Manifest
    documents: dict[str, Document]
    passages: tuple[Passage, ...]
    vectors: Any  # faiss.Index
    sentence_vectors: NDArray[np.float16]
    sentence_rows: tuple[int, ...]
    lexical: Lexical
    words: WordIndex

    @cached_property
    def texts(self) -> dict[str, str]:
        """Indexed text by document id."""
        return {key: document.text for key, document in self.documents.items()}

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each passage by its id."""
        return {passage.passage_id: row for row, passage in enumerate(self.passages)}

    def nearest(
        self, vector: NDArray[np.float32], count: int, among: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the `count` passages nearest to `vector` `[dimension]`, best first.

        Args:
            vector: unit length.
            count: fewer are given where there are fewer.
            among: only these rows count, all when None.
        """
        if among is None:
            cosines, rows = self.vectors.search(vector[None], min(count, len(self.passages)))
            return rows[0], cosines[0]
        import faiss

        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]  # its stubs lack it
        cosines, rows = self.vectors.search(vector[None], min(count, len(among)), params=chosen)
        return rows[0], cosines[0]

    def cosine(self, vector: NDArray[np.float32], row: int) -> float:
        """Cosine of `vector` and passage `row`."""
        return float(self.vectors.reconstruct(int(row)) @ vector)

    def sentence_cosines(self, vector: NDArray[np.float32], row: int) -> NDArray[np.float32]:
        """Cosine of `vector` and each sentence of passage `row`, `[sentences]`."""
        own = self.sentence_vectors[self.sentence_rows[row] : self.sentence_rows[row + 1]]
        return own.astype("float32") @ vector


def probe_vector(encoder: Encoder) -> tuple[float, ...]:
    """The vector by which the encoder of an index is recognised."""
    return tuple(round(float(value), 6) for value in encoder.encode_questions([_PROBE_TEXT]).vectors[0])


def load_index(index: Path, encoder: Encoder) -> Index:
    """Load and verify the live generation in `index`.

    Raises:
        IndexStateError: there is none, or another model or chunker made it.
        IndexDamagedError: a file of it is not what its manifest says.
    """
    folder = live_folder(index)
    manifest = read_manifest(folder)
    _check_fit(manifest, encoder)
    verify_files(folder, manifest)
    try:
        return _read(folder, manifest)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise IndexDamagedError(f"index {str(folder)!r} can't be read; rebuild: assistant index --rebuild") from error


def _check_fit(manifest: Manifest, encoder: Encoder) -> None:
    if (manifest.format, manifest.chunker, manifest.analysis) != (FORMAT, chunker_name(), analysis()):
        raise IndexStateError(
            f"the index was built by another version of this program ({manifest.chunker!r}); update it: assistant index"
        )
    same = manifest.model_fingerprint == encoder.fingerprint and manifest.dimension == encoder.dimension
    if same:
        now = probe_vector(encoder)
        same = sum(a * b for a, b in zip(now, manifest.probe, strict=True)) >= _LEAST_PROBE_COSINE
    if not same:
        raise IndexStateError(
            f"the index was built with model {manifest.model!r}, not with these files of {encoder.name!r}; "
            "update it: assistant index"
        )


def _read(folder: Path, manifest: Manifest) -> Index:
    import faiss
    import numpy as np

    documents = {}
    with (folder / DOCUMENTS).open(encoding="utf-8") as lines:
        for line in lines:
            document = _document(json.loads(line))
            documents[document.document_id] = document
    with (folder / PASSAGES).open(encoding="utf-8") as lines:
        passages = tuple(_passage(json.loads(line), documents) for line in lines)
    bounds = [0]
    for passage in passages:
        bounds.append(bounds[-1] + len(passage.sentences))
    faiss.omp_set_num_threads(1)  # two threads for one query are slower than one
    return Index(
        manifest=manifest,
        documents=documents,
        passages=passages,
        vectors=faiss.read_index(str(folder / VECTORS), faiss.IO_FLAG_MMAP),
        sentence_vectors=np.load(folder / SENTENCES, mmap_mode="r"),
        sentence_rows=tuple(bounds),
        lexical=Lexical(folder / FOLDER, len(passages)),
        words=read_words(folder),
    )


def _document(record: dict[str, Any]) -> Document:
    headings = tuple(
        Heading(Span(item["span"]["start"], item["span"]["end"]), item["level"], item["text"])
        for item in record.pop("headings")
    )
    return Document(**record, headings=headings)


def _passage(record: dict[str, Any], documents: dict[str, Document]) -> Passage:
    document = documents[record["document"]]
    return Passage(
        passage_id=record["id"],
        document_id=document.document_id,
        title=document.title,
        url=document.url,
        language=document.language,
        heading=tuple(record["heading"]),
        text=document.text[record["start"] : record["end"]],
        start=record["start"],
        end=record["end"],
        sentences=tuple(Span(start, end) for start, end in record["sentences"]),
    )
