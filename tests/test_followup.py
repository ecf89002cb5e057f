from __future__ import annotations

import pytest

from assistant.conversation.follow_ups import resolve_follow_up
from assistant.schema import Turn


@pytest.mark.parametrize(
    ("before", "question", "resolved"),
    [
        ("What is NBIS?", "Who funds it?", "Who funds NBIS?"),
        ("Vad är GMS?", "Vilka samarbetar de med?", "Vilka samarbetar GMS med?"),
        ("What is SciLifeLab?", "What are its facilities?", "What are SciLifeLab's facilities?"),
        ("Who funds GMS?", "What about NBIS?", "Who funds NBIS?"),
        ("Who funds GMS?", "Since when?", "Who funds GMS? Since when?"),
        ("Vem finansierar GMS?", "Sedan när?", "Vem finansierar GMS? Sedan när?"),
        ("Where are the centers?", "And in Lund?", "Where are the centers? in Lund?"),
        ("What is GMS?", "Why?", "What is GMS? Why?"),
        ("What does GMS do?", "Who leads this project?", "What does GMS do? Who leads this project?"),
    ],
)
def test_what_a_follow_up_leans_on_is_written_out(before: str, question: str, resolved: str) -> None:
    assert resolve_follow_up(question, [Turn(before)]) == resolved


@pytest.mark.parametrize(
    "question",
    [
        "What is the working group Complex diseases?",
        "Who funds SciLifeLab?",
        "Vilka sjukdomar ingår i arbetsgruppen?",
        "Is it possible to visit the facilities?",
        "Hur är det att arbeta på universitetet?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert resolve_follow_up(question, [Turn("What is NBIS?")]) == question


def test_the_resolved_question_before_counts_not_its_wording() -> None:
    history = [Turn("What is NBIS?"), Turn("Who funds it?", "Who funds NBIS?")]
    assert resolve_follow_up("Since when?", history) == "Who funds NBIS? Since when?"


def test_without_history_nothing_changes() -> None:
    assert resolve_follow_up("Since when?", []) == "Since when?"


def test_only_the_last_name_is_replaced_so_that_nothing_grows_without_end() -> None:
    before = "Who funds " + "AB," * 900 + "AB?"
    resolved = resolve_follow_up("What about " + "CD, " * 400 + "CD?", [Turn(before)])
    assert len(resolved) < len(before) + 2000
