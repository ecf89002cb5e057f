"""Answers of one edition: made once, kept while its index is the live one, and made by whom there is."""

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

_CACHED_ANSWERS = 1000  # answers; about 5 KB each
_MAX_CACHED_HISTORY = 8000  # characters of the turns before a question whose answer is kept


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """An answer, and the passage nearest to its question, None where nothing was looked for or found."""

    answer: Answer
    nearest: Passage | None


AskFunction = Callable[[str, tuple[Turn, ...], PassageFilter | None], AnswerResult]


def answer_question(
    assistant: Assistant, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None
) -> AnswerResult:
    """What `assistant` gives.

    Raises:
        QuestionError, IndexDamagedError: see `Assistant.ask`.
    """
    trace = assistant.trace(question, turns, passage_filter)
    return AnswerResult(trace.answer, trace.nearest)


class AnswerCache:
    """Asks, and gives again what it gave before for the same question after the same turns.

    It lives as long as its edition, one generation of the index under one set of settings: what a later
    generation no longer holds can't come from here. What became of a text's file since is looked at each time.

    Args:
        assistant: of the edition.
        ask: makes an answer.
        most: how many are kept, in memory alone; the ones not asked for longest go first.
    """

    def __init__(self, assistant: Assistant, ask: AskFunction, most: int = _CACHED_ANSWERS) -> None:
        self._assistant, self._ask, self._most = assistant, ask, most
        self._kept: OrderedDict[tuple[str, tuple[Turn, ...], PassageFilter | None], AnswerResult] = OrderedDict()
        self._lock = threading.Lock()

    def answer(
        self, question: str, turns: Sequence[Turn] = (), passage_filter: PassageFilter | None = None, keep: bool = True
    ) -> AnswerResult:
        """The answer to `question`; with `keep` false it is not kept for others.

        Raises:
            QuestionError, IndexDamagedError: see `Assistant.ask`.
        """
        begun = time.perf_counter()
        key = (validate_question(question), tuple(turns), passage_filter)
        with self._lock:
            given = self._kept.get(key)
            if given:
                self._kept.move_to_end(key)
        if given:
            spent = {"total": round(1000 * (time.perf_counter() - begun), 2)}
            answer = replace(given.answer, notices=self._assistant.notices(given.answer.citations), timings_ms=spent)
            return replace(given, answer=answer)
        given = self._ask(*key)
        if keep and sum(len(turn.question) + len(turn.resolved_question) for turn in turns) <= _MAX_CACHED_HISTORY:
            with self._lock:
                self._kept[key] = given
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return given
