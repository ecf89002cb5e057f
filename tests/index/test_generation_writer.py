from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.embedding.encoder import Encoder
from assistant.index import generation_writer
from assistant.index.build import build_index
from assistant.index.generation_writer import WrittenGeneration, write_generation
from assistant.index.loading import Index
from assistant.index.search.late_interaction import quantise
from assistant.index.storage.arrays import memory_map_array
from assistant.index.storage.documents import DocumentWriter
from assistant.index.storage.vector_cache import open_vector_cache
from assistant.schema import Document, Passage, Span
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def write(folder: Path, documents: list[Document], encoder: Encoder) -> WrittenGeneration:
    """Write a generation in which each document is a single passage, and each passage a single sentence."""

    def split(item: Document) -> list[Passage]:
        span = Span(0, len(item.text))
        return [
            Passage(
                passage_id=f"{len(item.text):016x}", document_id=item.document_id, title=item.title, url=None,
                language=item.language, heading=(), text=item.text, start=0, end=len(item.text), sentences=(span,),
            )
        ]  # fmt: skip

    (folder / "generation").mkdir()
    writer = DocumentWriter(folder / "generation")
    for item in documents:
        writer.write_document(item)
    with open_vector_cache(folder, encoder.dimension) as cache:
        return write_generation(
            writer, split, folder / "generation", encoder, cache, threads=1, progress=lambda batches, _: batches
        )


def test_equal_passages_are_embedded_once(tmp_path: Path) -> None:
    encoder = BagOfWords()
    written = write(tmp_path, [document("a.md", "Same."), document("b.md", "Same."), document("c.md", "X.")], encoder)
    assert (len(written.vector_cache_keys), len(set(written.vector_cache_keys)), written.embedded_passage_count) == (
        3,
        2,
        2,
    )
    assert sorted(encoder.embedded) == ["Alpha\nSame.", "Alpha\nX."]


def test_vectors_of_sentences_and_words_are_written(tmp_path: Path) -> None:
    encoder = BagOfWords()
    written = write(tmp_path, [document("a.md", "Nurses train.")], encoder)
    with open_vector_cache(tmp_path, encoder.dimension) as cache:
        cached = cache.get_vectors(written.vector_cache_keys[0])
    folder = tmp_path / "generation"
    sentence, nurses = encoder.encode_questions(["Nurses train.", "Nurses"]).vectors
    assert np.array_equal(memory_map_array(folder / "sentences.npy"), sentence[None].astype(np.float16))
    assert np.array_equal(cached.word_vectors[1], quantise(nurses[None])[0])
    assert memory_map_array(folder / "words.npy").shape == cached.word_vectors.shape == (3, 256)


def test_temporary_files_are_deleted(tmp_path: Path) -> None:
    write(tmp_path, [document("a.md", "One.")], BagOfWords())
    assert not [path for path in (tmp_path / "generation").iterdir() if path.name.startswith(".")]


def test_words_are_assigned_to_their_sentences(shared_index: Index) -> None:
    row = next(row for row, passage in enumerate(shared_index.passages) if passage.title == "Gamma")
    numbers = shared_index.word_vector_index.passage_sentence_numbers(row).tolist()
    # -1 stands for the title, "Gamma". The content words of the two sentences are "Gamma University teaches statistics"
    # and "library open night".
    assert numbers == [-1, 0, 0, 0, 0, 1, 1, 1]


def test_progress_receives_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_writer, "_BATCH_SIZE", 4)
    totals, sizes = [], []

    def progress(batches: Iterable[Any], total: int) -> Iterable[Any]:
        totals.append(total)
        for batch in batches:
            sizes.append(len(batch))
            yield batch

    documents = [document(f"{number}.md", f"Text {number}.") for number in range(10)]
    build_index(documents, BagOfWords(), tmp_path, progress=progress)
    assert (totals, sizes) == ([3], [4, 4, 2])


def test_empty_corpus_makes_an_empty_index(tmp_path: Path) -> None:
    index = index_of([], tmp_path)
    assert (len(index.documents), len(index.passages), len(index.row_by_passage_id)) == (0, 0, 0)
    assert index.dense_index.passage_vectors(np.arange(0)).shape == (0, 256)
