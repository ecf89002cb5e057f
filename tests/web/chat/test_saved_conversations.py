from __future__ import annotations

from typing import Any

import pytest

from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.web.chat.saved_conversations import (
    SavedConversation,
    SavedConversations,
    parse_saved_conversations,
    to_browser_value,
)

SAVED = SavedConversations(True, (SavedConversation(2, ("c",)), SavedConversation(1, ("a", "b"))))


def test_stored_conversations_are_parsed_unchanged() -> None:
    assert to_browser_value(SAVED)["conversations"][1] == {"number": 1, "questions": ["a", "b"]}
    assert parse_saved_conversations(to_browser_value(SAVED)) == SAVED


def test_an_explicit_setting_overrides_the_stored_one() -> None:
    assert parse_saved_conversations(to_browser_value(SAVED), on=False) == SavedConversations(False)
    assert parse_saved_conversations({**to_browser_value(SAVED), "on": False}, on=True) == SAVED


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "x", [], {}, {"on": True}, {"on": True, "conversations": 7},
        {"on": True, "conversations": [1, None, {}, {"number": "2", "questions": ["a"]}, {"number": 1}]},
        {"on": True, "conversations": [{"number": 1, "questions": []}, {"number": 0, "questions": ["a"]}]},
    ],
)  # fmt: skip
def test_malformed_values_contain_no_conversations(value: Any) -> None:
    parsed = parse_saved_conversations(value)
    assert parsed.conversations == ()
    assert parsed.is_saving_enabled is (isinstance(value, dict) and "on" in value)


def test_parsed_questions_are_limited_strings() -> None:
    questions = ["x" * 3_000, 3, None, *["q"] * 100]
    stored = {"on": True, "conversations": [{"number": 1, "questions": questions}] * 30}
    parsed = parse_saved_conversations(stored)
    assert len(parsed.conversations) == 20
    assert parsed.conversations[0].questions[:3] == ("x" * MAX_QUESTION_CHARACTERS, "3", "None")
    assert len(parsed.conversations[0].questions) == MAX_HISTORY_TURNS


def test_questions_are_found_by_conversation_number() -> None:
    assert SAVED.conversation_questions(1) == ("a", "b")
    assert SAVED.conversation_questions(3) == ()


def test_a_new_conversation_gets_the_next_number_and_comes_first() -> None:
    updated, number = SAVED.with_updated_conversation(0, ["d"])
    assert number == 3
    assert updated.conversations == (SavedConversation(3, ("d",)), *SAVED.conversations)


def test_a_continued_conversation_is_replaced_and_comes_first() -> None:
    updated, number = SAVED.with_updated_conversation(1, ["a", "b", "c"])
    assert number == 1
    assert updated.conversations == (SavedConversation(1, ("a", "b", "c")), SavedConversation(2, ("c",)))


def test_nothing_is_saved_unless_saving_is_on() -> None:
    off = SavedConversations(False)
    assert off.with_updated_conversation(0, ["a"]) == (off, 0)
    assert SAVED.with_updated_conversation(2, []) == (SAVED, 2)


def test_the_oldest_conversations_and_questions_are_dropped() -> None:
    saved = SavedConversations(True)
    for count in range(25):
        saved, _ = saved.with_updated_conversation(0, [f"{count}.{turn}" for turn in range(MAX_HISTORY_TURNS + 5)])
    assert [item.conversation_number for item in saved.conversations] == list(range(25, 5, -1))
    assert saved.conversations[0].questions[0] == "24.5"
    assert len(saved.conversations[0].questions) == MAX_HISTORY_TURNS
