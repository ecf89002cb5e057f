"""Two questions in one message -> one after the other."""

from __future__ import annotations

import re

from assistant.text.function_words import is_function_word
from assistant.text.words import words

MAX_QUESTIONS = 3
_QUESTION = re.compile(r"[^?]+\?+")


def split_questions(message: str) -> list[str]:
    """The questions of a message, each with its own question mark; a message that is one stays whole.

    What stands before or after them without a question mark goes with the question next to it.
    """
    found = [part.strip() for part in _QUESTION.findall(message)]
    rest = _QUESTION.sub("", message).strip()
    if not 2 <= len(found) <= MAX_QUESTIONS or not all(_is_question(part) for part in found):
        return [message]
    return [*found[:-1], f"{found[-1]} {rest}".strip()]


def _is_question(part: str) -> bool:
    found = words(part)
    return len(found) > 1 and any(not is_function_word(word) for word in found)
