from __future__ import annotations

import pytest

from assistant.conversation.question import MAX_QUESTION_CHARACTERS, validate_question
from assistant.errors import QuestionError


def test_surrounding_white_space_is_removed() -> None:
    assert validate_question("  What is NBIS?\n") == "What is NBIS?"


@pytest.mark.parametrize("question", ["", "  ", "?!"])
def test_empty_question_is_an_error(question: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        validate_question(question)


def test_length_limit_ignores_surrounding_white_space() -> None:
    assert validate_question(" " + "a" * MAX_QUESTION_CHARACTERS + " ") == "a" * MAX_QUESTION_CHARACTERS


def test_error_for_a_long_question_does_not_repeat_it() -> None:
    with pytest.raises(QuestionError, match="2001 characters; shorten it to at most 2000") as error:
        validate_question("a" * (MAX_QUESTION_CHARACTERS + 1))
    assert "aaa" not in str(error.value)


def test_invalid_characters_are_an_error() -> None:
    with pytest.raises(QuestionError, match="invalid characters"):
        validate_question("What is \ud800?")
