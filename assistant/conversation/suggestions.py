"""Which of the questions that are known to be answered lie near one that was just asked."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import SuggestedQuestion
from assistant.text.language import LANGUAGES
from assistant.text.words import words


def related_questions(
    questions: Sequence[SuggestedQuestion], passages: Sequence[str], asked: str, language: str, count: int = 3
) -> tuple[str, ...]:
    """Questions near `asked`: those made from `passages`, nearest first, in `language` of the asker.

    Args:
        questions: what can be suggested.
        passages: ids of the passages that were found, best first.
        asked: not suggested again.
        language: code of the asker's language; English where we have no questions in it.
        count: fewer are given where there are fewer.
    """
    spoken = language if language in LANGUAGES else "en"
    order = {passage: place for place, passage in enumerate(passages)}
    near = [item for item in questions if item.passage_id in order and item.language == spoken]
    near.sort(key=lambda item: order[item.passage_id])
    same = words(asked)
    return tuple(item.question for item in near if words(item.question) != same)[:count]
