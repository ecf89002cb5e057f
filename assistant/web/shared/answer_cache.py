"""The answer cache. Each snapshot has its own."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.conversation.assistant import Assistant
from assistant.conversation.question import validate_question
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Answer, Passage, Turn

_MAX_CACHED_ANSWERS = 1000  # about 5 KB each
_MAX_CACHED_HISTORY = 8000  # characters; an answer is not cached if its history is longer


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """An answer and the passage nearest to its question. `nearest_passage` is None if no passage was retrieved."""

    answer: Answer
    nearest_passage: Passage | None


AskFunction = Callable[[str, tuple[Turn, ...], PassageFilter | None], AnswerResult]


def answer_question(
    assistant: Assistant, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None
) -> AnswerResult:
    """Answer a question with `assistant`, without using a cache.

    Raises:
        QuestionError, IndexDamagedError: see `Assistant.ask`.
    """
    trace = assistant.trace(question, turns, passage_filter)
    return AnswerResult(trace.answer, trace.nearest_passage)


class AnswerCache:
    """Answers questions. If the same question was asked before with the same history and filter, its answer is reused.

    The cache belongs to one snapshot and is kept in memory only. It is therefore empty when a new generation is loaded
    or the server is restarted, so an answer never cites passages that have been removed from the index. Notices about
    changed documents are updated on every request.

    Args:
        assistant: the assistant of the snapshot.
        ask: the function that answers questions whose answers are not cached.
        max_answers: the maximum number of answers to keep. The least recently used answers are removed first.
    """

    def __init__(self, assistant: Assistant, ask: AskFunction, max_answers: int = _MAX_CACHED_ANSWERS) -> None:
        self._assistant, self._ask, self._max_answers = assistant, ask, max_answers
        self._cache: OrderedDict[tuple[str, tuple[Turn, ...], PassageFilter | None], AnswerResult] = OrderedDict()
        self._lock = threading.Lock()

    def answer_question(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        passage_filter: PassageFilter | None = None,
        cache_answer: bool = True,
    ) -> AnswerResult:
        """Answer `question`. The answer is cached only if `cache_answer` is true.

        Raises:
            QuestionError, IndexDamagedError: see `Assistant.ask`.
        """
        start = time.perf_counter()
        key = (validate_question(question), tuple(turns), passage_filter)
        with self._lock:
            result = self._cache.get(key)
            if result:
                self._cache.move_to_end(key)
        if result:
            timings = {"total": round(1000 * (time.perf_counter() - start), 2)}
            notices = self._assistant.make_notices(result.answer.citations)
            return replace(result, answer=replace(result.answer, notices=notices, timings_ms=timings))
        result = self._ask(*key)
        history_length = sum(len(turn.question) + len(turn.resolved_question) for turn in turns)
        if cache_answer and history_length <= _MAX_CACHED_HISTORY:
            with self._lock:
                self._cache[key] = result
                while len(self._cache) > self._max_answers:
                    self._cache.popitem(last=False)
        return result
