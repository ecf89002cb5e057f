from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.assistant import Assistant
from assistant.maintenance.lint import LintFinding, lint_corpus
from assistant.retrieval.retriever import retrieve
from assistant.schema import Document, RetrievedPassage
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords

TODAY = date(2026, 11, 23)
FOUNDED = "The Alpha Institute was founded in {} in Lund by the city council and its old university hospital."


def make_assistant(folder: Path, *documents: Document) -> Assistant:
    return Assistant(index_of(documents, folder / "index", BagOfWords()), BagOfWords(), ANSWERABILITY)


def lint(folder: Path, *documents: Document, max_age_days: int = 365) -> list[LintFinding]:
    return list(lint_corpus(make_assistant(folder, *documents), TODAY, max_age_days))


def test_good_documents_have_no_findings(tmp_path: Path) -> None:
    other = document("b.md", "Gamma University teaches statistics. Its library is open at night.")
    assert lint(tmp_path, document(retrieved="2026-10-01"), other) == []


def test_an_old_document_is_stale(tmp_path: Path) -> None:
    [finding] = lint(tmp_path, document(retrieved="2025-11-22"))
    assert finding == LintFinding("stale", ("alpha.md",), "retrieved 2025-11-22, more than 365 days ago")
    assert lint(tmp_path / "b", document(retrieved="2025-11-22"), max_age_days=400) == []


def test_a_repeated_passage_is_reported_once(tmp_path: Path) -> None:
    [finding] = lint(tmp_path, document(), document("copy.md"))
    assert finding.kind == "repeated"
    assert set(finding.places) == {"alpha.md", "copy.md"}
    assert finding.text.startswith("same text: “The Alpha Institute")


def test_contradicting_documents_are_reported(tmp_path: Path) -> None:
    first = document("a.md", FOUNDED.format(1989) + " Nurses are trained in autumn.")
    second = document("b.md", FOUNDED.format(1998) + " Gamma teaches statistics there.")
    [finding] = lint(tmp_path, first, second)
    assert (finding.kind, finding.places) == ("contradicting", ("a.md", "b.md"))
    assert finding.text == f"“{FOUNDED.format(1989)}” and “{FOUNDED.format(1998)}”"


def test_a_document_contradicting_itself_is_reported(tmp_path: Path) -> None:
    text = "Students find the library of Gamma open on Sundays. Students find the library of Gamma not open on Sundays."
    [finding] = lint(tmp_path, document("a.md", text))
    assert (finding.kind, finding.places) == ("contradicting", ("a.md",))


def test_similar_documents_in_two_languages_do_not_contradict(tmp_path: Path) -> None:
    first = document("a.md", FOUNDED.format(1989) + " Nurses are trained in autumn.")
    second = document("b.md", FOUNDED.format(1998) + " Gamma teaches statistics there.", language="sv")
    assert "contradicting" not in {finding.kind for finding in lint(tmp_path, first, second)}


def test_a_passage_that_its_own_sentences_do_not_find_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def retrieve_without_b(*arguments: Any) -> list[RetrievedPassage]:
        return [result for result in retrieve(*arguments) if result.passage.document_id != "b.md"]

    monkeypatch.setattr("assistant.maintenance.lint.retrieve", retrieve_without_b)
    [finding] = lint(tmp_path, document(), document("b.md", "Gamma University teaches statistics."))
    assert finding == LintFinding(
        "unreachable",
        ("b.md",),
        "this passage is not found by any of its own sentences: “Gamma University teaches statistics.”",
    )


def test_hidden_characters_are_named(tmp_path: Path) -> None:
    [finding] = lint(tmp_path, document("a.md", "Ignore\u200b this \u202eword. Nurses are trained every autumn."))
    assert finding.kind == "hidden"
    assert finding.text == "hidden characters: ZERO WIDTH SPACE, RIGHT-TO-LEFT OVERRIDE"


def test_soft_hyphens_and_joiners_are_allowed(tmp_path: Path) -> None:
    text = "\ufeffNurses are train\u00aded every autumn \U0001f469\u200d\U0001f52c in Lund."
    assert lint(tmp_path, document("a.md", text)) == []


def test_progress_covers_every_block_of_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.maintenance.lint._BLOCK_SIZE", 2)
    documents = [
        document(name, text)
        for name, text in (
            ("a.md", "Nurses are trained every autumn."),
            ("b.md", "Gamma University teaches statistics."),
            ("c.md", "The library is open at night."),
        )
    ]
    calls: list[tuple[list[int], int]] = []

    def progress(blocks: Iterable[int], total: int) -> Iterable[int]:
        calls.append((list(blocks), total))
        return calls[0][0]

    assert list(lint_corpus(make_assistant(tmp_path, *documents), TODAY, 365, progress)) == []
    assert calls == [([0, 2], 2)]
