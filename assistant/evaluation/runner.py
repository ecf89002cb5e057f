"""Asks a data set's questions and keeps what came of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assistant.conversation.assistant import Assistant
from assistant.conversation.explanation import failed_stage
from assistant.conversation.trace import Trace
from assistant.evaluation.data_sets import DataSet, EvaluationQuestion
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Turn, Verdict
from assistant.text.language import detect_question_language
from assistant.text.words import fold

_DEPTH = 50  # passages retrieved for a ranking of documents
_RANKED = 10  # documents kept of it
Progress = Callable[[Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question.

    `supported`: the quotes chosen for it, shown or not, hold a right answer; `first_supported`: the
    best of them does. `precision`: the share of the chosen quotes that stand in a right document.
    `failed`: the stage at which a bad answer went wrong, "" for a good one.
    """

    identifier: str
    question: str
    answerable: bool | None
    verdict: str
    confidence: float
    supported: bool
    first_supported: bool
    precision: float | None
    milliseconds: float
    failed: str


def run_queries(data: DataSet, assistant: Assistant, progress: Progress) -> dict[str, list[str]]:
    """The best documents for each query that has grades, best first."""
    found = {}
    queries = [key for key in data.queries if key in data.qrels]
    for key in progress(queries, len(queries)):
        language = detect_question_language(data.queries[key], assistant.language)
        query = make_query(assistant.index, assistant.encoder, data.queries[key], language)
        passages = retrieve(assistant.index, query, _DEPTH)
        found[key] = list(dict.fromkeys(item.passage.document_id for item in passages))[:_RANKED]
    return found


def run_questions(questions: Sequence[EvaluationQuestion], assistant: Assistant, progress: Progress) -> list[Outcome]:
    """What came of each question."""
    return [_outcome(asked, assistant) for asked in progress(questions, len(questions))]


def _outcome(asked: EvaluationQuestion, assistant: Assistant) -> Outcome:
    trace = ask_turns(assistant, asked.turns)
    answer = trace.answer
    found = trace.evidence
    chosen, best = (found.selected, found.sentences[:1]) if found else ((), ())
    right = [is_correct_quote(item.quote, item.passage.document_id, asked) for item in chosen]
    documents = [item.passage.document_id in asked.document_ids for item in chosen]
    return Outcome(
        identifier=asked.identifier,
        question=answer.resolved_question,
        answerable=asked.answerable,
        verdict=answer.verdict.value,
        confidence=answer.confidence,
        supported=bool(asked.answerable) and any(right),
        first_supported=bool(asked.answerable)
        and any(is_correct_quote(item.quote, item.passage.document_id, asked) for item in best),
        precision=sum(documents) / len(documents) if documents and asked.document_ids else None,
        milliseconds=answer.timings_ms["total"],
        failed=_failed_stage(asked, trace, assistant),
    )


def ask_turns(assistant: Assistant, turns: Sequence[str]) -> Trace:
    """The trace of the last of `turns`; the ones before are understood, not answered."""
    history: list[Turn] = []
    for turn in turns[:-1]:
        history.append(Turn(turn, assistant.resolve_question(turn, history)))
    return assistant.trace(turns[-1], history)


def is_correct_quote(quote: str, document_id: str, asked: EvaluationQuestion) -> bool:
    """Whether a quote holds an answer, or, where the set gives no answers, stands in a right document."""
    if not asked.answers:
        return document_id in asked.document_ids
    said = " ".join(fold(quote).split())
    return any(" ".join(fold(answer).split()) in said for answer in asked.answers)


def _failed_stage(asked: EvaluationQuestion, trace: Trace, assistant: Assistant) -> str:
    if asked.answerable is None:
        return ""
    if asked.answerable is False:
        return "not in the corpus, but answered" if trace.answer.verdict is Verdict.ANSWERED else ""
    return failed_stage(trace, lambda words, document: is_correct_quote(words, document, asked), assistant.index.texts)


def outcomes_as_records(found: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Outcomes as JSON objects."""
    return [asdict(item) for item in found]
