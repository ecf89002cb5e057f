from __future__ import annotations

from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.evaluation.data_sets import DataSet, EvaluationQuestion, read_data_set
from assistant.evaluation.runner import (
    QuestionOutcome,
    ask_questions,
    is_correct_quote,
    outcomes_as_records,
    rank_documents,
    trace_last_turn,
)
from tests.conftest import index_of
from tests.evaluation.conftest import CORRECT
from tests.fakes import ANSWERABILITY, BagOfWords

FOUNDED = "When was the Alpha Institute founded in Lund?"


def ask(
    assistant: Assistant,
    question: str,
    answers: tuple[str, ...] = (),
    answerable: bool | None = True,
    document_ids: frozenset[str] = frozenset(),
) -> QuestionOutcome:
    [outcome] = ask_questions(
        [EvaluationQuestion("1", (question,), answerable, answers, document_ids)], assistant, lambda items, _: items
    )
    return outcome


def test_failed_stage_is_recorded(shared_assistant: Assistant) -> None:
    assert ask(shared_assistant, FOUNDED, ("founded in 1998",)).failed == ""
    assert ask(shared_assistant, FOUNDED, ("no such words",)).failed == "not in the corpus"
    assert ask(shared_assistant, FOUNDED, ("open at night",)).failed == "retrieved, but not chosen"
    refused = ask(shared_assistant, "library zebra xylophone quartz jungle", ("open at night",))
    assert refused.failed == "chosen, but refused"
    assert ask(shared_assistant, FOUNDED, answerable=False).failed == "not in the corpus, but answered"
    assert ask(shared_assistant, FOUNDED, answerable=None).failed == ""


def test_supported_answer_is_recorded(shared_assistant: Assistant) -> None:
    outcome = ask(shared_assistant, FOUNDED, ("founded in 1998",), document_ids=frozenset({"alpha.md"}))
    assert (outcome.verdict, outcome.supported, outcome.first_supported) == ("answered", True, True)
    assert outcome.precision == 1
    assert outcome.confidence > 0.5
    assert outcome.milliseconds > 0


def test_precision_needs_correct_documents(shared_assistant: Assistant) -> None:
    assert ask(shared_assistant, FOUNDED, ("founded in 1998",)).precision is None
    assert ask(shared_assistant, FOUNDED, ("founded",), document_ids=frozenset({"gamma.md"})).precision == 0


def test_quotes_never_support_unanswerable_questions(shared_assistant: Assistant) -> None:
    outcome = ask(shared_assistant, FOUNDED, answerable=False, document_ids=frozenset({"alpha.md"}))
    assert (outcome.supported, outcome.first_supported) == (False, False)


def test_only_the_last_turn_is_answered(shared_assistant: Assistant) -> None:
    trace = trace_last_turn(shared_assistant, ["What is Gamma University?", "When is its library open?"])
    assert trace.answer.question == "When is its library open?"
    assert "Gamma University" in trace.answer.resolved_question


@pytest.mark.parametrize(
    ("quote", "document_id", "answers", "document_ids", "expected"),
    [
        ("It was founded  IN 1998.", "a", ("in 1998",), (), True),
        ("It was founded in 1999.", "a", ("in 1998", "1997"), ("a",), False),
        ("Anything at all.", "a", (), ("a",), True),
        ("Anything at all.", "b", (), ("a",), False),
    ],
)
def test_correct_quote_contains_an_answer_or_is_from_a_correct_document(
    quote: str, document_id: str, answers: tuple[str, ...], document_ids: tuple[str, ...], expected: bool
) -> None:
    question = EvaluationQuestion("1", ("?",), True, answers, frozenset(document_ids))
    assert is_correct_quote(quote, document_id, question) is expected


def test_graded_queries_are_ranked_by_document(data_folder: Path) -> None:
    data = read_data_set(data_folder)
    queries = {**data.queries, "ungraded": "Where is Lund?"}
    assistant = Assistant(index_of(data.documents, data_folder / "index"), BagOfWords(), ANSWERABILITY)
    rankings = rank_documents(DataSet("d", (), queries, data.qrels, ()), assistant, lambda items, _: items)
    assert rankings == {"q": ["a", "b"]}


def test_progress_receives_the_number_of_questions(shared_assistant: Assistant) -> None:
    counts = []
    questions = [EvaluationQuestion(str(number), ("What is rain?",), None, ()) for number in range(3)]
    outcomes = ask_questions(questions, shared_assistant, lambda items, count: counts.append(count) or items)
    assert [outcome.identifier for outcome in outcomes] == ["0", "1", "2"]
    assert counts == [3]


def test_outcome_becomes_a_json_object() -> None:
    [record] = outcomes_as_records([CORRECT])
    assert record == {
        "identifier": "1", "question": "q1", "answerable": True, "verdict": "answered", "confidence": 0.9,
        "supported": True, "first_supported": True, "precision": 1.0, "milliseconds": 10.0, "failed": "",
        "mark_correct": None,
    }  # fmt: skip
