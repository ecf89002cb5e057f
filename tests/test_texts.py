from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.index.build import build_index
from assistant.index.loading import Index, load_index
from assistant.index.storage.documents import DOCUMENTS_FILE
from assistant.schema import Document, Heading, Span
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def test_documents_and_passages_come_back_as_they_were(tmp_path: Path) -> None:
    text = "Håll ihop. 🧬 Två.\n\nTredje."
    whole = document("å/b.md", text, title="Titel", language="sv", url="https://x.example", retrieved="2026-01-02",
                     headings=(Heading(Span(0, 4), 2, "Håll"),))  # fmt: skip
    index = index_of([document(), whole], tmp_path)
    assert index.documents["å/b.md"] == whole
    assert list(index.documents) == ["alpha.md", "å/b.md"]
    for row, passage in enumerate(index.passages):
        assert index.texts[passage.document_id][passage.start : passage.end] == passage.text
        assert index.passages[row] == passage
        assert index.rows[passage.passage_id] == row


def test_a_document_knows_its_passages(small_index: Index) -> None:
    for document_id in small_index.documents:
        own = small_index.passages_of(document_id)
        assert own == {row: p for row, p in enumerate(small_index.passages) if p.document_id == document_id}
        assert small_index.rows_of(document_id) == (min(own), max(own) + 1)
    with pytest.raises(KeyError):
        small_index.passages_of("other.md")


@pytest.mark.parametrize("wrong", ["", "0" * 16, "../../etc/passwd", "G" * 16, "A" * 16, "0" * 17])
def test_an_id_that_is_none_has_no_row(small_index: Index, wrong: str) -> None:
    assert small_index.rows.get(wrong) is None
    assert wrong not in small_index.rows


def test_every_id_has_its_row(small_index: Index) -> None:
    assert dict(small_index.rows) == {passage.passage_id: row for row, passage in enumerate(small_index.passages)}


def test_a_corpus_is_read_once_one_document_after_the_other(tmp_path: Path) -> None:
    alive = 0

    def documents() -> Iterator[Document]:
        nonlocal alive
        for number in range(50):
            alive += 1
            yield document(f"{number:02}.md", f"Text number {number}.")

    report = build_index(documents(), BagOfWords(), tmp_path)
    assert (alive, report.passages) == (50, 50)
    again = build_index(documents(), BagOfWords(), tmp_path)
    assert (again.generation, again.embedded) == (report.generation, 0)


def test_a_build_that_ends_early_leaves_the_index_and_no_scratch(tmp_path: Path) -> None:
    index_of([document()], tmp_path)

    def broken() -> Iterator[Document]:
        yield document("new.md", "New.")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        build_index(broken(), BagOfWords(), tmp_path)
    assert list(load_index(tmp_path, BagOfWords()).documents) == ["alpha.md"]
    assert len(list((tmp_path / "generations").iterdir())) == 1
    assert not list((tmp_path / "generations").glob(f".*/{DOCUMENTS_FILE}"))


def test_sentences_belong_to_their_passages(small_index: Index) -> None:
    counts = [len(small_index.sentences(row)) for row in range(len(small_index.passages))]
    assert counts == [len(passage.sentences) for passage in small_index.passages]
    assert sum(counts) == len(small_index.sentence_vectors)
    assert np.linalg.norm(small_index.sentences(0), axis=1) == pytest.approx(np.ones(counts[0]), abs=1e-3)
