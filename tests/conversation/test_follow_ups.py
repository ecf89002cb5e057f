from __future__ import annotations

import pytest

from assistant.conversation.follow_ups import is_agreement, question_to_read, resolve_follow_up


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
        ("What is GMS?", "who pays?", "What is GMS? who pays?"),
        ("Vad är GMS?", "Vad har det lett till?", "Vad är GMS? Vad har det lett till?"),
        ("Vad är GMS?", "och vem betalar?", "Vad är GMS? vem betalar?"),
        ("What is GMS?", "And what's the aim?", "What is GMS? what's the aim?"),
        ("Which methods does GMS develop? Since when?", "Why?", "Which methods does GMS develop? Why?"),
        ("What does GMS do?", "Who leads this project?", "What does GMS do? Who leads this project?"),
        ("where are the centers", "Who funds them?", "where are the centers. Who funds them?"),
    ],
)
def test_references_to_the_previous_turn_are_written_out(previous: str, question: str, resolved: str) -> None:
    assert resolve_follow_up(question, previous) == resolved


@pytest.mark.parametrize(
    "question",
    [
        "What is the working group Complex diseases?",
        "Who funds SciLifeLab?",
        "Vilka sjukdomar ingår i arbetsgruppen?",
        "And who funds SciLifeLab?",
        "What is collaboration?",
        "Is it possible to visit the facilities?",
        "Hur är det att arbeta på universitetet?",
    ],
)
def test_questions_that_stand_alone_are_unchanged(question: str) -> None:
    assert resolve_follow_up(question, "What is NBIS?") == question


@pytest.mark.parametrize(
    ("question", "resolved", "read"),
    [
        ("Since when?", "Who funds GMS? Since when?", "Since when?"),
        ("och vem betalar?", "Vad är GMS? vem betalar?", "vem betalar?"),
        ("Who funds it?", "Who funds GMS?", "Who funds GMS?"),
        ("Who funds GMS?", "Who funds GMS?", "Who funds GMS?"),
    ],
)
def test_reader_gets_the_question_without_the_one_before_it(question: str, resolved: str, read: str) -> None:
    assert question_to_read(question, resolved) == read


@pytest.mark.parametrize("message", ["yes", "Yes, please!", "Ja, tack", "gärna", "Tell me more"])
def test_agreement_is_recognised(message: str) -> None:
    assert is_agreement(message)


@pytest.mark.parametrize("message", ["Yes, and who pays?", "no", "ja men varför?", "Is it more?"])
def test_message_that_says_more_is_no_agreement(message: str) -> None:
    assert not is_agreement(message)


def test_only_the_last_name_is_replaced() -> None:
    assert resolve_follow_up("What about SMD?", "Does GMS fund NBIS?") == "Does GMS fund SMD?"


def test_long_names_do_not_multiply() -> None:
    previous = "Who funds " + "AB," * 900 + "AB?"
    resolved = resolve_follow_up("What about " + "CD, " * 400 + "CD?", previous)
    assert len(resolved) < len(previous) + 2000
