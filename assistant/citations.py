"""The two promises about citations, checked where an answer is made (design: promises 1 and 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from assistant.errors import IndexDamagedError
from assistant.schema import Answer, Citation, Verdict

_MARKER = re.compile(r"\[(\d+)\]")


def marker(number: int) -> str:
    """The marker of citation `number` in the text of an answer."""
    return f"[{number}]"


def markers_in(text: str) -> list[int]:
    """Citation numbers in the order of their markers in `text`."""
    return [int(number) for number in _MARKER.findall(text)]


def without_markers(text: str) -> str:
    """`text`, a title or the asker's words, without anything that reads as the marker of a source."""
    return _MARKER.sub(r"(\1)", text).replace("\0", "")


def segments(answer: Answer) -> Iterator[str | Citation]:
    """The text of an answer in order: the assistant's own words as strings, quotes as their citations."""
    rest = answer.answer
    while rest:
        found = [(rest.find(f"{item.quote} {marker(item.number)}"), item) for item in answer.citations]
        at, first = min((pair for pair in found if pair[0] >= 0), key=lambda pair: pair[0], default=(len(rest), None))
        if rest[:at].strip():
            yield rest[:at].strip()
        if first is None:
            return
        yield first
        rest = rest[at + len(first.quote) + 1 + len(marker(first.number)) :]


def check_verbatim(citations: Iterable[Citation], texts: Mapping[str, str]) -> None:
    """Raise unless each quote stands in its document at its offsets.

    Args:
        citations: the quotes to check.
        texts: indexed text by document id.

    Raises:
        IndexDamagedError: a quote is not what stands at its offsets. Nothing may be shown then.
    """
    for citation in citations:
        text = texts.get(citation.document_id)
        if text is None or text[citation.start : citation.end] != citation.quote:
            raise IndexDamagedError(
                f"the index disagrees with its own text of {citation.document_id!r}; "
                "rebuild it: assistant index --rebuild"
            )


def check_answer(answer: Answer, texts: Mapping[str, str]) -> Answer:
    """Return `answer` when it keeps promises 1 and 2, else raise.

    Raises:
        IndexDamagedError: a quote is not verbatim.
        ValueError: verdict, citations and markers don't fit together (a fault of the program).
    """
    check_verbatim((*answer.citations, *answer.closest), texts)
    numbers = [citation.number for citation in answer.citations]
    if (answer.verdict is Verdict.ANSWERED) != bool(numbers):
        raise ValueError(f"verdict {answer.verdict.value!r} with {len(numbers)} citations")
    parts = list(segments(answer))
    shown = {part.number for part in parts if not isinstance(part, str)}
    if shown != set(numbers):
        raise ValueError(f"citations {numbers}, but {sorted(shown)} are quoted in the answer")
    if any(markers_in(part) for part in parts if isinstance(part, str)):
        raise ValueError("a marker in the answer stands behind no quote")
    if answer.closest and answer.verdict is not Verdict.UNCLEAR:
        raise ValueError(f"verdict {answer.verdict.value!r} with closest passages")
    return answer
