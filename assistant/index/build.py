"""Building a generation of the index from documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from assistant.chunking import chunker_name
from assistant.chunking.passage_parser import split_into_passages
from assistant.embedding.encoder import Encoder
from assistant.errors import IndexDamagedError
from assistant.index import generations
from assistant.index.generation_writer import DocumentSplitter, ProgressWrapper, WrittenGeneration, write_generation
from assistant.index.loading import model_check_vector
from assistant.index.manifest import (
    FORMAT_VERSION,
    Manifest,
    document_digest,
    file_checksum,
    generation_name,
    read_manifest,
)
from assistant.index.previous_passages import read_previous_passages
from assistant.index.search import lexical
from assistant.index.storage.documents import DocumentWriter
from assistant.index.storage.vector_cache import VECTOR_CACHE_FILE, open_vector_cache
from assistant.schema import Document, Passage


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The ids of the documents that a build added, updated, removed or kept, and the numbers of passages."""

    generation: str
    added_ids: tuple[str, ...]
    changed_ids: tuple[str, ...]
    removed_ids: tuple[str, ...]
    unchanged_ids: tuple[str, ...]
    passage_count: int
    embedded_passage_count: int


def build_index(
    documents: Iterable[Document], encoder: Encoder, index: Path, rebuild: bool = False,
    progress: ProgressWrapper = lambda items, _: items, threads: int = 1,
) -> BuildReport:  # fmt: skip
    """Update the index. Only new and changed passages are embedded. Deleted documents are removed from the index.

    Args:
        documents: all documents of the corpus. They are iterated over once and never all held in memory at once.
        encoder: the embedding model.
        index: the index folder, which is created if necessary.
        rebuild: whether to discard all cached vectors and build everything from scratch.
        progress: a function that wraps the iterable of batches to show progress, as `tqdm` does. The second argument
            that it receives is the number of batches.
        threads: the number of threads that FAISS uses.

    Raises:
        IndexStateError: another build is running.
        IndexDamagedError: the vector cache is damaged.
    """
    # BLAS is limited to one thread; more would compete with the model's own threads.
    with threadpool_limits(1, "blas"), generations.build_lock(index), generations.scratch_folder(index) as folder:
        previous = None if rebuild else _previous_manifest(index)
        writer = DocumentWriter(folder)
        digests = _write_documents(documents, writer)
        if rebuild:  # deleted only now: had a document been unreadable, the build would have stopped above
            (index / VECTOR_CACHE_FILE).unlink(missing_ok=True)
        name = generation_name(encoder.fingerprint, chunker_name(), lexical.analyser_version(), digests)
        embedded = 0
        if rebuild or not generations.is_generation_intact(index, name):
            with open_vector_cache(index, encoder.dimension) as cache:
                split = _document_splitter(index, previous, digests, encoder)
                written = write_generation(writer, split, folder, encoder, cache, threads, progress)
                _write_manifest(folder, name, digests, written, encoder)
                generations.publish_generation(index, folder, name)
                cache.keep_only_keys(written.vector_cache_keys)
            embedded = written.embedded_passage_count
        elif generations.current_generation(index) != name:  # a build was killed, or corpus changes were undone
            generations.set_live_generation(index, name)
        passages = read_manifest(generations.generation_folder(index, name)).passages
    return _report(name, previous.documents if previous else {}, digests, passages, embedded)


def _write_documents(documents: Iterable[Document], writer: DocumentWriter) -> dict[str, str]:
    """Write the documents and return each one's digest, by document id."""
    digests = {}
    for document in documents:
        writer.write_document(document)
        digests[document.document_id] = document_digest(document)
    return digests


def _previous_manifest(index: Path) -> Manifest | None:
    name = generations.current_generation(index)
    if name is None:
        return None
    try:
        return read_manifest(generations.generation_folder(index, name))
    except IndexDamagedError:
        return None


def _document_splitter(
    index: Path, previous: Manifest | None, digests: dict[str, str], encoder: Encoder
) -> DocumentSplitter:
    """Return a function that splits a document into passages, or reuses those of the previous generation."""
    previous_passages = (
        read_previous_passages(generations.generation_folder(index, previous.generation), previous, encoder)
        if previous
        else None
    )

    def split(document: Document) -> Sequence[Passage]:
        digest = digests[document.document_id]
        passages = previous_passages.unchanged_passages(document.document_id, digest) if previous_passages else None
        return split_into_passages([document], encoder) if passages is None else passages

    return split


def _report(
    name: str, previous: dict[str, str], current: dict[str, str], passages: int, embedded: int
) -> BuildReport:  # fmt: skip
    return BuildReport(
        generation=name,
        added_ids=tuple(sorted(current.keys() - previous.keys())),
        changed_ids=tuple(sorted(key for key in current.keys() & previous.keys() if current[key] != previous[key])),
        removed_ids=tuple(sorted(previous.keys() - current.keys())),
        unchanged_ids=tuple(sorted(key for key in current.keys() & previous.keys() if current[key] == previous[key])),
        passage_count=passages,
        embedded_passage_count=embedded,
    )


def _write_manifest(
    folder: Path, name: str, digests: dict[str, str], written: WrittenGeneration, encoder: Encoder
) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    Manifest(
        generation=name,
        format=FORMAT_VERSION,
        model=encoder.name,
        model_fingerprint=encoder.fingerprint,
        dimension=encoder.dimension,
        chunker=chunker_name(),
        analysis=lexical.analyser_version(),
        documents=digests,
        passages=len(written.vector_cache_keys),
        search=written.search_parameters,
        probe=model_check_vector(encoder),
        files={key: file_checksum(path) for key, path in sorted(files.items())},
    ).write(folder)
