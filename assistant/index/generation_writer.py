"""Writing a generation's files.

Passages and vectors are streamed. Only the cache key of each passage is held in memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.vector_stores.faiss import FaissVectorStore

from assistant.chunking import passage_header
from assistant.embedding.encoder import Encoder
from assistant.index.loading import SENTENCE_VECTORS_FILE
from assistant.index.search import dense
from assistant.index.search.late_interaction import CentreEstimator, WordVectorWriter, quantise
from assistant.index.search.lexical import LEXICAL_FOLDER, LexicalWriter
from assistant.index.storage.arrays import ArrayWriter, memory_map_array
from assistant.index.storage.documents import DocumentWriter, StoredPassages
from assistant.index.storage.vector_cache import PassageVectors, VectorCache, vector_cache_key
from assistant.schema import Document, Passage, Span
from assistant.text.words import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_SIZE = 64  # passages per commit to the vector cache; a killed build loses at most this many
_CENTRE_SAMPLE = 20_000  # number of passages from which the mean word vector is estimated
_TUNING_QUESTIONS = 256  # number of sentences with which recall is measured
_CONVERSION_BATCH = 1 << 16  # number of vectors converted at once
_SENTENCE_NUMBERS_FILE = ".sentence_numbers.npy"  # a temporary file with the sentence number of each word
ProgressWrapper = Callable[[Iterable[Any], int], Iterable[Any]]
DocumentSplitter = Callable[[Document], Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class WrittenGeneration:
    """The result of `write_generation`. `vector_cache_keys` contains the cache keys of all passages."""

    vector_cache_keys: Sequence[bytes]
    embedded_passage_count: int
    search_parameters: dense.SearchParameters


def write_generation(
    writer: DocumentWriter, split: DocumentSplitter, folder: Path, encoder: Encoder, cache: VectorCache, threads: int,
    progress: ProgressWrapper,
) -> WrittenGeneration:  # fmt: skip
    """Write all files of a generation except its manifest.

    Args:
        writer: the writer that has already written the documents to `folder`.
        split: a function that splits a document into passages.
        folder: the folder of the new generation.
        encoder: the model that embeds passages that aren't in the cache.
        cache: the cache of passage vectors, to which new vectors are added.
        threads: the number of threads that FAISS uses.
        progress: see `build_index`.
    """
    keys, missing = _write_passages(writer, split, folder, encoder, cache)
    passages = StoredPassages(folder)
    _embed(missing, passages, encoder, cache, progress)
    _write_sentences_and_words(folder, keys, cache, encoder)
    search = _write_vectors(folder, keys, passages, cache, encoder, threads)
    return WrittenGeneration(keys, len(missing), search)


@dataclass(frozen=True, slots=True)
class _ModelInput:
    """The text that is embedded for a passage (its header and text), and the spans of sentences and content words."""

    text: str
    header_length: int  # number of characters
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
    writer: DocumentWriter, split: DocumentSplitter, folder: Path, encoder: Encoder, cache: VectorCache
) -> tuple[list[bytes], list[tuple[int, bytes, int]]]:
    """Write the passages and the lexical index.

    Returns:
        The cache key of every passage, and the text length, cache key and row of each passage that isn't cached.
    """
    lexical = LexicalWriter(folder / LEXICAL_FOLDER)
    sentence_numbers = ArrayWriter(folder / _SENTENCE_NUMBERS_FILE, "int32")
    keys: list[bytes] = []
    missing: dict[bytes, tuple[int, bytes, int]] = {}
    for document in writer.read_documents():
        passages = split(document)
        writer.write_passages(passages)
        items = [_to_model_input(passage) for passage in passages]
        document_keys = [vector_cache_key(encoder.fingerprint, item.text, item.spans) for item in items]
        cached = cache.cached_keys(document_keys)
        for item, key in zip(items, document_keys, strict=True):
            header_words = sum(span.start < item.header_length for _, span in item.words)
            words = [word for word, _ in item.words]
            lexical.add_passage(words[:header_words], words[header_words:], document.language)
            sentence_numbers.append_values(_sentence_numbers(item))
            if key not in cached:
                missing.setdefault(key, (len(item.text), key, len(keys)))
            keys.append(key)
    for part in (writer, lexical, sentence_numbers):
        part.close()
    return keys, sorted(missing.values())  # so that passages of similar length go into the same batch


def _embed(
    missing: Sequence[tuple[int, bytes, int]], passages: StoredPassages, encoder: Encoder, cache: VectorCache,
    progress: ProgressWrapper,
) -> None:  # fmt: skip
    """Embed the passages that aren't in the cache, and add their vectors to the cache."""
    import numpy as np

    batches = [missing[start : start + _BATCH_SIZE] for start in range(0, len(missing), _BATCH_SIZE)]
    for batch in progress(batches, len(batches)) if batches else ():
        items = [_to_model_input(passages[row]) for _, _, row in batch]
        encoded = encoder.encode_passages([item.text for item in items], [item.spans for item in items])
        parts = [
            np.split(vectors, [len(item.sentences)]) for item, vectors in zip(items, encoded.span_vectors, strict=True)
        ]
        cache.put_vectors(
            (key, PassageVectors(vector, sentences.astype(np.float16), quantise(words)))
            for (_, key, _), vector, (sentences, words) in zip(batch, encoded.vectors, parts, strict=True)
        )


def _write_sentences_and_words(folder: Path, keys: Sequence[bytes], cache: VectorCache, encoder: Encoder) -> None:
    """Write the vectors of all sentences and words."""
    estimator = CentreEstimator(encoder.dimension)
    for key in keys[:: max(1, len(keys) // _CENTRE_SAMPLE)]:
        estimator.add_word_vectors(cache.get_vectors(key).word_vectors)
    words = WordVectorWriter(folder, estimator.estimate_centres(encoder))
    sentences = ArrayWriter(folder / SENTENCE_VECTORS_FILE, "float16", width=encoder.dimension)
    sentence_numbers, start = memory_map_array(folder / _SENTENCE_NUMBERS_FILE), 0
    for key in keys:
        vectors = cache.get_vectors(key)
        end = start + len(vectors.word_vectors)
        sentences.append_array(vectors.sentence_vectors)
        words.add_passage(vectors.word_vectors, sentence_numbers[start:end])
        start = end
    sentences.close()
    words.close()
    (folder / _SENTENCE_NUMBERS_FILE).unlink()


def _sentence_numbers(item: _ModelInput) -> list[int]:
    """Return the number of the sentence that each word is in, or -1 for a word that isn't in a sentence."""
    starts = [span.start for span in item.sentences]
    numbers = []
    for _, span in item.words:
        number = bisect_right(starts, span.start) - 1
        is_inside = number >= 0 and span.end <= item.sentences[number].end
        numbers.append(number if is_inside else -1)
    return numbers


def _write_vectors(
    folder: Path, keys: Sequence[bytes], passages: StoredPassages, cache: VectorCache, encoder: Encoder, threads: int
) -> dense.SearchParameters:
    """Write the FAISS index of the passage vectors. If the index is compressed, write the exact vectors too."""
    temporary = folder / ".vectors.npy"
    writer = ArrayWriter(temporary, "float32", width=encoder.dimension)
    for key in keys:
        writer.append_array(cache.get_vectors(key).passage_vector[None])
    writer.close()
    vectors = memory_map_array(temporary)
    index, parameters = dense.build_and_tune_index(vectors, threads, _sample_questions(passages, encoder))
    FaissVectorStore(faiss_index=index).persist(str(folder / dense.FAISS_INDEX_FILE))
    if parameters.candidates_per_result:
        exact = ArrayWriter(folder / dense.EXACT_VECTORS_FILE, "float16", width=encoder.dimension)
        for start in range(0, len(vectors), _CONVERSION_BATCH):
            exact.append_array(vectors[start : start + _CONVERSION_BATCH].astype("float16"))
        exact.close()
    temporary.unlink()
    return parameters


def _sample_questions(passages: StoredPassages, encoder: Encoder) -> Callable[[], NDArray[np.float32]]:
    """Return a function that picks sentences from all parts of the corpus and encodes them as questions."""

    def sentences() -> Iterator[str]:
        for row in range(0, len(passages), max(1, len(passages) // _TUNING_QUESTIONS)):
            passage = passages[row]
            if passage.sentences:
                yield passage.quote(passage.sentences[len(passage.sentences) // 2])

    return lambda: encoder.encode_questions(list(sentences())).vectors
