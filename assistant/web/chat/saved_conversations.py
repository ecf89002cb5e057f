"""Conversations saved in the browser.

Only the questions are saved. When a conversation is reopened, its questions are answered again. Users can change what
their browser stores, so stored questions are treated like newly typed ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS

_MAX_CONVERSATIONS = 20


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """A saved conversation: its number in this browser, starting at 1, and its questions in order."""

    conversation_number: int
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedConversations:
    """The saved conversations, most recently updated first. `is_saving_enabled` is true if saving is switched on."""

    is_saving_enabled: bool = False
    conversations: tuple[SavedConversation, ...] = ()

    def conversation_questions(self, number: int) -> tuple[str, ...]:
        """Return the questions in the conversation with this number, or () if that conversation isn't saved."""
        return next((item.questions for item in self.conversations if item.conversation_number == number), ())

    def with_updated_conversation(self, number: int, questions: Sequence[str]) -> tuple[SavedConversations, int]:
        """Save `questions` as the conversation with this number, or as a new conversation if `number` is 0.

        Returns:
            The updated conversations and the number of the conversation. Both are unchanged if saving is off or there
            are no questions.
        """
        if not self.is_saving_enabled or not questions:
            return self, number
        number = number or max((item.conversation_number for item in self.conversations), default=0) + 1
        others = tuple(item for item in self.conversations if item.conversation_number != number)
        updated = SavedConversation(number, tuple(questions)[-MAX_HISTORY_TURNS:])
        return SavedConversations(True, (updated, *others)[:_MAX_CONVERSATIONS]), number


def parse_saved_conversations(value: Any, on: bool | None = None) -> SavedConversations:
    """Parse conversations stored by the browser, ignoring anything malformed.

    Args:
        value: the value sent by the browser, normally one returned by `to_browser_value`.
        on: whether saving is switched on, or None to read this from `value`.
    """
    stored = value if isinstance(value, dict) else {}
    on = bool(stored.get("on")) if on is None else on
    conversations = []
    items = stored.get("conversations")
    for item in items if isinstance(items, list) else ():
        questions = item.get("questions") if isinstance(item, dict) else None
        number = item.get("number") if isinstance(item, dict) else None
        if isinstance(questions, list) and questions and isinstance(number, int) and number > 0:
            shortened = tuple(str(question)[:MAX_QUESTION_CHARACTERS] for question in questions[:MAX_HISTORY_TURNS])
            conversations.append(SavedConversation(number, shortened))
    return SavedConversations(on, tuple(conversations[:_MAX_CONVERSATIONS]) if on else ())


def to_browser_value(saved: SavedConversations) -> dict[str, Any]:
    """Return the JSON value that the browser stores."""
    conversations = [
        {"number": item.conversation_number, "questions": list(item.questions)} for item in saved.conversations
    ]
    return {"on": saved.is_saving_enabled, "conversations": conversations}
