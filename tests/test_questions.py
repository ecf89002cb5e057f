from __future__ import annotations

import pytest

from assistant.conversation.question_splitting import split_questions


def test_two_questions_are_asked_one_by_one() -> None:
    assert split_questions("What is NBIS? Who funds it?") == ["What is NBIS?", "Who funds it?"]


def test_what_stands_around_questions_goes_with_the_last() -> None:
    assert split_questions("What is GMS? Where is NBIS? I am new.") == ["What is GMS?", "Where is NBIS? I am new."]


@pytest.mark.parametrize("message", ["What is NBIS?", "NBIS", "Really? What is NBIS?", "Is A? Is B? Is C? Is D? Is E?"])
def test_one_question_stays_whole_and_so_do_too_many(message: str) -> None:
    assert split_questions(message) == [message]
