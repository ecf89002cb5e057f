from __future__ import annotations

import pytest

from assistant.conversation.suggestions import related_questions
from assistant.schema import SuggestedQuestion

QUESTIONS = [
    SuggestedQuestion("What is A?", "en", "p1"),
    SuggestedQuestion("What is B?", "en", "p2"),
    SuggestedQuestion("Vad är A?", "sv", "p1"),
    SuggestedQuestion("What is C?", "en", "p3"),
]


@pytest.mark.parametrize(
    ("passage_ids", "question", "language", "expected"),
    [
        (["p2", "p1"], "What is X?", "en", ("What is B?", "What is A?")),  # suggestions follow passage order
        (["p1"], "what is a", "en", ()),  # the question itself is not suggested
        (["p1"], "Vad?", "sv", ("Vad är A?",)),
        (["p1"], "Was?", "de", ("What is A?",)),  # if a language isn't supported, the suggestions are in English
        ([], "What is X?", "en", ()),
    ],
)
def test_questions_of_the_retrieved_passages_are_suggested(
    passage_ids: list[str], question: str, language: str, expected: tuple[str, ...]
) -> None:
    assert related_questions(QUESTIONS, passage_ids, question, language) == expected


def test_number_of_suggestions_is_limited() -> None:
    assert related_questions(QUESTIONS, ["p3", "p2", "p1"], "Who?", "en", 2) == ("What is C?", "What is B?")
