"""The answers to the questions of one message -> one Answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.answering import phrases
from assistant.citations import marker, without_markers
from assistant.schema import Answer, Citation, Verdict

_ORDER = (Verdict.ANSWERED, Verdict.UNCLEAR, Verdict.NOT_COVERED, Verdict.ABOUT_ME)


def combine_answers(message: str, parts: Sequence[Answer], spoken: str) -> Answer:
    """One Answer for `message`: each question, then its quotes or its refusal; `spoken` is the default language.

    It counts as answered when one of the questions is; its confidence is that of the weakest answer.
    """
    verdict = min((part.verdict for part in parts), key=_ORDER.index)
    citations: list[Citation] = []
    texts = []
    for part in parts:
        text = part.answer
        if verdict is Verdict.ANSWERED and part.verdict is Verdict.UNCLEAR:
            text = phrases.partly_unclear_note(phrases.reply_language(part.language, spoken))
        own = part.citations if part.verdict is Verdict.ANSWERED else ()
        for citation in own:
            number = _number_of(citation, citations)
            old = f"{citation.quote} {marker(citation.number)}"
            text = text.replace(old, f"{citation.quote} \0{number}\0", 1)
        texts.append(f"{without_markers(part.question)} {text}")
    answered = [part.confidence for part in parts if part.verdict is verdict]
    return replace(
        parts[0],
        question=message,
        resolved_question=" ".join(part.resolved_question for part in parts),
        verdict=verdict,
        abstained=verdict in {Verdict.UNCLEAR, Verdict.NOT_COVERED},
        answer=_with_markers("\n".join(texts), len(citations)),
        confidence=min(answered),
        citations=tuple(citations),
        closest=_closest(parts) if verdict is Verdict.UNCLEAR else (),
        suggestions=tuple(dict.fromkeys(name for part in parts for name in part.suggestions))[:3],
    )


def _number_of(citation: Citation, known: list[Citation]) -> int:
    """The number of this quote in the whole answer; a quote that was there already keeps its number."""
    for item in known:
        if (item.passage_id, item.start, item.end) == (citation.passage_id, citation.start, citation.end):
            return item.number
    known.append(replace(citation, number=len(known) + 1))
    return len(known)


def _with_markers(text: str, count: int) -> str:
    for number in range(1, count + 1):
        text = text.replace(f"\0{number}\0", marker(number))
    return text


def _closest(parts: Sequence[Answer]) -> tuple[Citation, ...]:
    found = {citation.passage_id: citation for part in parts for citation in part.closest}
    return tuple(replace(citation, number=number) for number, citation in enumerate(found.values(), 1))
