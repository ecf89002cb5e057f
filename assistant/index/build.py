"""Documents -> a published index generation."""

from __future__ import annotations

import dataclasses
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
from llama_index.core.schema import TextNode
from llama_index.vector_stores.faiss import FaissVectorStore

from assistant.chunking import chunker_name, passage_header
from assistant.chunking.parser import passages_of
from assistant.embedding.encoder import Encoder
from assistant.errors import IndexDamagedError
from assistant.index import lexical, loaded, store
from assistant.index.manifest import FORMAT, Manifest, checksum, document_digest, generation_name, read_manifest
from assistant.index.vectors import FILE, PassageVectors, VectorCache, open_cache, vector_key
from assistant.index.words import centres, to_bytes, write_words
from assistant.language import content_words
from assistant.schema import Document, Passage, Span

_BATCH = 64  # passages between two commits of the cache: what a killed build loses
Progress = Callable[[Iterable[Any], int], Iterable[Any]]


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
    documents: Sequence[Document], encoder: Encoder, index: Path,
    rebuild: bool = False, progress: Progress = lambda items, _: items,
) -> BuildReport:  # fmt: skip
    """Bring the index in `index` up to date with `documents`.

    Args:
        documents: the whole corpus; what isn't in it is gone from the new generation.
        encoder: the model; only passages it hasn't embedded before are embedded.
        index: the index folder, made when missing.
        rebuild: forget everything first, the vectors of earlier builds included.
        progress: wraps the batches of passages that are embedded, with their number.

    Raises:
        IndexStateError: another build is running.
    """
    digests = {document.document_id: document_digest(document) for document in documents}
    name = generation_name(encoder.fingerprint, chunker_name(), lexical.analysis(), digests)
    with store.locked(index):
        before = {} if rebuild else _digests_before(index)
        embedded = 0
        if rebuild:
            (index / FILE).unlink(missing_ok=True)
        if rebuild or not store.is_whole(index, name):
            embedded = _make(documents, digests, encoder, index, name, progress)
        elif store.current_generation(index) != name:
            store.make_live(index, name)  # a build that was killed before, or texts as they were once
        passages = read_manifest(store.generation_folder(index, name)).passages
    return _report(name, before, digests, passages, embedded)


def _digests_before(index: Path) -> dict[str, str]:
    name = store.current_generation(index)
    if name is None:
        return {}
    try:
        return read_manifest(store.generation_folder(index, name)).documents
    except IndexDamagedError:
        return {}


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


def _make(
    documents: Sequence[Document], digests: dict[str, str], encoder: Encoder, index: Path, name: str,
    progress: Progress,
) -> int:  # fmt: skip
    """Build and publish generation `name`; returns how many passages were embedded."""
    passages = passages_of(documents, encoder)
    with open_cache(index, encoder.dimension) as cache, store.scratch_folder(index) as folder:
        read = [_for_model(passage) for passage in passages]
        keys = [vector_key(encoder.fingerprint, item.text, item.spans) for item in read]
        embedded = _embed_missing(read, keys, encoder, cache, progress)
        _write_vectors(folder, passages, read, [cache.get(key) for key in keys], encoder)
        _write_texts(folder, documents, passages)
        lexical.write_lexical(folder / lexical.FOLDER, passages)
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        Manifest(
            generation=name,
            format=FORMAT,
            model=encoder.name,
            model_fingerprint=encoder.fingerprint,
            dimension=encoder.dimension,
            chunker=chunker_name(),
            analysis=lexical.analysis(),
            documents=digests,
            passages=len(passages),
            probe=loaded.probe_vector(encoder),
            files={key: checksum(path) for key, path in sorted(files.items())},
        ).write(folder)  # fmt: skip
        store.publish(index, folder, name)
        cache.keep_only(keys)
    return embedded


@dataclass(frozen=True, slots=True)
class _ForModel:
    """A passage as the model reads it, with the spans of its sentences and content words there."""

    text: str
    sentences: tuple[Span, ...]
    words: tuple[Span, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        return (*self.sentences, *self.words)


def _for_model(passage: Passage) -> _ForModel:
    header = passage_header(passage.title, passage.heading)
    text = header + passage.text
    shift = len(header) - passage.start
    sentences = tuple(Span(span.start + shift, span.end + shift) for span in passage.sentences)
    return _ForModel(text, sentences, tuple(span for _, span in content_words(text)))


def _embed_missing(
    read: Sequence[_ForModel], keys: Sequence[bytes], encoder: Encoder, cache: VectorCache, progress: Progress
) -> int:
    """Embed what the cache doesn't have; returns how many passages that were."""
    import numpy as np

    known = cache.known(keys)
    missing = {key: item for key, item in zip(keys, read, strict=True) if key not in known}
    order = sorted(missing, key=lambda key: (len(missing[key].text), key))  # like lengths share a batch
    batches = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
    for batch in progress(batches, len(batches)) if batches else ():
        items = [missing[key] for key in batch]
        encoded = encoder.encode_passages([item.text for item in items], [item.spans for item in items])
        split = [np.split(own, [len(item.sentences)]) for item, own in zip(items, encoded.spans, strict=True)]
        cache.put(
            (key, PassageVectors(vector, sentences.astype(np.float16), to_bytes(words)))
            for key, vector, (sentences, words) in zip(batch, encoded.vectors, split, strict=True)
        )
    return len(order)


def _write_vectors(
    folder: Path, passages: Sequence[Passage], read: Sequence[_ForModel], vectors: Sequence[PassageVectors],
    encoder: Encoder,
) -> None:  # fmt: skip
    """The FAISS file (inner product of unit vectors is cosine), the sentences' and the words' vectors."""
    import numpy as np

    vector_store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(encoder.dimension))
    vector_store.add([
        TextNode(id_=passage.passage_id, embedding=own.passage.tolist())
        for passage, own in zip(passages, vectors, strict=True)
    ])  # fmt: skip
    vector_store.persist(str(folder / loaded.VECTORS))
    nothing = np.zeros((0, encoder.dimension), dtype=np.float16)
    np.save(folder / loaded.SENTENCES, np.concatenate([nothing, *(own.sentences for own in vectors)]))
    words = [own.words for own in vectors]
    write_words(folder, words, [_sentence_numbers(item) for item in read], centres(encoder, words))


def _sentence_numbers(item: _ForModel) -> list[int]:
    """For each word the number of the sentence it stands in, -1 for none."""
    starts = [span.start for span in item.sentences]
    found = []
    for word in item.words:
        number = bisect_right(starts, word.start) - 1
        inside = number >= 0 and word.end <= item.sentences[number].end
        found.append(number if inside else -1)
    return found


def _write_texts(folder: Path, documents: Sequence[Document], passages: Sequence[Passage]) -> None:
    with (folder / loaded.DOCUMENTS).open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(dataclasses.asdict(document), ensure_ascii=False) + "\n")
    with (folder / loaded.PASSAGES).open("w", encoding="utf-8") as file:
        for passage in passages:
            record = {
                "id": passage.passage_id, "document": passage.document_id, "heading": passage.heading,
                "start": passage.start, "end": passage.end,
                "sentences": [(span.start, span.end) for span in passage.sentences],
            }  # fmt: skip
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
