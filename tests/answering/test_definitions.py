from __future__ import annotations

import pytest

from assistant.answering.definitions import DefinitionQuestion, parse_definition_question, to_search_query


@pytest.mark.parametrize(
    ("question", "name", "spelled_out"),
    [
        ("What is NBIS?", "NBIS", False),
        ("Vad är Clinical Genomics?", "Clinical Genomics", False),
        ("What does GMS stand for?", "GMS", True),
        ("What is GMS short for?", "GMS", True),
        ("Vad står GMS för?", "GMS", True),
        ("Vad betyder förkortningen GMS?", "GMS", True),
    ],
)
def test_definition_questions_are_recognised(question: str, name: str, spelled_out: bool) -> None:
    assert parse_definition_question(question) == DefinitionQuestion(name, spelled_out)


@pytest.mark.parametrize("question", ["What is the purpose of the large project in the north?", "Who funds GMS?"])
def test_other_questions_are_not_definition_questions(question: str) -> None:
    assert parse_definition_question(question) is None


def test_bonus_depends_on_what_the_question_asks_for() -> None:
    spelled_out, stated = "The Alpha Institute (AI2) measures.", "AI2 is an institute."
    asks_for_letters, asks_what_it_is = DefinitionQuestion("AI2", True), DefinitionQuestion("AI2", False)
    assert asks_for_letters.score_bonus(spelled_out) > asks_for_letters.score_bonus(stated) == 0
    assert asks_what_it_is.score_bonus(stated) > asks_what_it_is.score_bonus(spelled_out) > 0


@pytest.mark.parametrize("sentence", ["AI2 measures.", "The institute is AI2.", "Measuring is hard (AI2 does it)."])
def test_sentences_that_merely_mention_the_name_get_no_bonus(sentence: str) -> None:
    assert DefinitionQuestion("AI2", True).score_bonus(sentence) == 0
    assert DefinitionQuestion("AI2", False).score_bonus(sentence) == 0


def test_full_name_is_recognised_on_either_side_of_the_abbreviation() -> None:
    question = DefinitionQuestion("AI2", True)
    assert (
        question.score_bonus("AI2 (Alpha Institute) measures.")
        == question.score_bonus("Alpha Institute (AI2) measures.")
        > 0
    )


def test_search_query_asks_what_the_name_is() -> None:
    assert to_search_query("What does AI2 stand for?", "en") == "What is AI2?"
    assert to_search_query("Vad står AI2 för?", "sv") == "Vad är AI2?"
    assert to_search_query("What is AI2?", "en") == "What is AI2?"
    assert to_search_query("Who funds AI2?", "en") == "Who funds AI2?"
