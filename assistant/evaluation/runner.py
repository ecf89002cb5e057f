"""Asks the questions in a data set and records the outcomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assistant.citations import split_at_answer
from assistant.conversation.assistant import Assistant
from assistant.conversation.explanation import failed_stage
from assistant.conversation.trace import Trace
from assistant.evaluation.data_sets import DataSet, EvaluationQuestion
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Citation, Turn, Verdict
from assistant.text.language import detect_question_language
from assistant.text.words import fold_text

_RETRIEVED_PASSAGES = 50
_RANKED_DOCUMENTS = 10
ProgressWrapper = Callable[[Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class QuestionOutcome:
    """The result of asking one question.

    Attributes:
        supported: whether at least one of the selected quotes is correct, even if it isn't shown.
        first_supported: whether the best sentence is a correct quote.
        precision: the proportion of the selected quotes that come from a correct document; None if no quotes
            are selected or no document is marked as correct.
        mark_correct: whether the highlighted words of the best quote overlap an accepted answer; None if nothing is
            shown or highlighted, or no accepted answers are listed.
        failed: the stage at which a bad answer went wrong, or "" if the answer is good.
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
    mark_correct: bool | None = None


def rank_documents(data: DataSet, assistant: Assistant, progress: ProgressWrapper) -> dict[str, list[str]]:
    """Retrieve the ten best documents for each graded query. Returns their ids, best first, for each query id."""
    rankings = {}
    graded = [query_id for query_id in data.queries if query_id in data.qrels]
    for query_id in progress(graded, len(graded)):
        language = detect_question_language(data.queries[query_id], assistant.default_language)
        query = make_query(assistant.index, assistant.encoder, data.queries[query_id], language)
        passages = retrieve(assistant.index, query, _RETRIEVED_PASSAGES)
        rankings[query_id] = list(dict.fromkeys(item.passage.document_id for item in passages))[:_RANKED_DOCUMENTS]
    return rankings


def ask_questions(
    questions: Sequence[EvaluationQuestion], assistant: Assistant, progress: ProgressWrapper
) -> list[QuestionOutcome]:
    """Ask every question and return the outcomes in the same order."""
    return [_run_question(question, assistant) for question in progress(questions, len(questions))]


def _run_question(question: EvaluationQuestion, assistant: Assistant) -> QuestionOutcome:
    trace = trace_last_turn(assistant, question.turns)
    answer = trace.answer
    evidence = trace.evidence
    selected, best = (evidence.selected_sentences, evidence.scored_sentences[:1]) if evidence else ((), ())
    correct = [is_correct_quote(item.quote, item.passage.document_id, question) for item in selected]
    best_correct = [is_correct_quote(item.quote, item.passage.document_id, question) for item in best]
    from_correct_document = [item.passage.document_id in question.correct_document_ids for item in selected]
    return QuestionOutcome(
        identifier=question.question_id,
        question=answer.resolved_question,
        answerable=question.is_answerable,
        verdict=answer.verdict.value,
        confidence=answer.confidence,
        supported=bool(question.is_answerable) and any(correct),
        first_supported=bool(question.is_answerable) and any(best_correct),
        precision=sum(from_correct_document) / len(selected) if selected and question.correct_document_ids else None,
        milliseconds=answer.timings_ms["total"],
        failed=_failed_stage(question, trace, assistant),
        mark_correct=_mark_correct(answer.citations, question),
    )


def trace_last_turn(assistant: Assistant, turns: Sequence[str]) -> Trace:
    """Answer the last of `turns` and return the trace. The earlier turns aren't answered: they form the history."""
    history: list[Turn] = []
    for turn in turns[:-1]:
        history.append(Turn(turn, assistant.resolve_question(turn, history)))
    return assistant.trace(turns[-1], history)


def is_correct_quote(quote: str, document_id: str, question: EvaluationQuestion) -> bool:
    """Return whether `quote` contains an accepted answer or, if none are listed, comes from a correct document."""
    if not question.accepted_answers:
        return document_id in question.correct_document_ids
    folded_quote = " ".join(fold_text(quote).split())
    return any(" ".join(fold_text(answer).split()) in folded_quote for answer in question.accepted_answers)


def _mark_correct(citations: Sequence[Citation], question: EvaluationQuestion) -> bool | None:
    marked = [citation for citation in citations if citation.answer]
    if not question.accepted_answers or not marked:
        return None
    best = max(marked, key=lambda citation: citation.score)
    before, words, _ = split_at_answer(best)
    start, end = len(before), len(before) + len(words)
    places = [
        match.span()
        for accepted in question.accepted_answers
        for match in re.finditer(re.escape(accepted), best.quote, re.IGNORECASE)
    ]
    return any(first < end and start < last for first, last in places)


def _failed_stage(question: EvaluationQuestion, trace: Trace, assistant: Assistant) -> str:
    if question.is_answerable is None:
        return ""
    if question.is_answerable is False:
        return "not in the corpus, but answered" if trace.answer.verdict is Verdict.ANSWERED else ""

    def is_correct(text: str, document_id: str) -> bool:
        return is_correct_quote(text, document_id, question)

    return failed_stage(trace, is_correct, assistant.index.document_texts)


def outcomes_as_records(outcomes: Sequence[QuestionOutcome]) -> list[dict[str, Any]]:
    """Return the outcomes as JSON objects."""
    return [asdict(item) for item in outcomes]
