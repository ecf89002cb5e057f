from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.corpus.freshness import Freshness
from assistant.corpus.reading import read_corpus
from tests.conftest import index_of
from tests.fakes import ANSWERABILITY, BagOfWords


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text("The Alpha Institute was founded in Lund.\n", encoding="utf-8")
    sentences = "The Beta Hospital tests methods with patients. Nurses are trained every autumn. " * 10
    (folder / "b.html").write_text(f"<html><body><main><p>{sentences}</p></main></body></html>", encoding="utf-8")
    return folder


def fresh(corpus: Path, indexed_at: float) -> Freshness:
    documents = {document.document_id: document for document in read_corpus(corpus, 10_000)}
    return Freshness(corpus, 10_000, documents, indexed_at)


def test_a_text_as_it_was_indexed_is_neither_changed_nor_gone(corpus: Path) -> None:
    assert [fresh(corpus, 0)(name) for name in ("a.md", "b.html")] == ["", ""]


def test_a_change_of_words_is_noticed_and_a_change_of_the_date_alone_is_not(corpus: Path) -> None:
    changed = fresh(corpus, 0)
    assert changed("a.md") == ""
    os.utime(corpus / "a.md", (9e9, 9e9))
    assert changed("a.md") == ""
    (corpus / "a.md").write_text("The Alpha Institute was founded in Umeå.\n", encoding="utf-8")
    assert changed("a.md") == "changed"
    (corpus / "a.md").write_text("The Alpha Institute was founded in Lund.\n", encoding="utf-8")
    assert changed("a.md") == ""


def test_an_old_date_does_not_hide_a_change_of_a_plain_text(corpus: Path) -> None:
    changed = fresh(corpus, 9e9)
    (corpus / "a.md").write_text("Another text.\n", encoding="utf-8")
    os.utime(corpus / "a.md", (1, 1))
    assert changed("a.md") == "changed"


def test_what_was_removed_or_never_was_is_gone(corpus: Path) -> None:
    changed = fresh(corpus, 0)
    (corpus / "a.md").unlink()
    assert changed("a.md") == "gone"
    assert changed("../../etc/passwd") == "gone"


def test_what_can_no_longer_be_read_has_changed(corpus: Path) -> None:
    changed = fresh(corpus, 0)
    (corpus / "a.md").write_bytes(b"\xff\xfe\x00broken\x00")
    assert changed("a.md") == "changed"


def test_an_answer_says_that_its_text_has_changed(corpus: Path, tmp_path: Path) -> None:
    documents = list(read_corpus(corpus, 10_000))
    assistant = Assistant(index_of(documents, tmp_path / "index"), BagOfWords(), ANSWERABILITY)
    assistant = replace(assistant, document_change=fresh(corpus, 0))
    asked = "Where was the Alpha Institute founded, in Lund?"
    assert assistant.ask(asked).notices == ()
    (corpus / "a.md").write_text("Moved.\n", encoding="utf-8")
    assert [(notice.kind, notice.citations) for notice in assistant.ask(asked).notices] == [("changed", (1,))]
