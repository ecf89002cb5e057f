from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from llama_index.vector_stores.faiss import FaissVectorStore
from numpy.typing import NDArray

from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index
from assistant.index.manifest import read_manifest
from assistant.index.search import dense
from assistant.index.search.dense import (
    DenseIndex,
    SearchParameters,
    build_and_tune_index,
    build_faiss_index,
    exact_neighbours,
    index_factory_strings,
    open_dense_index,
    tune_search_parameters,
)
from assistant.index.storage.arrays import memory_map_array
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def clustered_vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Return `count` 32-dimensional unit vectors, clustered around 40 centres."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((40, 32))
    vectors = centres[random.integers(0, 40, count)] + 0.6 * random.standard_normal((count, 32))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_kind_of_index_depends_on_the_number_of_passages() -> None:
    assert [index_factory_strings(count) for count in (0, 1, dense.MAX_FLAT_PASSAGES)] == [("Flat",)] * 3
    assert [
        index_factory_strings(count) for count in (dense.MAX_FLAT_PASSAGES + 1, dense.MAX_PASSAGES_WITHOUT_LISTS)
    ] == [("RaBitQfs",)] * 2
    assert index_factory_strings(1_000_000) == ("IVF4096,RaBitQfs", "RaBitQfs")


def test_flat_index_needs_no_tuning() -> None:
    def fail() -> NDArray[np.float32]:
        raise AssertionError("the index requested questions for tuning")

    index, parameters = build_and_tune_index(clustered_vectors(20, 2), 1, fail)
    assert index.ntotal == 20
    assert parameters == SearchParameters(
        "Flat", probed_lists=0, candidates_per_result=0, measured_recall=1.0, measured_questions=0
    )


@pytest.mark.parametrize("kind", ["RaBitQfs", "IVF64,RaBitQfs", "IVF64,SQ8"])
def test_compressed_index_reaches_the_tuned_recall_with_exact_cosines(kind: str) -> None:
    vectors, tuning, questions = (clustered_vectors(count, seed) for count, seed in ((6000, 2), (100, 3), (100, 4)))
    index = build_faiss_index(vectors, kind, threads=1)
    parameters = tune_search_parameters(index, kind, vectors, tuning)
    assert (parameters.index_factory, parameters.measured_questions) == (kind, 100)
    assert parameters.measured_recall >= 0.985
    assert (1 < parameters.probed_lists < 16) == kind.startswith("IVF")
    searched = DenseIndex(index, vectors, parameters)
    exact = exact_neighbours(vectors, questions, 10).tolist()
    results = [searched.nearest_passages(question, 30) for question in questions]
    recall = [len(set(rows[:10]) & set(expected)) / 10 for (rows, _), expected in zip(results, exact, strict=True)]
    assert np.mean(recall) >= 0.97
    for question, (rows, cosines) in zip(questions, results, strict=True):
        assert cosines == pytest.approx(vectors[rows] @ question, abs=1e-6)
        assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)


def test_lists_are_only_used_for_clustered_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "MAX_FLAT_PASSAGES", 100)
    monkeypatch.setattr(dense, "MAX_PASSAGES_WITHOUT_LISTS", 200)
    random = np.random.default_rng(5).standard_normal((3050, 32)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    _, scattered = build_and_tune_index(random[:3000], 1, lambda: random[3000:])
    _, clustered = build_and_tune_index(clustered_vectors(3000, 2), 1, lambda: clustered_vectors(50, 3))
    assert (scattered.index_factory, scattered.probed_lists) == ("RaBitQfs", 0)
    assert clustered.index_factory == "IVF256,RaBitQfs"
    assert scattered.measured_recall >= 0.985 <= clustered.measured_recall


def test_exact_search_in_blocks_finds_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, questions = clustered_vectors(500, 2), clustered_vectors(5, 3)
    monkeypatch.setattr(dense, "_BLOCK_SIZE", 64)
    expected = np.argsort(-(questions @ vectors.T), axis=1, kind="stable")[:, :7]
    assert exact_neighbours(vectors, questions, 7).tolist() == expected.tolist()


def test_allowed_rows_are_searched_exactly() -> None:
    vectors, question = clustered_vectors(3000, 2), clustered_vectors(1, 3)[0]
    index = build_faiss_index(vectors, "IVF16,RaBitQfs", threads=1)
    searched = DenseIndex(index, vectors, SearchParameters("IVF16,RaBitQfs", probed_lists=1, candidates_per_result=4))
    allowed = np.arange(5, 3000, 7)
    rows, _ = searched.nearest_passages(question, 4, allowed)
    assert rows.tolist() == allowed[np.argsort(-(vectors[allowed] @ question))[:4]].tolist()


def test_nearest_passages_are_sorted_by_cosine(shared_index: Index) -> None:
    vector = BagOfWords().encode_questions(["university library statistics"]).vectors[0]
    rows, cosines = shared_index.dense_index.nearest_passages(vector, 10)
    assert len(rows) == len(shared_index.passages)
    assert shared_index.passages[rows[0]].document_id == "gamma.md"
    assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)
    assert cosines == pytest.approx(shared_index.dense_index.passage_cosines(vector, rows), abs=1e-6)


@pytest.mark.parametrize(("max_without_lists", "kind"), [(1000, "RaBitQfs"), (50, "IVF128,RaBitQfs")])
def test_large_corpus_is_compressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_without_lists: int, kind: str
) -> None:
    monkeypatch.setattr(dense, "MAX_FLAT_PASSAGES", 50)
    monkeypatch.setattr(dense, "MAX_PASSAGES_WITHOUT_LISTS", max_without_lists)
    documents = [document(f"{n}.md", f"Text {n} of word{n % 30} and name{n}.", title=f"T{n}") for n in range(700)]
    index = index_of(documents, tmp_path)
    folder = live_generation_folder(tmp_path)
    parameters = read_manifest(folder).search
    assert parameters.index_factory == kind
    assert parameters.measured_recall >= 0.9
    assert (folder / dense.EXACT_VECTORS_FILE).is_file()
    row = index.row_by_passage_id[index.passages[33].passage_id]
    question = BagOfWords().encode_questions(["name33 word3"]).vectors[0]
    assert index.dense_index.nearest_passages(question, 1)[0].tolist() == [row] == [33]


def test_flat_index_is_mapped_and_readable_by_llama_index(tmp_path: Path) -> None:
    index_of([document()], tmp_path)
    folder = live_generation_folder(tmp_path)
    store = FaissVectorStore.from_persist_path(str(folder / dense.FAISS_INDEX_FILE))
    searched = open_dense_index(folder, read_manifest(folder).search)
    stored = faiss.vector_to_array(store.client.codes).view(np.float32)
    assert searched.passage_vectors(np.arange(store.client.ntotal)).ravel().tolist() == stored.tolist()
    assert not (folder / dense.EXACT_VECTORS_FILE).exists()
    assert memory_map_array(folder / "sentences.npy").shape[1] == store.client.d
