"""A trace, for people: every stage with its scores, and why it answered or abstained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from assistant.conversation.trace import Trace
from assistant.schema import Verdict

_SHOWN_ITEMS = 5
_REASONS = {
    Verdict.ANSWERED: "the quotes answer with probability {a:.2f}, at least {t}",
    Verdict.UNCLEAR: "it is the topic ({o:.2f}), but the quotes answer with probability {a:.2f}, less than {t}",
    Verdict.NOT_COVERED: "the texts are about this with probability {o:.2f}, less than {f}",
}


def explain_trace(trace: Trace, answer_threshold: float) -> str:
    """The stages of `trace` as text; `answer_threshold` is the threshold it was decided with."""
    answer, found = trace.answer, trace.evidence
    retrieved, evidence = (found.retrieved, found.sentences) if found else ((), ())
    lines = [
        f"question   {answer.question}",
        f"resolved   {answer.resolved_question}",
        f"language   {answer.language}",
        "",
        f"retrieved  {len(retrieved)} passages (score, cosine, lexical share, word match)",
    ]
    for item in retrieved[:_SHOWN_ITEMS]:
        beginning = item.passage.text[:60].replace("\n", " ")
        scores = f"{item.score:7.3f} {item.cosine:6.3f} {item.lexical:6.2f} {item.word_match:6.2f}"
        lines.append(f"  {scores}  {item.passage.document_id}: {beginning}…")
    lines += ["", f"sentences  {len(evidence)} weighed (score, cosine, word match)"]
    for sentence in evidence[:_SHOWN_ITEMS]:
        lines.append(
            f"  {sentence.score:7.3f} {sentence.cosine:6.3f} {sentence.word_match:6.2f}  {sentence.quote[:90]}"
        )
    lines += ["", *_decision(trace, answer_threshold)]
    stages = ", ".join(f"{name} {value} ms" for name, value in answer.timings_ms.items())
    return "\n".join([*lines, f"time       {stages}", answer.answer])


def _decision(trace: Trace, answer_threshold: float) -> list[str]:
    if trace.decision is None or trace.evidence is None:
        return ["verdict    about_me: this is talk about the assistant itself"]
    decision, features = trace.decision, trace.evidence.features
    shown = ", ".join(f"{name} {value:.2f}" for name, value in asdict(features).items()) if features else "none"
    reason = _REASONS[decision.verdict].format(
        a=decision.answer_probability, o=decision.topic_probability, t=answer_threshold, f=decision.topic_threshold
    )
    return [f"features   {shown}", f"verdict    {decision.verdict.value}: {reason}"]


def failed_stage(trace: Trace, right: Callable[[str, str], bool], texts: Mapping[str, str]) -> str:
    """The stage at which an answer went wrong, "" for a good one.

    Args:
        trace: the answer with its stages.
        right: whether words (the first argument) of a document (its id) answer the question.
        texts: indexed text by document id.
    """
    found = trace.evidence
    if not any(right(text, document) for document, text in texts.items()):
        return "not in the corpus"
    if found is None or not any(right(item.passage.text, item.passage.document_id) for item in found.retrieved):
        return "not retrieved"
    if not any(right(item.quote, item.passage.document_id) for item in found.selected):
        return "retrieved, but not chosen"
    return "" if trace.answer.verdict is Verdict.ANSWERED else "chosen, but refused"
