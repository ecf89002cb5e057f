from __future__ import annotations

import threading
from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.onboarding import questions
from assistant.onboarding.glossary import make_glossary
from assistant.onboarding.questions import verified_questions
from assistant.schema import Answer
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords

NAMES = "Harbour River Mountain Forest Desert Valley".split()
TEXT = " ".join(f"{name} Weather Institute ({name[0]}WI) is a public agency that measures rain." for name in NAMES)


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    return Assistant(index_of([document(text=TEXT)], tmp_path), BagOfWords(), ANSWERABILITY)


def found(assistant: Assistant, threads: int) -> tuple[list[str], list[str]]:
    """What was asked, in the order of the alphabet, and what was kept."""
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return assistant.ask(question)

    kept = verified_questions(assistant.index, make_glossary(assistant.index), (), ask, threads)
    return sorted(asked), [item.question for item in kept]


def test_threads_ask_at_the_same_time(assistant: Assistant) -> None:
    together = threading.Barrier(3, timeout=20)

    def ask(question: str) -> Answer:
        if question.startswith("What is "):  # six of them, so that nobody waits in vain
            together.wait()
        return assistant.ask(question)

    assert verified_questions(assistant.index, make_glossary(assistant.index), (), ask, threads=3)


def test_the_number_of_threads_changes_no_question(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_ASKED_TOGETHER", 3)
    asked, kept = found(assistant, threads=1)
    assert len(asked) == len(set(asked)) > 6
    assert kept
    assert found(assistant, threads=3) == (asked, kept)


@pytest.mark.parametrize("together", [1, 3, 64])
def test_as_many_are_asked_and_kept_as_may_be(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    all_kept = found(assistant, threads=1)[1]
    monkeypatch.setattr(questions, "_ASKED_TOGETHER", together)
    monkeypatch.setattr(questions, "_MAX_QUESTIONS", 2)
    assert found(assistant, threads=2)[1] == all_kept[:2]
    monkeypatch.setattr(questions, "_MAX_ASKED", 5)
    monkeypatch.setattr(questions, "_MAX_QUESTIONS", 200)
    assert len(found(assistant, threads=2)[0]) == 5
