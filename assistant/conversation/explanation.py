"""A trace, for people: every stage with its scores, and why it answered or abstained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from assistant.conversation.trace import Trace
from assistant.schema import Verdict

_SHOWN = 5
_REASONS = {
    Verdict.ANSWERED: "the quotes answer with probability {a:.2f}, at least {t}",
    Verdict.UNCLEAR: "it is the topic ({o:.2f}), but the quotes answer with probability {a:.2f}, less than {t}",
    Verdict.NOT_COVERED: "the texts are about this with probability {o:.2f}, less than {f}",
}


def explain(trace: Trace, answer_from: float) -> str:
    """The stages of `trace` as text; `answer_from` is the threshold it was decided with."""
    answer, found = trace.answer, trace.found
    retrieved, evidence = (found.retrieved, found.evidence) if found else ((), ())
    lines = [
        f"question   {answer.question}",
        f"resolved   {answer.resolved_question}",
        f"language   {answer.language}",
        "",
        f"retrieved  {len(retrieved)} passages (score, cosine, lexical share, word match)",
    ]
    for item in retrieved[:_SHOWN]:
        beginning = item.passage.text[:60].replace("\n", " ")
        scores = f"{item.score:7.3f} {item.cosine:6.3f} {item.lexical:6.2f} {item.words:6.2f}"
        lines.append(f"  {scores}  {item.passage.document_id}: {beginning}…")
    lines += ["", f"sentences  {len(evidence)} weighed (score, cosine, word match)"]
    for sentence in evidence[:_SHOWN]:
        lines.append(f"  {sentence.score:7.3f} {sentence.cosine:6.3f} {sentence.match:6.2f}  {sentence.quote[:90]}")
    lines += ["", *_decision(trace, answer_from)]
    stages = ", ".join(f"{name} {value} ms" for name, value in answer.timings_ms.items())
    return "\n".join([*lines, f"time       {stages}", answer.answer])


def _decision(trace: Trace, answer_from: float) -> list[str]:
    if trace.decision is None or trace.found is None:
        return ["verdict    about_me: this is talk about the assistant itself"]
    decision, features = trace.decision, trace.found.features
    shown = ", ".join(f"{name} {value:.2f}" for name, value in asdict(features).items()) if features else "none"
    reason = _REASONS[decision.verdict].format(
        a=decision.answers, o=decision.on_topic, t=answer_from, f=decision.topic_from
    )
    return [f"features   {shown}", f"verdict    {decision.verdict.value}: {reason}"]


def failed_stage(trace: Trace, right: Callable[[str, str], bool], texts: Mapping[str, str]) -> str:
    """The stage at which an answer went wrong, "" for a good one.

    Args:
        trace: the answer with its stages.
        right: whether words (the first argument) of a document (its id) answer the question.
        texts: indexed text by document id.
    """
    found = trace.found
    if not any(right(text, document) for document, text in texts.items()):
        return "not in the corpus"
    if found is None or not any(right(item.passage.text, item.passage.document_id) for item in found.retrieved):
        return "not retrieved"
    if not any(right(item.quote, item.passage.document_id) for item in found.chosen):
        return "retrieved, but not chosen"
    return "" if trace.answer.verdict is Verdict.ANSWERED else "chosen, but refused"
