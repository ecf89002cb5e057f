from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.search import postings
from assistant.index.search.postings import Postings, PostingsWriter, term_hash

PASSAGES = [["gene", "gene", "care"], ["care"], [], ["gene", "data", "data", "data"]]


def write(folder: Path, passages: list[list[str]]) -> Postings:
    writer = PostingsWriter(folder, k1=1.2, b=0.75)
    for terms in passages:
        writer.add_passage(terms)
    writer.close()
    return Postings(folder)


def test_term_has_ascending_rows_with_bm25_weights(tmp_path: Path) -> None:
    index = write(tmp_path / "field", PASSAGES)
    number = index.term_number("gene")
    assert number is not None
    rows, impacts = index.rows_and_impacts(number)
    assert rows.tolist() == [0, 3]
    mean = sum(map(len, PASSAGES)) / len(PASSAGES)
    expected = [count / (count + 1.2 * (0.25 + 0.75 * length / mean)) for count, length in ((2, 3), (1, 4))]
    assert impacts / postings.MAX_QUANTISED_IMPACT == pytest.approx(expected, abs=0.5 / postings.MAX_QUANTISED_IMPACT)
    assert index.document_frequency(number) == 2


@pytest.mark.parametrize("term", ["unknown", "", "Gene", "\ud800"])
def test_unknown_term_has_no_number(tmp_path: Path, term: str) -> None:
    assert write(tmp_path / "field", PASSAGES).term_number(term) is None


@pytest.mark.parametrize("passages", [[], [[]], [[], []]])
def test_index_without_terms_can_be_built(tmp_path: Path, passages: list[list[str]]) -> None:
    assert write(tmp_path / "field", passages).term_number("gene") is None


def test_sorting_in_small_batches_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passages = [[f"t{(row * step) % 37}" for step in range(row % 9)] for row in range(200)]
    write(tmp_path / "whole", passages)
    monkeypatch.setattr(postings, "_SORT_BATCH", 5)
    write(tmp_path / "batches", passages)
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == ["impacts.npy", "rows.npy", "starts.npy", "terms.npy"]
    assert [(tmp_path / "whole" / name).read_bytes() for name in names] == [
        (tmp_path / "batches" / name).read_bytes() for name in names
    ]


def test_term_hashes_are_stable_64_bit_numbers() -> None:
    hashes = {term_hash(f"term{number}") for number in range(1000)}
    assert len(hashes) == 1000
    assert max(hashes) < 2**64
    assert term_hash("gene") == 7304351123325071367  # must not change, because existing indexes contain it
