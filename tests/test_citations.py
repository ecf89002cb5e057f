from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.citations import check_answer, check_verbatim, markers_in
from assistant.errors import IndexDamagedError
from assistant.schema import Answer, Citation, Verdict

TEXTS = {"a.md": "One thing. Another thing."}
CITATION = Citation(
    number=1, document_id="a.md", title="A", url=None, heading=(), passage_id="p", quote="Another thing.",
    start=11, end=25, score=1.0, language="en",
)  # fmt: skip
ANSWER = Answer(
    question="q", resolved_question="q", language="en", verdict=Verdict.ANSWERED, abstained=False,
    answer="Another thing. [1]", confidence=0.9, citations=(CITATION,),
)  # fmt: skip


def test_an_answer_that_keeps_the_promises_passes() -> None:
    assert check_answer(ANSWER, TEXTS) is ANSWER


@pytest.mark.parametrize("change", [{"start": 10}, {"quote": "another thing."}, {"document_id": "b.md"}])
def test_a_quote_that_is_not_verbatim_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(IndexDamagedError, match="assistant index --rebuild"):
        check_verbatim([replace(CITATION, **change)], TEXTS)


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
def test_answered_means_cited_and_refused_means_not(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"citations|closest"):
        check_answer(replace(ANSWER, **change), TEXTS)


def test_markers_are_found_in_order() -> None:
    assert markers_in("b [2] a [1] [x] [12]") == [2, 1, 12]


def test_a_marker_behind_no_quote_is_refused() -> None:
    with pytest.raises(ValueError, match="behind no quote"):
        check_answer(replace(ANSWER, answer="Aliens [1]. Another thing. [1]"), TEXTS)
