"""Citation markers, and the checks that answers must pass before they are shown (docs/index.md: 1, 2 and 10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from assistant.errors import IndexDamagedError
from assistant.schema import Answer, Citation, Verdict

_MARKER = re.compile(r"\[(\d+)\]")


def citation_marker(number: int) -> str:
    """Return the marker that refers to citation `number` in the text of an answer."""
    return f"[{number}]"


def citation_numbers_in(text: str) -> list[int]:
    """Return the citation numbers given by the markers in `text`, in order of appearance."""
    return [int(number) for number in _MARKER.findall(text)]


def escape_citation_markers(text: str) -> str:
    """Replace anything in a title or question that looks like a citation marker with its number in parentheses."""
    return _MARKER.sub(r"(\1)", text).replace("\0", "")


def split_at_citations(answer: Answer) -> Iterator[str | Citation]:
    """Split the text of an answer into plain strings and citations, in order."""
    rest = answer.answer
    while rest:
        matches = [(rest.find(f"{item.quote} {citation_marker(item.number)}"), item) for item in answer.citations]
        matches = [(offset, item) for offset, item in matches if offset >= 0]
        offset, citation = min(matches, key=lambda match: match[0], default=(len(rest), None))
        if rest[:offset].strip():
            yield rest[:offset].strip()
        if citation is None:
            return
        yield citation
        rest = rest[offset + len(citation.quote) + 1 + len(citation_marker(citation.number)) :]


def split_at_answer(citation: Citation) -> tuple[str, str, str]:
    """Split a quote into the text before the words that answer, these words, and the text after them.

    If no words are marked, the first part is the whole quote, and the others are empty.
    """
    if citation.answer is None:
        return citation.quote, "", ""
    start, end = citation.answer.start - citation.start, citation.answer.end - citation.start
    return citation.quote[:start], citation.quote[start:end], citation.quote[end:]


def check_quotes_verbatim(citations: Iterable[Citation], texts: Mapping[str, str]) -> None:
    """Check that each quote and the words marked in it appear verbatim in the document, at the offsets given.

    Args:
        citations: the citations whose quotes are to be checked.
        texts: the text of each indexed document, by document id.

    Raises:
        IndexDamagedError: a quote differs from its document, so the answer must not be shown.
        ValueError: the words marked in a quote aren't part of it, which is a programming error.
    """
    for citation in citations:
        text = texts.get(citation.document_id)
        if text is None or text[citation.start : citation.end] != citation.quote:
            raise IndexDamagedError(
                f"a quote differs from the indexed document {citation.document_id!r}; "
                "rebuild the index: assistant index --rebuild"
            )
        _check_answer_span(citation)


def _check_answer_span(citation: Citation) -> None:
    answer = citation.answer
    if answer is None:
        return
    if not citation.start <= answer.start < answer.end <= citation.end:
        raise ValueError("the words marked as the answer lie outside their quote")
    if split_at_answer(citation)[1] != answer.text:
        raise ValueError("the words marked as the answer differ from the quote")


def check_answer_citations(answer: Answer, texts: Mapping[str, str]) -> Answer:
    """Return `answer` if its quotes are verbatim and its verdict, citations and markers are consistent.

    Raises:
        IndexDamagedError: a quote differs from its document.
        ValueError: the verdict, citations and markers contradict each other, which is a programming error.
    """
    check_quotes_verbatim((*answer.citations, *answer.closest), texts)
    numbers = [citation.number for citation in answer.citations]
    if (answer.verdict is Verdict.ANSWERED) != bool(numbers):
        raise ValueError(f"an answer with verdict {answer.verdict.value!r} has {len(numbers)} citations")
    parts = list(split_at_citations(answer))
    quoted = {part.number for part in parts if not isinstance(part, str)}
    if quoted != set(numbers):
        raise ValueError(f"the answer has citations {numbers} but quotes {sorted(quoted)}")
    if any(citation_numbers_in(part) for part in parts if isinstance(part, str)):
        raise ValueError("a marker in the answer doesn't follow a quote")
    if answer.closest and answer.verdict is not Verdict.UNCLEAR:
        raise ValueError(f"an answer with verdict {answer.verdict.value!r} has closest passages")
    return answer
