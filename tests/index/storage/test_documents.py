from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index
from assistant.index.storage.arrays import memory_map_array
from assistant.index.storage.documents import (
    DocumentWriter,
    MemoryMappedLines,
    PassagesByDocument,
    StoredDocuments,
    StoredPassages,
    read_passage_layout,
)
from assistant.schema import Heading, Passage, Span
from tests.conftest import document, index_of


def passage(number: int, text: str = "One. Two.") -> Passage:
    """Return a passage that has two sentences and whose ID is made from `number`."""
    return Passage(
        passage_id=f"{number:016x}", document_id="a.md", title="T", url=None, language="en", heading=("H",), text=text,
        start=5, end=5 + len(text), sentences=(Span(5, 9), Span(10, 5 + len(text))),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three documents in two languages.

    The first document has two passages, the second has none and the third has one.
    """
    writer = DocumentWriter(tmp_path)
    for name, language in (("a.md", "sv"), ("b.md", "en"), ("c.md", "sv")):
        writer.write_document(document(name, language=language))
    assert [item.document_id for item in writer.read_documents()] == ["a.md", "b.md", "c.md"]
    writer.write_passages([passage(9), passage(3, "Ett. Två 🧬.")])
    writer.write_passages([])
    writer.write_passages([passage(5)])
    writer.close()
    return tmp_path


def test_documents_and_passages_are_read_back_unchanged(tmp_path: Path) -> None:
    text = "Håll ihop. 🧬 Två.\n\nTredje."
    complete = document("å/b.md", text, title="Titel", language="sv", url="https://x.example", retrieved="2026-01-02",
                        headings=(Heading(Span(0, 4), 2, "Håll"),))  # fmt: skip
    index = index_of([document(), complete], tmp_path)
    assert index.documents["å/b.md"] == complete
    assert list(index.documents) == ["alpha.md", "å/b.md"]
    for row, stored in enumerate(index.passages):
        assert index.document_texts[stored.document_id][stored.start : stored.end] == stored.text
        assert index.passages[row] == stored
        assert index.row_by_passage_id[stored.passage_id] == row


def test_passages_are_read_by_row_slice_and_document(folder: Path) -> None:
    written = [passage(9), passage(3, "Ett. Två 🧬."), passage(5)]
    stored = StoredPassages(folder)
    assert list(stored) == written == [stored[row] for row in range(3)]
    assert stored[1:] == written[1:]
    with pytest.raises(IndexError):
        stored[3]
    by_document = PassagesByDocument(folder)
    assert [by_document[position] for position in range(3)] == [written[:2], [], written[2:]]


def test_layout_has_the_offsets_and_languages(folder: Path) -> None:
    layout = read_passage_layout(folder)
    assert layout.document_passage_offsets.tolist() == [0, 2, 2, 3]
    assert layout.passage_sentence_offsets.tolist() == [0, 2, 4, 6]
    assert [layout.language_codes[code] for code in layout.document_language_numbers] == ["sv", "en", "sv"]


def test_documents_have_positions_in_corpus_order(folder: Path) -> None:
    documents = StoredDocuments(folder, ["a.md", "b.md", "c.md"])
    assert [documents.corpus_position(document_id) for document_id in documents] == [0, 1, 2]
    with pytest.raises(KeyError):
        documents.corpus_position("other.md")


def test_different_number_of_documents_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="different number of documents"):
        StoredDocuments(folder, ["a.md", "b.md"])


def test_texts_match_the_documents(shared_index: Index) -> None:
    assert dict(shared_index.document_texts) == {key: item.text for key, item in shared_index.documents.items()}


@pytest.mark.parametrize("malformed", ["", "0" * 16, "../../etc/passwd", "G" * 16, "A" * 16, "0" * 17])
def test_unknown_and_malformed_ids_have_no_row(shared_index: Index, malformed: str) -> None:
    assert shared_index.row_by_passage_id.get(malformed) is None
    assert malformed not in shared_index.row_by_passage_id


def test_every_passage_id_has_its_row(shared_index: Index) -> None:
    rows = {item.passage_id: row for row, item in enumerate(shared_index.passages)}
    assert dict(shared_index.row_by_passage_id) == rows


def test_ids_are_sorted_in_the_file(folder: Path) -> None:
    assert memory_map_array(folder / "passage_ids.npy").tolist() == [3, 5, 9]
    assert memory_map_array(folder / "passage_id_rows.npy").tolist() == [1, 2, 0]


def test_lines_outside_the_file_are_errors(tmp_path: Path) -> None:
    index_of([document()], tmp_path)
    folder = live_generation_folder(tmp_path)
    lines = MemoryMappedLines(folder / "documents.jsonl", memory_map_array(folder / "document_lines.npy"))
    assert len(lines) == 1
    assert lines[0].startswith(b'{"document_id": "alpha.md"')
    for number in (-1, 1):
        with pytest.raises(IndexError):
            lines[number]
