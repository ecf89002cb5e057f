from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.corpus.corpus_reader import read_corpus
from assistant.corpus.freshness import DocumentChangeDetector
from tests.conftest import index_of
from tests.fakes import ANSWERABILITY, BagOfWords

LONG_AGO, FAR_FUTURE = 1.0, 9e9  # seconds since the Unix epoch


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text("The Alpha Institute was founded in Lund.\n", encoding="utf-8")
    write_page(folder / "b.html", "The Beta Hospital tests methods with patients.")
    return folder


def write_page(path: Path, sentence: str) -> None:
    text = f"{sentence} Nurses are trained every autumn. " * 10
    path.write_text(f"<html><body><main><p>{text}</p></main></body></html>", encoding="utf-8")


def make_detector(corpus: Path, indexed_at: float = 0, max_bytes: int = 10_000) -> DocumentChangeDetector:
    documents = {document.document_id: document for document in read_corpus(corpus, 10_000)}
    return DocumentChangeDetector(corpus, max_bytes, documents, indexed_at)


def test_an_indexed_document_is_unchanged(corpus: Path) -> None:
    detector = make_detector(corpus)
    assert [detector(name) for name in ("a.md", "b.html")] == ["", ""]


def test_changed_words_are_detected_but_not_a_changed_date(corpus: Path) -> None:
    detector = make_detector(corpus)
    assert detector("a.md") == ""
    os.utime(corpus / "a.md", (FAR_FUTURE, FAR_FUTURE))
    assert detector("a.md") == ""
    (corpus / "a.md").write_text("The Alpha Institute was founded in Umeå.\n", encoding="utf-8")
    assert detector("a.md") == "changed"
    (corpus / "a.md").write_text("The Alpha Institute was founded in Lund.\n", encoding="utf-8")
    assert detector("a.md") == ""


def test_a_changed_text_file_with_an_old_date_is_detected(corpus: Path) -> None:
    detector = make_detector(corpus, indexed_at=FAR_FUTURE)
    (corpus / "a.md").write_text("Another text.\n", encoding="utf-8")
    os.utime(corpus / "a.md", (LONG_AGO, LONG_AGO))
    assert detector("a.md") == "changed"


def test_other_formats_are_only_read_if_modified_after_indexing(corpus: Path) -> None:
    detector = make_detector(corpus, indexed_at=1000.0)
    write_page(corpus / "b.html", "The Beta Hospital was closed.")
    os.utime(corpus / "b.html", (999.0, 999.0))
    assert detector("b.html") == ""
    os.utime(corpus / "b.html", (1001.0, 1001.0))
    assert detector("b.html") == "changed"


def test_deleted_and_unknown_documents_are_gone(corpus: Path) -> None:
    detector = make_detector(corpus)
    (corpus / "a.md").unlink()
    assert detector("a.md") == "gone"
    assert detector("../../etc/passwd") == "gone"


def test_a_document_that_became_unreadable_is_changed(corpus: Path) -> None:
    detector = make_detector(corpus)
    (corpus / "a.md").write_bytes(b"\xff\xfe\x00broken\x00")
    assert detector("a.md") == "changed"


def test_a_document_over_the_size_limit_is_changed(corpus: Path) -> None:
    assert make_detector(corpus, max_bytes=10)("a.md") == "changed"


def test_an_answer_warns_about_a_changed_document(corpus: Path, tmp_path: Path) -> None:
    index = index_of(list(read_corpus(corpus, 10_000)), tmp_path / "index")
    assistant = replace(Assistant(index, BagOfWords(), ANSWERABILITY), detect_document_change=make_detector(corpus))
    question = "Where was the Alpha Institute founded, in Lund?"
    assert assistant.ask(question).notices == ()
    (corpus / "a.md").write_text("Moved.\n", encoding="utf-8")
    assert [(notice.kind, notice.citations) for notice in assistant.ask(question).notices] == [("changed", (1,))]
