"""Spooled documents -> the files of one generation. Streams: what is held grows by a key for each passage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.vector_stores.faiss import FaissVectorStore

from assistant.chunking import passage_header
from assistant.embedding.encoder import Encoder
from assistant.index.loading import SENTENCES_FILE
from assistant.index.search import dense
from assistant.index.search.late_interaction import CentreEstimator, WordVectorWriter, quantise
from assistant.index.search.lexical import FOLDER, LexicalWriter
from assistant.index.storage.arrays import ArrayWriter, open_array
from assistant.index.storage.documents import DocumentWriter, StoredPassages
from assistant.index.storage.vector_cache import PassageVectors, VectorCache, vector_key
from assistant.schema import Document, Passage, Span
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 64  # passages between two commits of the cache: what a killed build loses
_SAMPLED = 20_000  # passages that the middle of all words is taken from
_QUESTIONS = 256  # sentences that are asked to measure recall
_CONVERTED = 1 << 16  # vectors converted in one go
_NUMBERS = ".sentence_numbers.npy"  # of each word, in a build
Progress = Callable[[Iterable[Any], int], Iterable[Any]]
SplitDocument = Callable[[Document], Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class WrittenGeneration:
    """What came of it: the key of each passage's vectors, how many were embedded, how the index is searched."""

    keys: Sequence[bytes]
    embedded: int
    search: dense.SearchParameters


def write_generation(
    texts: DocumentWriter, divide: SplitDocument, folder: Path, encoder: Encoder, cache: VectorCache, threads: int,
    progress: Progress,
) -> WrittenGeneration:  # fmt: skip
    """Write all files of a generation but its manifest to `folder`, where `texts` holds the documents already."""
    keys, missing = _write_passages(texts, divide, folder, encoder, cache)
    passages = StoredPassages(folder)
    _embed(missing, passages, encoder, cache, progress)
    _write_sentences_and_words(folder, keys, cache, encoder)
    search = _write_vectors(folder, keys, passages, cache, encoder, threads)
    return WrittenGeneration(keys, len(missing), search)


@dataclass(frozen=True, slots=True)
class _ModelInput:
    """A passage as the model reads it, behind a header; its sentences and content words, and where they stand."""

    text: str
    header: int  # characters
    sentences: tuple[Span, ...]
    words: tuple[tuple[str, Span], ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        return (*self.sentences, *(span for _, span in self.words))


def _to_model_input(passage: Passage) -> _ModelInput:
    header = passage_header(passage.title, passage.heading)
    text = header + passage.text
    shift = len(header) - passage.start
    sentences = tuple(Span(span.start + shift, span.end + shift) for span in passage.sentences)
    return _ModelInput(text, len(header), sentences, tuple(content_words(text)))


def _write_passages(
    texts: DocumentWriter, divide: SplitDocument, folder: Path, encoder: Encoder, cache: VectorCache
) -> tuple[list[bytes], list[tuple[int, bytes, int]]]:
    """Divide and analyse the documents; returns the key of each passage, and length, key and row of what isn't
    embedded."""
    lexical = LexicalWriter(folder / FOLDER)
    numbers = ArrayWriter(folder / _NUMBERS, "int32")
    keys: list[bytes] = []
    missing: dict[bytes, tuple[int, bytes, int]] = {}
    for document in texts.documents():
        passages = divide(document)
        texts.passages(passages)
        read = [_to_model_input(passage) for passage in passages]
        own = [vector_key(encoder.fingerprint, item.text, item.spans) for item in read]
        known = cache.known(own)
        for item, key in zip(read, own, strict=True):
            in_header = sum(span.start < item.header for _, span in item.words)
            found = [word for word, _ in item.words]
            lexical.add(found[:in_header], found[in_header:], document.language)
            numbers.append_each(_sentence_numbers(item))
            if key not in known:
                missing.setdefault(key, (len(item.text), key, len(keys)))
            keys.append(key)
    for writer in (texts, lexical, numbers):
        writer.close()
    return keys, sorted(missing.values())  # like lengths share a batch


def _embed(
    missing: Sequence[tuple[int, bytes, int]], passages: StoredPassages, encoder: Encoder, cache: VectorCache,
    progress: Progress,
) -> None:  # fmt: skip
    """Embed what the cache doesn't have."""
    import numpy as np

    batches = [missing[at : at + _BATCH] for at in range(0, len(missing), _BATCH)]
    for batch in progress(batches, len(batches)) if batches else ():
        items = [_to_model_input(passages[row]) for _, _, row in batch]
        encoded = encoder.encode_passages([item.text for item in items], [item.spans for item in items])
        split = [np.split(own, [len(item.sentences)]) for item, own in zip(items, encoded.spans, strict=True)]
        cache.put(
            (key, PassageVectors(vector, sentences.astype(np.float16), quantise(words)))
            for (_, key, _), vector, (sentences, words) in zip(batch, encoded.vectors, split, strict=True)
        )


def _write_sentences_and_words(folder: Path, keys: Sequence[bytes], cache: VectorCache, encoder: Encoder) -> None:
    """The vectors of sentences and words."""
    middle = CentreEstimator(encoder.dimension)
    for key in keys[:: max(1, len(keys) // _SAMPLED)]:
        middle.add(cache.get(key).words)
    writer = WordVectorWriter(folder, middle.centres(encoder))
    sentences = ArrayWriter(folder / SENTENCES_FILE, "float16", width=encoder.dimension)
    numbers, at = open_array(folder / _NUMBERS), 0
    for key in keys:
        own = cache.get(key)
        sentences.extend(own.sentences)
        writer.add(own.words, numbers[at : at + len(own.words)])
        at += len(own.words)
    sentences.close()
    writer.close()
    (folder / _NUMBERS).unlink()


def _sentence_numbers(item: _ModelInput) -> list[int]:
    """For each word the number of the sentence it stands in, -1 for none."""
    starts = [span.start for span in item.sentences]
    found = []
    for _, span in item.words:
        number = bisect_right(starts, span.start) - 1
        inside = number >= 0 and span.end <= item.sentences[number].end
        found.append(number if inside else -1)
    return found


def _write_vectors(
    folder: Path, keys: Sequence[bytes], passages: StoredPassages, cache: VectorCache, encoder: Encoder, threads: int
) -> dense.SearchParameters:
    """The FAISS file (inner product of unit vectors is cosine), and exact vectors beside it where it is compressed."""
    whole = folder / ".vectors.npy"
    writer = ArrayWriter(whole, "float32", width=encoder.dimension)
    for key in keys:
        writer.extend(cache.get(key).passage[None])
    writer.close()
    vectors = open_array(whole)
    index, choice = dense.build_and_tune(vectors, threads, _sample_questions(passages, encoder))
    FaissVectorStore(faiss_index=index).persist(str(folder / dense.VECTORS_FILE))
    if choice.refined:
        exact = ArrayWriter(folder / dense.EXACT_VECTORS_FILE, "float16", width=encoder.dimension)
        for start in range(0, len(vectors), _CONVERTED):
            exact.extend(vectors[start : start + _CONVERTED].astype("float16"))
        exact.close()
    whole.unlink()
    return choice


def _sample_questions(passages: StoredPassages, encoder: Encoder) -> Callable[[], NDArray[np.float32]]:
    """Sentences from all over the corpus, encoded as questions when they are needed."""

    def sentences() -> Iterator[str]:
        for row in range(0, len(passages), max(1, len(passages) // _QUESTIONS)):
            passage = passages[row]
            if passage.sentences:
                yield passage.quote(passage.sentences[len(passage.sentences) // 2])

    return lambda: encoder.encode_questions(list(sentences())).vectors
