from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.assistant import Assistant
from assistant.maintenance.lint import Finding, lint_corpus
from assistant.retrieval.retriever import retrieve
from assistant.schema import Document, RetrievedPassage
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords

TODAY = date(2026, 11, 23)
FOUNDED = "The Alpha Institute was founded in {} in Lund by the city council and its old university hospital."


def found(tmp_path: Path, *documents: Document, days: int = 365) -> list[Finding]:
    assistant = Assistant(index_of(documents, tmp_path / "index", BagOfWords()), BagOfWords(), ANSWERABILITY)
    return list(lint_corpus(assistant, TODAY, days))


def test_good_texts_give_no_finding(tmp_path: Path) -> None:
    other = document("b.md", "Gamma University teaches statistics. Its library is open at night.")
    assert found(tmp_path, document(retrieved="2026-10-01"), other) == []


def test_a_text_from_long_ago_is_stale(tmp_path: Path) -> None:
    [finding] = found(tmp_path, document(retrieved="2025-11-22"))
    assert finding == Finding("stale", ("alpha.md",), "retrieved 2025-11-22, more than 365 days ago")
    assert found(tmp_path / "b", document(retrieved="2025-11-22"), days=400) == []


def test_a_passage_that_stands_twice_is_found_once(tmp_path: Path) -> None:
    [finding] = found(tmp_path, document(), document("copy.md"))
    assert finding.kind == "repeated"
    assert set(finding.places) == {"alpha.md", "copy.md"}


def test_two_texts_that_disagree_are_found(tmp_path: Path) -> None:
    other = document(
        "b.md",
        FOUNDED.format(1998) + " Gamma teaches statistics there.",
    )
    own = document(
        "a.md",
        FOUNDED.format(1989) + " Nurses are trained in autumn.",
    )
    [finding] = found(tmp_path, own, other)
    assert finding.kind == "contradicting"
    assert finding.places == ("a.md", "b.md")
    assert "1998" in finding.text
    assert "1989" in finding.text


def test_a_text_that_disagrees_with_itself_is_found(tmp_path: Path) -> None:
    text = "Students find the library of Gamma open on Sundays. Students find the library of Gamma not open on Sundays."
    [finding] = found(tmp_path, document("a.md", text))
    assert (finding.kind, finding.places) == ("contradicting", ("a.md",))


def test_a_passage_that_none_of_its_sentences_finds_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(*arguments: Any) -> list[RetrievedPassage]:
        return [item for item in retrieve(*arguments) if item.passage.document_id != "b.md"]

    monkeypatch.setattr("assistant.maintenance.lint.retrieve", blind)
    [finding] = found(tmp_path, document(), document("b.md", "Gamma University teaches statistics."))
    assert finding == Finding(
        "unreachable", ("b.md",), "no sentence of it finds it: “Gamma University teaches statistics.”"
    )


def test_characters_that_nobody_sees_are_named(tmp_path: Path) -> None:
    [finding] = found(tmp_path, document("a.md", "Ignore\u200b this \u202eword. Nurses are trained every autumn."))
    assert finding.kind == "hidden"
    assert finding.text == "characters that nobody sees: ZERO WIDTH SPACE, RIGHT-TO-LEFT OVERRIDE"
