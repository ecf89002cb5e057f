"""Validates questions, and defines the maximum lengths of questions and conversation histories."""

from __future__ import annotations

from assistant.errors import QuestionError

MAX_QUESTION_CHARACTERS = 2000
MAX_HISTORY_TURNS = 12


def validate_question(question: str) -> str:
    """Return `question` without leading and trailing white space.

    Raises:
        QuestionError: the question is empty, too long or not valid Unicode. The error
            message doesn't quote the question.
    """
    question = question.strip()
    if not any(char.isalnum() for char in question):
        raise QuestionError("the question is empty; enter a question")
    try:
        question.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError("the question contains invalid characters; retype it") from None
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question)} characters; shorten it to at most {MAX_QUESTION_CHARACTERS}"
        )
    return question
