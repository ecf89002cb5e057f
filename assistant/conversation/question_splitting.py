"""Splits a message into the questions that it contains."""

from __future__ import annotations

import re

from assistant.text.function_words import is_function_word
from assistant.text.words import split_words

MAX_QUESTIONS = 3
_QUESTION = re.compile(r"[^?]+\?+")


def split_questions(message: str) -> list[str]:
    """Split `message` into two or three questions, each of which ends with a question mark.

    Sentences that precede a question stay with that question, and sentences after the last question are appended to
    it. The message is returned whole if it contains fewer than two or more than three questions, or if one of its
    parts is not a full question ("Really?").
    """
    questions = [part.strip() for part in _QUESTION.findall(message)]
    rest = _QUESTION.sub("", message).strip()
    if not 2 <= len(questions) <= MAX_QUESTIONS or not all(_is_full_question(part) for part in questions):
        return [message]
    return [*questions[:-1], f"{questions[-1]} {rest}".strip()]


def _is_full_question(part: str) -> bool:
    part_words = split_words(part)
    return len(part_words) > 1 and any(not is_function_word(word) for word in part_words)
