"""Explains how an answer came about: lists the scores from each stage and gives the reason for the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from assistant.answering.sentence_selection import ScoredSentence
from assistant.conversation.trace import Trace
from assistant.schema import Verdict

_MAX_ITEMS = 5  # maximum number of items listed for each stage
_REASONS = {
    Verdict.ANSWERED: (
        "the quotes answer the question with a probability of {answer:.2f} (threshold {answer_threshold})"
    ),
    Verdict.UNCLEAR: (
        "the documents are on topic with a probability of {topic:.2f}, but the quotes answer the question with "
        "a probability of only {answer:.2f} (threshold {answer_threshold})"
    ),
    Verdict.NOT_COVERED: (
        "the documents are on topic with a probability of only {topic:.2f} (threshold {topic_threshold})"
    ),
}


def explain_trace(trace: Trace, answer_threshold: float) -> str:
    """Describe the stages of `trace`, one item per line.

    Args:
        trace: the answer with its stages.
        answer_threshold: the answer threshold that the verdict was based on.
    """
    answer, evidence = trace.answer, trace.evidence
    retrieved, sentences = (evidence.retrieved_passages, evidence.scored_sentences) if evidence else ((), ())
    lines = [
        f"question   {answer.question}",
        f"resolved   {answer.resolved_question}",
        f"language   {answer.language}",
        "",
        f"retrieved  {len(retrieved)} passages (score, cosine, lexical score, word match)",
    ]
    for item in retrieved[:_MAX_ITEMS]:
        excerpt = item.passage.text[:60].replace("\n", " ")
        scores = f"{item.score:7.3f} {item.cosine:6.3f} {item.lexical_score:6.2f} {item.word_match:6.2f}"
        lines.append(f"  {scores}  {item.passage.document_id}: {excerpt}…")
    lines += ["", f"sentences  {len(sentences)} scored (score, cosine, word match)"]
    for sentence in sentences[:_MAX_ITEMS]:
        lines.append(
            f"  {sentence.score:7.3f} {sentence.cosine:6.3f} {sentence.word_match:6.2f}  {sentence.quote[:90]}"
        )
    lines += _reading_lines(sentences)
    lines += ["", *_decision_lines(trace, answer_threshold)]
    timings = ", ".join(f"{name} {value} ms" for name, value in answer.timings_ms.items())
    return "\n".join([*lines, f"time       {timings}", answer.answer])


def _reading_lines(sentences: Sequence[ScoredSentence]) -> list[str]:
    read = [item for item in sentences if item.reading]
    if not read:
        return []
    lines = ["", f"reader     {len(read)} sentences read (log-odds of an answer, margin of the words over no answer)"]
    for item in sorted(read, key=lambda item: -item.reading.score if item.reading else 0.0)[:_MAX_ITEMS]:
        if item.reading:
            words = item.passage.quote(item.reading.answer)
            mark = "marked" if item.answer else "not marked"
            lines.append(f"  {item.reading.answer_logit:7.2f} {item.reading.span_margin:6.2f}  {words!r}, {mark}")
    return lines


def _decision_lines(trace: Trace, answer_threshold: float) -> list[str]:
    if trace.decision is None or trace.evidence is None:
        return ["verdict    about_me: the message is small talk"]
    decision, evidence = trace.decision, trace.evidence
    parts = [asdict(part) for part in (evidence.best_sentence_features, evidence.reading_features) if part]
    values = ", ".join(f"{name} {value:.2f}" for part in parts for name, value in part.items()) or "none"
    reason = _REASONS[decision.verdict].format(
        answer=decision.answer_probability,
        topic=decision.on_topic_probability,
        answer_threshold=answer_threshold,
        topic_threshold=decision.on_topic_threshold,
    )
    return [f"features   {values}", f"verdict    {decision.verdict.value}: {reason}"]


def failed_stage(trace: Trace, is_correct: Callable[[str, str], bool], texts: Mapping[str, str]) -> str:
    """Return the stage at which the correct answer was lost, or "" if the question was answered correctly.

    Args:
        trace: the answer with its stages.
        is_correct: takes a text and the id of its document, and returns whether the text answers the question.
        texts: the indexed text of each document, by document id.
    """
    evidence = trace.evidence
    if not any(is_correct(text, document_id) for document_id, text in texts.items()):
        return "not in the corpus"
    if evidence is None or not any(
        is_correct(item.passage.text, item.passage.document_id) for item in evidence.retrieved_passages
    ):
        return "not retrieved"
    if not any(is_correct(item.quote, item.passage.document_id) for item in evidence.selected_sentences):
        return "retrieved, but not chosen"
    return "" if trace.answer.verdict is Verdict.ANSWERED else "chosen, but refused"
