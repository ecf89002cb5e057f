from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from llama_index.vector_stores.faiss import FaissVectorStore
from numpy.typing import NDArray

from assistant.index.generations import live_generation_folder
from assistant.index.manifest import read_manifest
from assistant.index.search import dense
from assistant.index.search.dense import (
    DenseIndex,
    SearchParameters,
    build_and_tune,
    build_faiss_index,
    candidate_kinds,
    exact_neighbours,
    open_dense_index,
    tune,
)
from assistant.index.storage.arrays import open_array
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors around 40 centres."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((40, 32))
    found = centres[random.integers(0, 40, count)] + 0.6 * random.standard_normal((count, 32))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def test_few_passages_are_compared_one_by_one_and_many_by_their_bits_or_in_lists() -> None:
    assert [candidate_kinds(count) for count in (0, 1, dense.MAX_FLAT)] == [("Flat",)] * 3
    assert [candidate_kinds(count) for count in (dense.MAX_FLAT + 1, dense.MAX_WITHOUT_LISTS)] == [("RaBitQfs",)] * 2
    assert candidate_kinds(1_000_000) == ("IVF4096,RaBitQfs", "RaBitQfs")


@pytest.mark.parametrize("kind", ["RaBitQfs", "IVF64,RaBitQfs", "IVF64,SQ8"])
def test_compressed_vectors_reach_the_recall_they_promise_and_give_exact_cosines(kind: str) -> None:
    own, held_back, asked = vectors(6000, 2), vectors(100, 3), vectors(100, 4)
    index = build_faiss_index(own, kind, threads=1)
    choice = tune(index, kind, own, held_back)
    assert (choice.kind, choice.questions) == (kind, 100)
    assert choice.recall >= 0.985
    assert (1 < choice.probes < 16) == kind.startswith("IVF")
    searched = DenseIndex(index, own, choice)
    exact = exact_neighbours(own, asked, 10)
    found = [searched.nearest(question, 30) for question in asked]
    shared = [len(set(rows[:10]) & set(right)) / 10 for (rows, _), right in zip(found, exact.tolist(), strict=True)]
    assert np.mean(shared) >= 0.97
    for question, (rows, cosines) in zip(asked, found, strict=True):
        assert cosines == pytest.approx(own[rows] @ question, abs=1e-6)
        assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)


def test_where_nothing_clusters_there_are_no_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "MAX_FLAT", 100)
    monkeypatch.setattr(dense, "MAX_WITHOUT_LISTS", 200)
    random = np.random.default_rng(5).standard_normal((3050, 32)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    _, scattered = build_and_tune(random[:3000], 1, lambda: random[3000:])
    _, clustered = build_and_tune(vectors(3000, 2), 1, lambda: vectors(50, 3))
    assert (scattered.kind, scattered.probes) == ("RaBitQfs", 0)
    assert clustered.kind == "IVF256,RaBitQfs"
    assert scattered.recall >= 0.985 <= clustered.recall


def test_exact_search_in_blocks_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    own, asked = vectors(500, 2), vectors(5, 3)
    monkeypatch.setattr(dense, "_BLOCK", 64)
    assert (
        exact_neighbours(own, asked, 7).tolist() == np.argsort(-(asked @ own.T), axis=1, kind="stable")[:, :7].tolist()
    )


def test_among_some_rows_the_nearest_are_found_exactly() -> None:
    own, question = vectors(3000, 2), vectors(1, 3)[0]
    index = build_faiss_index(own, "IVF16,RaBitQfs", threads=1)
    searched = DenseIndex(index, own, SearchParameters("IVF16,RaBitQfs", probes=1, refined=4))
    among = np.arange(5, 3000, 7)
    rows, _ = searched.nearest(question, 4, among)
    assert rows.tolist() == among[np.argsort(-(own[among] @ question))[:4]].tolist()


@pytest.mark.parametrize(("most", "kind"), [(1000, "RaBitQfs"), (50, "IVF128,RaBitQfs")])
def test_a_large_corpus_is_compressed_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, kind: str
) -> None:
    monkeypatch.setattr(dense, "MAX_FLAT", 50)
    monkeypatch.setattr(dense, "MAX_WITHOUT_LISTS", most)
    documents = [document(f"{n}.md", f"Text {n} of word{n % 30} and name{n}.", title=f"T{n}") for n in range(700)]
    index = index_of(documents, tmp_path)
    folder = live_generation_folder(tmp_path)
    choice = read_manifest(folder).search
    assert choice.kind == kind
    assert choice.recall >= 0.9
    assert (folder / dense.EXACT_VECTORS_FILE).is_file()
    row = index.rows[index.passages[33].passage_id]
    question = BagOfWords().encode_questions(["name33 word3"]).vectors[0]
    assert index.dense.nearest(question, 1)[0].tolist() == [row] == [33]


def test_a_flat_index_is_read_from_its_file_and_llama_index_can_read_it_too(tmp_path: Path) -> None:
    index_of([document()], tmp_path)
    folder = live_generation_folder(tmp_path)
    store = FaissVectorStore.from_persist_path(str(folder / dense.VECTORS_FILE))
    searched = open_dense_index(folder, read_manifest(folder).search)
    stored = faiss.vector_to_array(store.client.codes).view(np.float32)
    assert searched.vectors(np.arange(store.client.ntotal)).ravel().tolist() == stored.tolist()
    assert not (folder / dense.EXACT_VECTORS_FILE).exists()
    assert open_array(folder / "sentences.npy").shape[1] == store.client.d
