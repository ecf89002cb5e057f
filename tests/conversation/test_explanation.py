from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assistant.conversation.assistant import Assistant
from assistant.conversation.explanation import explain_trace, failed_stage
from tests.fakes import ANSWERABILITY

FOUNDED = "When was the Alpha Institute founded in Lund?"


def strict(assistant: Assistant) -> Assistant:
    """Return a copy of `assistant` whose threshold is too high for any question to be answered."""
    return replace(assistant, answerability_model=replace(ANSWERABILITY, answer_threshold=1.0))


def contains(expected: str) -> Callable[[str, str], bool]:
    return lambda text, document_id: expected in text


def test_explanation_lists_every_stage(shared_assistant: Assistant) -> None:
    trace = shared_assistant.trace("When was it founded in Lund?", [])
    lines = explain_trace(trace, 0.5).splitlines()
    assert lines[0] == "question   When was it founded in Lund?"
    stages = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert stages[:8] == ["question", "resolved", "language", "retrieved", "sentences", "features", "verdict", "time"]
    assert "retrieved  2 passages" in "\n".join(lines)
    assert "sentences  6 scored" in "\n".join(lines)
    assert lines[-1] == trace.answer.answer


def test_reason_names_the_probability_and_threshold(shared_assistant: Assistant) -> None:
    trace = shared_assistant.trace(FOUNDED)
    assert trace.decision is not None
    probability = f"a probability of {trace.decision.answer_probability:.2f} (threshold 0.5)"
    assert f"verdict    answered: the quotes answer the question with {probability}\n" in explain_trace(trace, 0.5)


def test_reason_of_a_refusal_names_the_threshold_it_missed(shared_assistant: Assistant) -> None:
    unclear = explain_trace(strict(shared_assistant).trace(FOUNDED), 1.0)
    assert "verdict    unclear: the documents are on topic with a probability of " in unclear
    assert " (threshold 1.0)\n" in unclear
    not_covered = explain_trace(shared_assistant.trace("Which zebra plays the xylophone?"), 0.5)
    assert "verdict    not_covered: the documents are on topic with a probability of only 0." in not_covered
    assert " (threshold 0.4)\n" in not_covered


def test_small_talk_has_no_features(shared_assistant: Assistant) -> None:
    explanation = explain_trace(shared_assistant.trace("Hello!"), 0.5)
    assert "verdict    about_me: the message is small talk" in explanation
    assert "features" not in explanation


@pytest.mark.parametrize(
    ("question", "expected", "stage"),
    [
        (FOUNDED, "founded in 1998", ""),
        (FOUNDED, "founded in 2020", "not in the corpus"),
        (FOUNDED, "library is open", "retrieved, but not chosen"),
    ],
)
def test_failed_stage_is_the_first_without_the_answer(
    shared_assistant: Assistant, question: str, expected: str, stage: str
) -> None:
    trace, texts = shared_assistant.trace(question), shared_assistant.index.document_texts
    assert failed_stage(trace, contains(expected), texts) == stage


def test_refusing_the_right_quote_is_a_stage_of_its_own(shared_assistant: Assistant) -> None:
    trace = strict(shared_assistant).trace(FOUNDED)
    assert (
        failed_stage(trace, contains("founded in 1998"), shared_assistant.index.document_texts) == "chosen, but refused"
    )


def test_small_talk_retrieves_nothing(shared_assistant: Assistant) -> None:
    trace = shared_assistant.trace("Hello!")
    assert failed_stage(trace, contains("founded in 1998"), shared_assistant.index.document_texts) == "not retrieved"
