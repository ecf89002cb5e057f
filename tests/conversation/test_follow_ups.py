from __future__ import annotations

import pytest

from assistant.conversation.follow_ups import resolve_follow_up
from assistant.schema import Turn


@pytest.mark.parametrize(
    ("previous", "question", "resolved"),
    [
        ("What is NBIS?", "Who funds it?", "Who funds NBIS?"),
        ("Vad är GMS?", "Vilka samarbetar de med?", "Vilka samarbetar GMS med?"),
        ("Vad är GMS?", "Vem finansierar det?", "Vem finansierar GMS?"),
        ("What is SciLifeLab?", "What are its facilities?", "What are SciLifeLab's facilities?"),
        ("Vad är Clinical Genomics?", "Vilka är dess mål?", "Vilka är Clinical Genomics mål?"),
        ("Vad är SciLifeLab?", "Vilka är dess mål?", "Vilka är SciLifeLabs mål?"),
        ("Who funds GMS?", "What about NBIS?", "Who funds NBIS?"),
        ("Who funds GMS?", "Since when?", "Who funds GMS? Since when?"),
        ("Vem finansierar GMS?", "Sedan när?", "Vem finansierar GMS? Sedan när?"),
        ("Where are the centers?", "And in Lund?", "Where are the centers? in Lund?"),
        ("What is GMS?", "Why?", "What is GMS? Why?"),
        ("What does GMS do?", "Who leads this project?", "What does GMS do? Who leads this project?"),
        ("where are the centers", "Who funds them?", "where are the centers. Who funds them?"),
    ],
)
def test_references_to_the_previous_turn_are_written_out(previous: str, question: str, resolved: str) -> None:
    assert resolve_follow_up(question, [Turn(previous)]) == resolved


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
def test_questions_that_stand_alone_are_unchanged(question: str) -> None:
    assert resolve_follow_up(question, [Turn("What is NBIS?")]) == question


def test_resolved_form_of_the_previous_turn_is_used() -> None:
    history = [Turn("What is NBIS?"), Turn("Who funds it?", "Who funds NBIS?")]
    assert resolve_follow_up("Since when?", history) == "Who funds NBIS? Since when?"


def test_without_history_questions_are_unchanged() -> None:
    assert resolve_follow_up("Since when?", []) == "Since when?"


def test_only_the_last_name_is_replaced() -> None:
    assert resolve_follow_up("What about SMD?", [Turn("Does GMS fund NBIS?")]) == "Does GMS fund SMD?"


def test_long_names_do_not_multiply() -> None:
    previous = "Who funds " + "AB," * 900 + "AB?"
    resolved = resolve_follow_up("What about " + "CD, " * 400 + "CD?", [Turn(previous)])
    assert len(resolved) < len(previous) + 2000
