"""What counts as a question, and how long one and its history may be."""

from __future__ import annotations

from assistant.errors import QuestionError

MAX_QUESTION_CHARACTERS = 2000


MAX_HISTORY_TURNS = 12


def validate_question(question: str) -> str:
    """The question without white space around it.

    Raises:
        QuestionError: it is empty, too long, or no text.
    """
    question = question.strip()
    if not any(char.isalnum() for char in question):
        raise QuestionError("the question is empty; write one")
    try:
        question.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError("the question holds broken characters; write it anew") from None
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionError(f"the question has {len(question)} characters; ask it in at most {MAX_QUESTION_CHARACTERS}")
    return question
