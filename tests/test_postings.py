from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from assistant.index.search import lexical, postings
from assistant.index.search.lexical import LexicalIndex, LexicalWriter
from assistant.index.search.postings import Postings, PostingsWriter
from assistant.index.storage.arrays import ArrayWriter, open_array, top_rows
from tests.conftest import document, index_of

PASSAGES = [["gene", "gene", "care"], ["care"], [], ["gene", "data", "data", "data"]]


def written(folder: Path, passages: list[list[str]]) -> Postings:
    writer = PostingsWriter(folder, k1=1.2, b=0.75)
    for terms in passages:
        writer.add(terms)
    writer.close()
    return Postings(folder)


def test_a_term_has_its_passages_in_order_with_their_bm25_weights(tmp_path: Path) -> None:
    index = written(tmp_path / "field", PASSAGES)
    number = index.number("gene")
    assert number is not None
    rows, impacts = index.of(number)
    assert rows.tolist() == [0, 3]
    mean = sum(map(len, PASSAGES)) / len(PASSAGES)
    expected = [count / (count + 1.2 * (0.25 + 0.75 * length / mean)) for count, length in ((2, 3), (1, 4))]
    assert impacts / postings.FULL == pytest.approx(expected, abs=0.5 / postings.FULL)
    assert (index.frequency(number), index.number("unknown"), index.number("")) == (2, None, None)


def test_sorting_in_many_small_pieces_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passages = [[f"t{(row * step) % 37}" for step in range(row % 9)] for row in range(200)]
    written(tmp_path / "whole", passages)
    monkeypatch.setattr(postings, "_AT_ONCE", 5)
    written(tmp_path / "pieces", passages)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == ["impacts.npy", "rows.npy", "starts.npy", "terms.npy"]
    assert [(tmp_path / "whole" / name).read_bytes() for name in names] == [
        (tmp_path / "pieces" / name).read_bytes() for name in names
    ]


def test_shares_are_bm25_over_the_mass_of_the_question(tmp_path: Path) -> None:
    documents = [document(f"{n}.md", text, title="T") for n, text in enumerate(("Alpha care.", "Beta care.", "Gamma."))]
    index = index_of(documents, tmp_path)
    shares = index.lexical.search("alpha", 3, np.arange(3))
    assert list(shares) == [0, 1, 2]
    assert 0 < shares[0] < 1
    assert (shares[1], shares[2]) == (0.0, 0.0)
    assert index.lexical.idf(["care"]) == [pytest.approx(log(1 + 1.5 / 2.5))]


def test_over_many_postings_the_best_keep_their_whole_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LexicalWriter(tmp_path / "lexical")
    for row in range(60):
        writer.add(["t"], ["common", "words", *(["rare"] if row % 20 == 7 else []), f"number{row}"], "en")
    writer.close()
    index = LexicalIndex(tmp_path / "lexical", 60)
    whole = index.search("rare common words", 3, np.array([1]))
    monkeypatch.setattr(lexical, "_MAX_POSTINGS", 20)
    monkeypatch.setattr(lexical, "_PRUNED_CANDIDATES", 5)
    bounded = index.search("rare common words", 3, np.array([1]))
    assert list(whole) == [7, 27, 47, 1]
    assert bounded == pytest.approx(whole)


def test_the_best_of_a_filter_are_looked_for_among_its_rows_only(tmp_path: Path) -> None:
    documents = [document(f"{n}.md", "Care for patients.", title=f"T{n}") for n in range(6)]
    shares = index_of(documents, tmp_path).lexical.search("care", 2, np.zeros(0, np.int64), np.array([3, 5]))
    assert list(shares) == [3, 5]


@pytest.mark.parametrize("count", [1, 3, 50, 2000])
def test_ranked_is_a_stable_sort_of_the_positive_scores(count: int) -> None:
    scores = np.random.default_rng(4).integers(-5, 40, 1000).astype(np.float32) ** 3
    expected = [place for place in np.argsort(-scores, kind="stable") if scores[place] > 0][:count]
    assert top_rows(scores, count).tolist() == expected
    assert top_rows(np.zeros(3, np.float32), count).tolist() == []


def test_an_array_that_was_written_in_pieces_is_read_whole(tmp_path: Path) -> None:
    writer = ArrayWriter(tmp_path / "rows.npy", "float16", width=3)
    writer.extend(np.ones((2, 3)))
    writer.extend(np.zeros((1, 3)))
    writer.close()
    assert open_array(tmp_path / "rows.npy").tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 0]]
    assert np.load(tmp_path / "rows.npy").shape == (3, 3)
    empty = ArrayWriter(tmp_path / "empty.npy", "int64")
    empty.close()
    assert open_array(tmp_path / "empty.npy").tolist() == []
