from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from llama_index.vector_stores.faiss import FaissVectorStore
from numpy.typing import NDArray

from assistant.index import dense
from assistant.index.arrays import mapped
from assistant.index.dense import Dense, build, choose, kind_for, nearest_of_all, read_dense
from assistant.index.manifest import read_manifest
from assistant.index.store import live_folder
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors around 40 centres."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((40, 32))
    found = centres[random.integers(0, 40, count)] + 0.6 * random.standard_normal((count, 32))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def test_few_passages_are_compared_one_by_one_and_many_lie_in_lists() -> None:
    assert [kind_for(count) for count in (0, 1, dense.FLAT_MOST)] == ["Flat"] * 3
    assert [kind_for(count) for count in (dense.FLAT_MOST + 1, 100_000, 1_000_000)] == [
        "IVF512,SQ8", "IVF1024,SQ8", "IVF4096,SQ8",
    ]  # fmt: skip


def test_compressed_lists_reach_the_recall_they_promise_and_give_exact_cosines() -> None:
    own, held_back, asked = vectors(6000, 2), vectors(100, 3), vectors(100, 4)
    index = build(own, "IVF64,SQ8", threads=1)
    choice = choose(index, "IVF64,SQ8", own, lambda: held_back)
    assert choice.recall >= 0.99
    assert 1 < choice.probes < 64
    assert choice.questions == 100
    searched = Dense(index, own, choice)
    exact = nearest_of_all(own, asked, 10)
    found = [searched.nearest(question, 10) for question in asked]
    recall = np.mean([len(set(rows) & set(right)) / 10 for (rows, _), right in zip(found, exact.tolist(), strict=True)])
    assert recall >= 0.97
    for question, (rows, cosines) in zip(asked, found, strict=True):
        assert cosines == pytest.approx(own[rows] @ question, abs=1e-6)
        assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)


def test_exact_search_in_blocks_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    own, asked = vectors(500, 2), vectors(5, 3)
    monkeypatch.setattr(dense, "_BLOCK", 64)
    assert nearest_of_all(own, asked, 7).tolist() == np.argsort(-(asked @ own.T), axis=1, kind="stable")[:, :7].tolist()


def test_among_some_rows_the_nearest_are_found_exactly() -> None:
    own, question = vectors(3000, 2), vectors(1, 3)[0]
    index = build(own, "IVF16,SQ8", threads=1)
    searched = Dense(index, own, dense.Choice("IVF16,SQ8", probes=1, refined=4))
    among = np.arange(5, 3000, 7)
    rows, _ = searched.nearest(question, 4, among)
    assert rows.tolist() == among[np.argsort(-(own[among] @ question))[:4]].tolist()


def test_a_large_corpus_is_indexed_in_lists_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "FLAT_MOST", 50)
    documents = [document(f"{n}.md", f"Text {n} of word{n % 30} and name{n}.", title=f"T{n}") for n in range(700)]
    index = index_of(documents, tmp_path)
    folder = live_folder(tmp_path)
    choice = read_manifest(folder).search
    assert choice.kind == kind_for(len(index.passages)) != "Flat"
    assert choice.recall >= 0.9
    assert (folder / dense.EXACT).is_file()
    row = index.rows[index.passages[33].passage_id]
    question = BagOfWords().encode_questions(["name33 word3"]).vectors[0]
    assert index.dense.nearest(question, 1)[0].tolist() == [row] == [33]


def test_a_flat_index_is_read_from_its_file_and_llama_index_can_read_it_too(tmp_path: Path) -> None:
    index_of([document()], tmp_path)
    folder = live_folder(tmp_path)
    store = FaissVectorStore.from_persist_path(str(folder / dense.VECTORS))
    searched = read_dense(folder, read_manifest(folder).search)
    stored = faiss.vector_to_array(store.client.codes).view(np.float32)
    assert searched.vectors(np.arange(store.client.ntotal)).ravel().tolist() == stored.tolist()
    assert not (folder / dense.EXACT).exists()
    assert mapped(folder / "sentences.npy").shape[1] == store.client.d
