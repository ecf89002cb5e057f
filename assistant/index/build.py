"""Documents -> a published index generation."""

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
from assistant.index.generation_writer import Progress, SplitDocument, WrittenGeneration, write_generation
from assistant.index.loading import reference_vector
from assistant.index.manifest import FORMAT_VERSION, Manifest, checksum, document_digest, generation_name, read_manifest
from assistant.index.previous_passages import read_previous_passages
from assistant.index.search import lexical
from assistant.index.storage.documents import DocumentWriter
from assistant.index.storage.vector_cache import CACHE_FILE, open_cache
from assistant.schema import Document, Passage


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build changed: document ids, and how many passages it had to embed."""

    generation: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    passages: int
    embedded: int


def build_index(
    documents: Iterable[Document], encoder: Encoder, index: Path, rebuild: bool = False,
    progress: Progress = lambda items, _: items, threads: int = 1,
) -> BuildReport:  # fmt: skip
    """Bring the index in `index` up to date with `documents`.

    Args:
        documents: the whole corpus, read once, one after the other; what isn't in it is gone from the new
            generation.
        encoder: the model; only passages it hasn't embedded before are embedded.
        index: the index folder, made when missing.
        rebuild: forget everything first, the vectors of earlier builds included.
        progress: wraps the batches of passages that are embedded, with their number.
        threads: that FAISS may use.

    Raises:
        IndexStateError: another build is running.
    """
    # NumPy's own threads would wait for cores in the way of the model's.
    with threadpool_limits(1, "blas"), generations.build_lock(index), generations.scratch_folder(index) as folder:
        before = None if rebuild else _previous_manifest(index)
        texts = DocumentWriter(folder)
        digests = _write_documents(documents, texts)
        if rebuild:  # not before the corpus was read: what can't be read leaves everything as it was
            (index / CACHE_FILE).unlink(missing_ok=True)
        name = generation_name(encoder.fingerprint, chunker_name(), lexical.analyser_version(), digests)
        embedded = 0
        if rebuild or not generations.is_intact(index, name):
            with open_cache(index, encoder.dimension) as cache:
                divide = _document_splitter(index, before, digests, encoder)
                made = write_generation(texts, divide, folder, encoder, cache, threads, progress)
                _write_manifest(folder, name, digests, made, encoder)
                generations.publish_generation(index, folder, name)
                cache.keep_only(made.keys)
            embedded = made.embedded
        elif generations.current_generation(index) != name:
            generations.set_live_generation(index, name)  # a build that was killed before, or texts as they were once
        passages = read_manifest(generations.generation_folder(index, name)).passages
    return _report(name, before.documents if before else {}, digests, passages, embedded)


def _write_documents(documents: Iterable[Document], texts: DocumentWriter) -> dict[str, str]:
    """Write the documents, and give the digest of each by its id."""
    digests = {}
    for document in documents:
        texts.document(document)
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
    index: Path, before: Manifest | None, digests: dict[str, str], encoder: Encoder
) -> SplitDocument:
    """What divides a document: that of `before` is taken where it would come out the same."""
    earlier = (
        read_previous_passages(generations.generation_folder(index, before.generation), before, encoder)
        if before
        else None
    )

    def divide(document: Document) -> Sequence[Passage]:
        known = earlier.of(document.document_id, digests[document.document_id]) if earlier else None
        return split_into_passages([document], encoder) if known is None else known

    return divide


def _report(
    name: str, before: dict[str, str], now: dict[str, str], passages: int, embedded: int
) -> BuildReport:  # fmt: skip
    return BuildReport(
        generation=name,
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(sorted(key for key in now.keys() & before.keys() if now[key] != before[key])),
        removed=tuple(sorted(before.keys() - now.keys())),
        unchanged=tuple(sorted(key for key in now.keys() & before.keys() if now[key] == before[key])),
        passages=passages,
        embedded=embedded,
    )


def _write_manifest(
    folder: Path, name: str, digests: dict[str, str], made: WrittenGeneration, encoder: Encoder
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
        passages=len(made.keys),
        search=made.search,
        probe=reference_vector(encoder),
        files={key: checksum(path) for key, path in sorted(files.items())},
    ).write(folder)
