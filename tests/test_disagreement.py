from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.disagreement import disagree
from assistant.conversation.assistant import Assistant
from assistant.schema import Verdict
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The office in Lund opens at 8 every morning.", "The office in Lund opens at 9 every morning."),
        ("The network was founded in 1998 by three regions.", "The network was founded in 1999 by three regions."),
        ("Samples are stored in the cold room.", "Samples are not stored in the cold room."),
        ("Prov sparas i kylrummet på natten.", "Prov sparas aldrig i kylrummet på natten."),
        ("Members don't pay for the yearly course.", "Members pay for the yearly course."),
    ],
)
def test_other_numbers_or_a_denial_disagree(first: str, second: str) -> None:
    assert disagree(first, second, "sv" if "Prov" in first else "en")
    assert disagree(second, first, "sv" if "Prov" in first else "en")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The office in Lund opens at 8 every morning.", "The office in Lund opens at 8 every morning."),
        ("The office in Lund opens at 8 every morning.", "The office in Umeå opens at 9 every morning."),
        ("In 2019 the network got 20 million kronor.", "In 2020 the network got 25 million kronor."),
        ("The course takes 3 days and costs 100 kronor.", "The course takes 3 days."),
        ("Rain fell.", "No rain fell."),
        ("Table 2 shows the samples of the rain network.", "Table 3 shows the samples of the rain network."),
        ("Call the rain office desk at 070-123 45 67.", "Call the rain office desk at 070-765 43 21."),
        ("The course is not only free but open to members.", "The course is free but open to members."),
        ("Samples without consent must not be stored here.", "Samples with consent must be stored here."),
        ("Samples are stored in the cold room.", "Doctors are not trained in the evening."),
    ],
)
def test_other_matters_series_and_short_sentences_do_not(first: str, second: str) -> None:
    assert not disagree(first, second, "en")


def test_an_answer_shows_both_sides_and_says_so(tmp_path: Path) -> None:
    one = document("one.md", "The office in Lund opens at 8 every morning for visitors.", title="One")
    two = document("two.md", "The office in Lund opens at 9 every morning for visitors.", title="Two")
    assistant = Assistant(index_of([one, two], tmp_path), BagOfWords(), ANSWERABILITY)
    answer = assistant.ask("When does the office in Lund open in the morning for visitors?")
    assert answer.verdict is Verdict.ANSWERED
    assert {citation.document_id for citation in answer.citations} == {"one.md", "two.md"}
    assert [(notice.kind, notice.citations) for notice in answer.notices] == [("disagree", (1, 2))]
