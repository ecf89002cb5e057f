"""Combines the answers to several questions in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering import phrases
from assistant.citations import citation_marker, escape_citation_markers
from assistant.schema import Answer, Citation, Verdict

_VERDICT_PRIORITY = (Verdict.ANSWERED, Verdict.UNCLEAR, Verdict.NOT_COVERED, Verdict.ABOUT_ME)


def combine_answers(message: str, answers: Sequence[Answer], default_language: str) -> Answer:
    """Combine `answers` into one answer to `message`.

    The text lists each question, followed by its quotes or its refusal. The combined verdict
    is ANSWERED if any of the questions is answered. The combined confidence is the lowest confidence among the answers
    whose verdict is the combined verdict.
    """
    verdict = min((answer.verdict for answer in answers), key=_VERDICT_PRIORITY.index)
    citations: list[Citation] = []
    texts = []
    for answer in answers:
        text = answer.answer
        if verdict is Verdict.ANSWERED and answer.verdict is Verdict.UNCLEAR:
            text = phrases.partial_refusal_text(phrases.reply_language(answer.language, default_language))
        for citation in answer.citations if answer.verdict is Verdict.ANSWERED else ():
            number = _combined_number(citation, citations)
            quote = f"{citation.quote} {citation_marker(citation.number)}"
            text = text.replace(quote, f"{citation.quote} \0{number}\0", 1)
        texts.append(f"{escape_citation_markers(answer.question)} {text}")
    return replace(
        answers[0],
        question=message,
        resolved_question=" ".join(answer.resolved_question for answer in answers),
        verdict=verdict,
        abstained=verdict in {Verdict.UNCLEAR, Verdict.NOT_COVERED},
        answer=_insert_markers("\n".join(texts), len(citations)),
        confidence=min(answer.confidence for answer in answers if answer.verdict is verdict),
        citations=tuple(citations),
        closest=_closest_passages(answers) if verdict is Verdict.UNCLEAR else (),
        suggestions=tuple(dict.fromkeys(question for answer in answers for question in answer.suggestions))[:3],
    )


def _combined_number(citation: Citation, citations: list[Citation]) -> int:
    """Return the number of `citation` in `citations`. If its quote isn't in that list yet, add it first."""
    for other in citations:
        if (other.passage_id, other.start, other.end) == (citation.passage_id, citation.start, citation.end):
            return other.number
    citations.append(replace(citation, number=len(citations) + 1))
    return len(citations)


def _insert_markers(text: str, count: int) -> str:
    """Replace the placeholders of citations 1 to `count` with citation markers."""
    for number in range(1, count + 1):
        text = text.replace(f"\0{number}\0", citation_marker(number))
    return text


def _closest_passages(answers: Sequence[Answer]) -> tuple[Citation, ...]:
    passages = {citation.passage_id: citation for answer in answers for citation in answer.closest}
    return tuple(replace(citation, number=number) for number, citation in enumerate(passages.values(), 1))
