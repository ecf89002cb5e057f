from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.citations import (
    check_answer_citations,
    check_quotes_verbatim,
    citation_marker,
    citation_numbers_in,
    escape_citation_markers,
    split_at_answer,
    split_at_citations,
)
from assistant.errors import IndexDamagedError
from assistant.schema import Answer, AnswerSpan, Citation, Verdict

TEXTS = {"a.md": "One thing. Another thing."}
CITATION = Citation(
    number=1, document_id="a.md", title="A", url=None, heading=(), passage_id="p", quote="Another thing.",
    start=11, end=25, score=1.0, language="en",
)  # fmt: skip
ANSWER = Answer(
    question="q", resolved_question="q", language="en", verdict=Verdict.ANSWERED, abstained=False,
    answer="Another thing. [1]", confidence=0.9, citations=(CITATION,),
)  # fmt: skip


def test_a_consistent_answer_passes() -> None:
    assert check_answer_citations(ANSWER, TEXTS) is ANSWER


@pytest.mark.parametrize("change", [{"start": 10}, {"quote": "another thing."}, {"document_id": "b.md"}])
def test_a_quote_that_is_not_verbatim_is_rejected(change: dict[str, object]) -> None:
    with pytest.raises(IndexDamagedError, match="assistant index --rebuild"):
        check_quotes_verbatim([replace(CITATION, **change)], TEXTS)


def test_highlighted_words_that_are_part_of_the_quote_pass() -> None:
    citation = replace(CITATION, answer=AnswerSpan("thing", 19, 24))
    check_quotes_verbatim([citation], TEXTS)
    assert split_at_answer(citation) == ("Another ", "thing", ".")


@pytest.mark.parametrize("answer", [AnswerSpan("One", 0, 3), AnswerSpan("things", 19, 24), AnswerSpan("", 19, 19)])
def test_highlighted_words_outside_or_different_from_the_quote_are_rejected(answer: AnswerSpan) -> None:
    with pytest.raises(ValueError, match="marked as the answer"):
        check_quotes_verbatim([replace(CITATION, answer=answer)], TEXTS)


def test_quote_without_highlighted_words_is_one_part() -> None:
    assert split_at_answer(CITATION) == ("Another thing.", "", "")


@pytest.mark.parametrize(
    "change",
    [
        {"citations": ()},
        {"verdict": Verdict.NOT_COVERED},
        {"verdict": Verdict.ABOUT_ME},
        {"answer": "Another thing."},
        {"closest": (CITATION,)},
    ],
)
def test_a_verdict_that_contradicts_the_citations_is_rejected(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"citations|closest"):
        check_answer_citations(replace(ANSWER, **change), TEXTS)


def test_a_marker_without_a_quote_is_rejected() -> None:
    with pytest.raises(ValueError, match="doesn't follow a quote"):
        check_answer_citations(replace(ANSWER, answer="Aliens [1]. Another thing. [1]"), TEXTS)


def test_markers_are_found_in_order() -> None:
    assert citation_numbers_in(f"b {citation_marker(2)} a {citation_marker(1)} [x] {citation_marker(12)}") == [2, 1, 12]


def test_without_markers_keeps_the_numbers_in_parentheses() -> None:
    assert escape_citation_markers("Report [3]\0 of [the] board") == "Report (3) of [the] board"


def test_segments_are_plain_text_and_citations_in_order() -> None:
    first = replace(CITATION, number=2, quote="One thing.", start=0, end=10)
    text = "In short: One thing. [2] Also Another thing. [1] That is all."
    answer = replace(ANSWER, answer=text, citations=(CITATION, first))
    assert list(split_at_citations(answer)) == ["In short:", first, "Also", CITATION, "That is all."]
