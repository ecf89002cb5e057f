"""Suggests related questions that the documents can answer."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.schema import SuggestedQuestion
from assistant.text.language import SUPPORTED_LANGUAGES
from assistant.text.words import split_words


def related_questions(
    questions: Sequence[SuggestedQuestion], passage_ids: Sequence[str], question: str, language: str, max_count: int = 3
) -> tuple[str, ...]:
    """Return questions that the retrieved passages can answer, in the order of the passages.

    Args:
        questions: all the questions that may be suggested.
        passage_ids: the ids of the retrieved passages, best first.
        question: the user's own question, which is never suggested.
        language: the language code of the question. If that language isn't supported, the suggestions are in English.
        max_count: the maximum number of suggestions.
    """
    suggestion_language = language if language in SUPPORTED_LANGUAGES else "en"
    rank = {passage_id: position for position, passage_id in enumerate(passage_ids)}
    related = [item for item in questions if item.passage_id in rank and item.language == suggestion_language]
    related.sort(key=lambda item: rank[item.passage_id])
    question_words = split_words(question)
    return tuple(item.question for item in related if split_words(item.question) != question_words)[:max_count]
