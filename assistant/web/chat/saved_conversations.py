"""Conversations that a reader keeps in the browser: their questions only, which are answered anew.

What comes back from a browser is anybody's to change; nothing of it is taken for more than a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS

_MAX_CONVERSATIONS = 20


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation by its number in this browser, with its questions in order."""

    number: int
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedConversations:
    """Whether conversations are kept, and those that are, the newest first."""

    on: bool = False
    conversations: tuple[Conversation, ...] = ()

    def find(self, number: int) -> tuple[str, ...]:
        """The questions of a conversation, () for one that isn't there."""
        return next((item.questions for item in self.conversations if item.number == number), ())

    def with_questions(self, number: int, questions: Sequence[str]) -> tuple[SavedConversations, int]:
        """With conversation `number`, a new one when it is 0, as it is now; and its number."""
        if not self.on or not questions:
            return self, number
        number = number or max((item.number for item in self.conversations), default=0) + 1
        others = tuple(item for item in self.conversations if item.number != number)
        now = Conversation(number, tuple(questions)[-MAX_HISTORY_TURNS:])
        return SavedConversations(True, (now, *others)[:_MAX_CONVERSATIONS]), number


def parse_saved_conversations(value: Any, on: bool | None = None) -> SavedConversations:
    """What a browser has stored, as far as it is what `as_stored_value` made; `on` when it is known better."""
    stored = value if isinstance(value, dict) else {}
    wanted = bool(stored.get("on")) if on is None else on
    found = []
    listed = stored.get("conversations")
    for item in listed if isinstance(listed, list) else ():
        questions = item.get("questions") if isinstance(item, dict) else None
        number = item.get("number") if isinstance(item, dict) else None
        if isinstance(questions, list) and questions and isinstance(number, int) and number > 0:
            asked = tuple(str(question)[:MAX_QUESTION_CHARACTERS] for question in questions[:MAX_HISTORY_TURNS])
            found.append(Conversation(number, asked))
    return SavedConversations(wanted, tuple(found[:_MAX_CONVERSATIONS]) if wanted else ())


def as_stored_value(kept: SavedConversations) -> dict[str, Any]:
    """What the browser stores."""
    conversations = [{"number": item.number, "questions": list(item.questions)} for item in kept.conversations]
    return {"on": kept.on, "conversations": conversations}
