"""A trace, for people: every stage with its scores, and why it answered or abstained."""

from __future__ import annotations

from assistant.answering.decision import ANSWER_FROM, CLOSE_FROM
from assistant.chat import Trace
from assistant.schema import Verdict

_SHOWN = 5
_REASONS = {
    Verdict.ANSWERED: "the best sentence answers with probability {p:.2f}, at least {a}",
    Verdict.UNCLEAR: "the best sentence answers with probability {p:.2f}, less than {a} but at least {c}",
    Verdict.NOT_COVERED: "the best sentence answers with probability {p:.2f}, less than {c}",
    Verdict.ABOUT_ME: "this is talk about the assistant itself",
}


def explain(trace: Trace) -> str:
    """The stages of `trace` as text."""
    answer = trace.answer
    lines = [
        f"question   {answer.question}",
        f"resolved   {answer.resolved_question}",
        f"language   {answer.language}",
        "",
        f"retrieved  {len(trace.retrieved)} passages (score, cosine, lexical share, word match)",
    ]
    for item in trace.retrieved[:_SHOWN]:
        beginning = item.passage.text[:60].replace("\n", " ")
        scores = f"{item.score:7.3f} {item.cosine:6.3f} {item.lexical:6.2f} {item.words:6.2f}"
        lines.append(f"  {scores}  {item.passage.document_id}: {beginning}…")
    lines += ["", f"sentences  {len(trace.evidence)} weighed (score, cosine, word match)"]
    for sentence in trace.evidence[:_SHOWN]:
        lines.append(f"  {sentence.score:7.3f} {sentence.cosine:6.3f} {sentence.match:6.2f}  {sentence.quote[:90]}")
    reason = _REASONS[answer.verdict].format(p=answer.confidence, a=ANSWER_FROM, c=CLOSE_FROM)
    stages = ", ".join(f"{name} {value} ms" for name, value in answer.timings_ms.items())
    return "\n".join(
        [*lines, "", f"verdict    {answer.verdict.value}: {reason}", f"time       {stages}", answer.answer]
    )
