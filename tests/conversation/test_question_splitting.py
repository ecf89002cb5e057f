from __future__ import annotations

import pytest

from assistant.conversation.question_splitting import split_questions


def test_questions_of_a_message_are_split() -> None:
    assert split_questions("What is NBIS? Who funds it?") == ["What is NBIS?", "Who funds it?"]
    three = ["What is NBIS?", "Who funds it?", "Where is GMS?"]
    assert split_questions(" ".join(three)) == three


def test_sentence_before_a_question_stays_with_it() -> None:
    expected = ["I am new. What is GMS?", "Where is NBIS?"]
    assert split_questions("I am new. What is GMS? Where is NBIS?") == expected


def test_sentence_after_the_last_question_is_appended_to_it() -> None:
    assert split_questions("What is GMS? Where is NBIS? I am new.") == ["What is GMS?", "Where is NBIS? I am new."]


@pytest.mark.parametrize("message", ["What is NBIS?", "NBIS", "Really? What is NBIS?", "Is A? Is B? Is C? Is D? Is E?"])
def test_other_messages_stay_whole(message: str) -> None:
    assert split_questions(message) == [message]
