from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.conversation.assistant import Assistant
from assistant.errors import QuestionError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Notice, Turn
from assistant.web.shared.answer_cache import AnswerCache, AnswerResult, answer_question

QUESTION = "When was the Alpha Institute founded in Lund?"


class RecordingAsk:
    """A callable object that answers questions with an assistant and records each question."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.questions: list[str] = []

    def __call__(self, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None) -> AnswerResult:
        self.questions.append(question)
        return answer_question(self.assistant, question, turns, passage_filter)


@pytest.fixture
def ask(small_assistant: Assistant) -> RecordingAsk:
    return RecordingAsk(small_assistant)


def test_answer_comes_with_the_nearest_passage(small_assistant: Assistant) -> None:
    result = answer_question(small_assistant, QUESTION, (), None)
    assert result.answer.citations[0].document_id == "alpha.md"
    assert result.nearest_passage
    assert result.nearest_passage.document_id == "alpha.md"
    assert answer_question(small_assistant, "Hello!", (), None).nearest_passage is None


def test_repeated_question_is_answered_from_the_cache(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask)
    first, second = cache.answer_question(QUESTION), cache.answer_question(f"  {QUESTION} ")
    assert ask.questions == [QUESTION]
    assert replace(second.answer, timings_ms={}) == replace(first.answer, timings_ms={})
    assert second.nearest_passage == first.nearest_passage
    assert second.answer.timings_ms.keys() == {"total"}


def test_history_and_filter_are_part_of_the_cache_key(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask)
    cache.answer_question(QUESTION)
    cache.answer_question(QUESTION, [Turn("What does Gamma University teach?")])
    filtered = cache.answer_question(QUESTION, passage_filter=PassageFilter(("gamma.md",)))
    assert len(ask.questions) == 3
    assert {item.document_id for item in filtered.answer.citations} <= {"gamma.md"}


def test_cached_answer_has_current_notices_about_changed_documents(ask: RecordingAsk) -> None:
    changes = {"alpha.md": ""}
    assistant = replace(ask.assistant, detect_document_change=lambda name: changes.get(name, ""))
    cache = AnswerCache(assistant, RecordingAsk(assistant))
    assert cache.answer_question(QUESTION).answer.notices == ()
    changes["alpha.md"] = "changed"
    assert cache.answer_question(QUESTION).answer.notices == (Notice("changed", (1,)),)
    changes["alpha.md"] = ""
    assert cache.answer_question(QUESTION).answer.notices == ()


def test_question_that_must_not_be_stored_is_not_cached(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask)
    cache.answer_question(QUESTION, cache_answer=False)
    cache.answer_question(QUESTION)
    assert ask.questions == [QUESTION, QUESTION]


def test_answer_after_a_very_long_history_is_not_cached(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask)
    history = [Turn("What is Alpha? " + "x" * 1900)] * 5
    cache.answer_question(QUESTION, history)
    cache.answer_question(QUESTION, history)
    assert ask.questions == [QUESTION, QUESTION]


def test_least_recently_used_answer_is_evicted_first(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask, max_answers=2)
    for name in ("Alpha", "Beta", "Alpha", "Gamma", "Alpha", "Beta"):
        cache.answer_question(f"Who is {name}?")
    assert ask.questions == ["Who is Alpha?", "Who is Beta?", "Who is Gamma?", "Who is Beta?"]


def test_invalid_question_is_rejected_every_time(ask: RecordingAsk) -> None:
    cache = AnswerCache(ask.assistant, ask)
    for _ in range(2):
        with pytest.raises(QuestionError, match="empty"):
            cache.answer_question(" ?")
    assert ask.questions == []
