"""Processes that answer beside the server: each has the interpreter to itself, all share the mapped index."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from assistant.conversation.assistant import Assistant
from assistant.errors import AssistantError, ServerError, SlowError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Turn
from assistant.web.site.answer_cache import AnswerResult, answer_question

REQUESTS_PER_WORKER = 8  # questions of one process, so that their vectors are made together
_START_SECONDS, _END_SECONDS = 120.0, 40.0
_AGAIN_SECONDS = 1.0  # before one that ended is started again: it may end at once each time
_LATER_SECONDS = 60.0  # before one that could not start is tried again: memory may be free then
_READY, _OTHER = "ready", "other"  # what a process says first: that it answers, or that another generation is live
_LOG = logging.getLogger(__name__)

MakeAssistant = Callable[[], Assistant]


@dataclass(eq=False)
class _Worker:
    """A process, the line to it, and what it was asked and hasn't answered."""

    process: BaseProcess
    line: Connection
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: dict[int, Future[AnswerResult]] = field(default_factory=dict)
    ready: bool = False
    gone: bool = False


class _WorkerGoneError(Exception):
    """The process ended before it answered."""


class WorkerPool:
    """`number` processes over the generation that `assistant` answers from.

    One that ends, killed for its memory for instance, is started again, and what it was asked is asked
    another; where there is none, or none yet, the server answers itself, and one that could not start is tried again
    later. They end with the server, however it ends.

    Args:
        assistant: the server's own.
        make: makes one like it in a process; a function that can be pickled.
        number: of processes.

    Raises:
        ServerError: the system gives no threads for them.
    """

    def __init__(self, assistant: Assistant, make: MakeAssistant, number: int) -> None:
        self._assistant, self._make, self._numbers = assistant, make, count()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._workers: tuple[_Worker, ...] = ()
        self._tried = [threading.Event() for _ in range(number)]
        try:
            for tried in self._tried:
                threading.Thread(target=self._keep, args=(tried,), name="worker", daemon=True).start()
        except RuntimeError as error:
            self.close(0)
            raise ServerError(f"no thread for worker processes ({error}); lower ASSISTANT_WORKERS") from error

    def wait(self) -> None:
        """Until each has started or failed to; meanwhile the server answers itself."""
        until = time.monotonic() + _START_SECONDS
        for tried in self._tried:
            tried.wait(max(0.0, until - time.monotonic()))

    def ask(self, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None) -> AnswerResult:
        """What the least busy process gives.

        Raises:
            QuestionError, IndexDamagedError: see `Assistant.ask`.
            SlowError: the process gave no answer, and was ended.
            AssistantError: two processes ended over it; it isn't tried on the server itself.
        """
        for _ in range(2):
            worker = min(self._alive(), key=lambda each: len(each.waiting), default=None)
            if worker is None:
                return answer_question(self._assistant, question, turns, passage_filter)
            try:
                return self._send(worker, (question, turns, passage_filter)).result(_END_SECONDS)
            except _WorkerGoneError:
                if not self._closed.is_set():
                    _LOG.warning("a worker process ended; its question is asked another")
            except TimeoutError:
                worker.process.kill()  # another takes its place
                raise SlowError(f"no answer within {_END_SECONDS:.0f} seconds; ask again") from None
        if self._closed.is_set():
            return answer_question(self._assistant, question, turns, passage_filter)
        raise AssistantError("two processes ended over this question; ask another way")

    def pids(self) -> list[int]:
        """The ids of the processes that answer."""
        return [worker.process.pid for worker in self._alive() if worker.process.pid]

    def state(self) -> str:
        """ "ok" when all answer, otherwise how many of them do."""
        ready, wanted = len(self._alive()), len(self._tried)
        return "ok" if ready == wanted else f"{ready} of {wanted} answer"

    def close(self, seconds: float = _END_SECONDS) -> None:
        """Let them finish what they were asked, for so many `seconds`, and end."""
        with self._lock:
            self._closed.set()
            workers = self._workers
        until = time.monotonic() + seconds
        for worker in workers:
            with worker.lock, suppress(OSError):
                if not worker.gone:
                    worker.gone = True  # nothing more is sent
                    worker.line.send(None)
        for worker in workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            worker.process.kill()  # one that still isn't done never will be

    def _alive(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.ready and not worker.gone]

    def _keep(self, tried: threading.Event) -> None:
        """One process after the other, until all is closed."""
        while not self._closed.is_set():
            worker = self._start()
            said = self._listen(worker, tried) if worker else None
            tried.set()
            if self._closed.is_set():
                return
            if said == _OTHER:
                _LOG.warning("a worker process found another index live, and waits for the server to take it")
            elif said != _READY:
                _LOG.error("a worker process could not start; the others, or the server, answer alone meanwhile")
            self._closed.wait(_AGAIN_SECONDS if said == _READY else _LATER_SECONDS)

    def _start(self) -> _Worker | None:
        context = get_context("spawn")  # a fork would copy locks that other threads hold
        generation = self._assistant.index.manifest.generation
        with self._lock:
            if self._closed.is_set():
                return None
            try:
                ours, theirs = context.Pipe()
                with theirs:
                    arguments = (theirs, self._make, generation)
                    process = context.Process(target=_answer, args=arguments, name="answers", daemon=True)
                    process.start()
            except OSError as error:
                _LOG.error("a worker process can't be started: %s", error)
                return None
            worker = _Worker(process, ours)
            self._workers = (*self._workers, worker)
        return worker

    def _send(self, worker: _Worker, request: object) -> Future[AnswerResult]:
        answer: Future[AnswerResult] = Future()
        with worker.lock:
            if worker.gone:
                raise _WorkerGoneError
            number = next(self._numbers)
            worker.waiting[number] = answer
            try:
                worker.line.send((number, request))
            except OSError:
                del worker.waiting[number]
                worker.gone = True
                raise _WorkerGoneError from None
        return answer

    def _listen(self, worker: _Worker, tried: threading.Event) -> str | None:
        """Hand on what `worker` says until it ends, and return what it said first."""
        said = None
        try:
            said = worker.line.recv()
            if said == _READY:
                worker.ready = True
                tried.set()
            while True:
                number, given = worker.line.recv()
                answer = worker.waiting.pop(number)
                if isinstance(given, AnswerResult):
                    answer.set_result(given)
                else:
                    answer.set_exception(given)
        except Exception as error:  # the line ended, or what came can't be read
            if not isinstance(error, EOFError | OSError):
                _LOG.error("a worker process said what can't be read: %s", type(error).__name__)
        worker.process.kill()
        self._leave(worker)
        return said

    def _leave(self, worker: _Worker) -> None:
        """What `worker` was asked is asked another."""
        with worker.lock:
            worker.gone = True
            left = list(worker.waiting.values())
            worker.waiting.clear()
            worker.line.close()
        with self._lock:
            self._workers = tuple(each for each in self._workers if each is not worker)
        for answer in left:
            answer.set_exception(_WorkerGoneError())


def _answer(line: Connection, make: MakeAssistant, generation: str) -> None:
    """What a worker process does: answer until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the server says when to end
    assistant = make()
    if assistant.index.manifest.generation != generation:
        line.send(_OTHER)  # the server takes it, or has refused it
        return
    lock = threading.Lock()

    def work(number: int, request: tuple[str, tuple[Turn, ...], PassageFilter | None]) -> None:
        result: AnswerResult | Exception
        try:
            result = answer_question(assistant, *request)
        except AssistantError as error:
            result = error
        except BaseException as error:  # a panic of a library is no Exception
            result = RuntimeError(type(error).__name__)  # its words may be the question's
        try:
            with lock:
                line.send((number, result))
        except Exception:
            os._exit(1)  # the server starts another

    line.send(_READY)
    with ThreadPoolExecutor(REQUESTS_PER_WORKER, "answer") as pool:
        while True:
            try:
                request = line.recv()
            except (EOFError, OSError):  # the server is gone
                return
            if request is None:
                return
            pool.submit(work, *request)
