"""Worker processes that answer questions for the server.

Each process has its own Python interpreter. All processes use the same memory-mapped index.
"""

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
from assistant.errors import AnswerTimeoutError, AssistantError, ServerStartError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Turn
from assistant.web.shared.answer_cache import AnswerResult, answer_question

REQUESTS_PER_WORKER = 8  # most questions that one process answers at a time, which is also its largest batch
_START_TIMEOUT_SECONDS, _ANSWER_TIMEOUT_SECONDS = 120.0, 40.0
_RESTART_SECONDS = 1.0  # pause before replacing a worker that has ended; prevents a busy loop if each ends at once
_RETRY_SECONDS = 60.0  # pause before trying again after a worker failed to start; by then, memory may be free
_READY, _OTHER_GENERATION = "ready", "other"  # a worker's first message is one of these
_LOG = logging.getLogger(__name__)

AssistantFactory = Callable[[], Assistant]


@dataclass(eq=False)
class _Worker:
    """A worker process, the connection to it and, in `pending`, its unanswered requests by request number.

    `closed` is true once the worker has stopped accepting requests.
    """

    process: BaseProcess
    connection: Connection
    lock: threading.Lock = field(default_factory=threading.Lock)
    pending: dict[int, Future[AnswerResult]] = field(default_factory=dict)
    ready: bool = False
    closed: bool = False


class _WorkerExitedError(Exception):
    """Raised if a worker process ended before answering a question."""


class WorkerPool:
    """A fixed number of worker processes that answer questions from the generation that `assistant` uses.

    If a process ends, a new one replaces it, and its unanswered questions go to another process. If no worker process
    is running, the server process answers questions itself. If a process can't be started, the pool tries again later.
    All worker processes end when the server ends, even if the server is killed.

    Args:
        assistant: the assistant of the server process.
        make_assistant: a picklable function that creates the same assistant in a worker process.
        size: the number of worker processes.

    Raises:
        ServerStartError: the threads that supervise the processes can't be started.
    """

    def __init__(self, assistant: Assistant, make_assistant: AssistantFactory, size: int) -> None:
        self._assistant, self._make_assistant, self._request_numbers = assistant, make_assistant, count()
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._workers: tuple[_Worker, ...] = ()
        self._start_attempts = [threading.Event() for _ in range(size)]
        try:
            for attempted in self._start_attempts:
                threading.Thread(target=self._supervise, args=(attempted,), name="worker", daemon=True).start()
        except RuntimeError as error:
            self.close(0)
            raise ServerStartError(
                f"can't start the threads for the worker processes ({error}); set ASSISTANT_WORKERS to a lower number"
            ) from error

    def wait_until_started(self) -> None:
        """Wait until each process has started or failed to start, but no longer than two minutes."""
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        for attempted in self._start_attempts:
            attempted.wait(max(0.0, deadline - time.monotonic()))

    def ask(self, question: str, turns: tuple[Turn, ...], passage_filter: PassageFilter | None) -> AnswerResult:
        """Let the least busy process answer a question.

        Raises:
            QuestionError, IndexDamagedError: see `Assistant.ask`.
            AnswerTimeoutError: the process did not answer in time and was killed.
            AssistantError: two processes in turn ended while answering the question. The server process does not try
                to answer it, because it might crash too.
        """
        for _ in range(2):
            worker = min(self._running_workers(), key=lambda each: len(each.pending), default=None)
            if worker is None:
                return answer_question(self._assistant, question, turns, passage_filter)
            try:
                return self._send(worker, (question, turns, passage_filter)).result(_ANSWER_TIMEOUT_SECONDS)
            except _WorkerExitedError:
                if not self._closed.is_set():
                    _LOG.warning("a worker process ended; another process answers its question")
            except TimeoutError:
                worker.process.kill()  # the supervising thread then starts a new process
                raise AnswerTimeoutError(f"no answer within {_ANSWER_TIMEOUT_SECONDS:.0f} seconds; try again") from None
        if self._closed.is_set():
            return answer_question(self._assistant, question, turns, passage_filter)
        raise AssistantError("two worker processes ended while answering this question; rephrase the question")

    def process_ids(self) -> list[int]:
        """Return the ids of the running worker processes."""
        return [worker.process.pid for worker in self._running_workers() if worker.process.pid]

    def health_status(self) -> str:
        """Return "ok" if all worker processes are answering questions, otherwise a text that says how many are."""
        running, size = len(self._running_workers()), len(self._start_attempts)
        return "ok" if running == size else f"{running} of {size} answer"

    def close(self, timeout: float = _ANSWER_TIMEOUT_SECONDS) -> None:
        """Let the processes finish their pending questions and end. Kill any still running after `timeout` seconds."""
        with self._lock:
            self._closed.set()
            workers = self._workers
        deadline = time.monotonic() + timeout
        for worker in workers:
            with worker.lock, suppress(OSError):
                if not worker.closed:
                    worker.closed = True
                    worker.connection.send(None)
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.process.kill()

    def _running_workers(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.ready and not worker.closed]

    def _supervise(self, attempted: threading.Event) -> None:
        """Keep one process running until the pool is closed. Each process has its own thread that runs this method."""
        while not self._closed.is_set():
            worker = self._start_worker()
            first_message = self._receive_answers(worker, attempted) if worker else None
            attempted.set()
            if self._closed.is_set():
                return
            if first_message == _OTHER_GENERATION:
                _LOG.warning("a worker process found a different live generation and waits until the server loads it")
            elif first_message != _READY:
                _LOG.error("a worker process failed to start; in the meantime, the other workers or the server answer")
            self._closed.wait(_RESTART_SECONDS if first_message == _READY else _RETRY_SECONDS)

    def _start_worker(self) -> _Worker | None:
        context = get_context("spawn")  # a forked process would inherit locks held by other threads
        generation = self._assistant.index.manifest.generation
        with self._lock:
            if self._closed.is_set():
                return None
            try:
                server_end, worker_end = context.Pipe()
                with worker_end:
                    arguments = (worker_end, self._make_assistant, generation)
                    process = context.Process(target=_run_worker, args=arguments, name="answers", daemon=True)
                    process.start()
            except OSError as error:
                _LOG.error("can't start a worker process: %s", error)
                return None
            worker = _Worker(process, server_end)
            self._workers = (*self._workers, worker)
        return worker

    def _send(self, worker: _Worker, request: object) -> Future[AnswerResult]:
        answer: Future[AnswerResult] = Future()
        with worker.lock:
            if worker.closed:
                raise _WorkerExitedError
            number = next(self._request_numbers)
            worker.pending[number] = answer
            try:
                worker.connection.send((number, request))
            except OSError:
                del worker.pending[number]
                worker.closed = True
                raise _WorkerExitedError from None
        return answer

    def _receive_answers(self, worker: _Worker, attempted: threading.Event) -> str | None:
        """Deliver the answers of `worker` until it ends, then remove it from the pool.

        Returns:
            The worker's first message, or None if it sent none.
        """
        first_message = None
        try:
            first_message = worker.connection.recv()
            if first_message == _READY:
                worker.ready = True
                attempted.set()
            while True:
                number, result = worker.connection.recv()
                answer = worker.pending.pop(number)
                if isinstance(result, AnswerResult):
                    answer.set_result(result)
                else:
                    answer.set_exception(result)
        except Exception as error:  # the connection was closed or a message can't be unpickled
            if not isinstance(error, EOFError | OSError):
                _LOG.error("can't read a message from a worker process: %s", type(error).__name__)
        worker.process.kill()
        self._remove(worker)
        return first_message

    def _remove(self, worker: _Worker) -> None:
        """Remove `worker` from the pool and make its pending requests fail, so that `ask` sends them elsewhere."""
        with worker.lock:
            worker.closed = True
            unanswered = list(worker.pending.values())
            worker.pending.clear()
            worker.connection.close()
        with self._lock:
            self._workers = tuple(each for each in self._workers if each is not worker)
        for answer in unanswered:
            answer.set_exception(_WorkerExitedError())


def _run_worker(connection: Connection, make_assistant: AssistantFactory, generation: str) -> None:
    """Answer requests in a worker process until the server closes the connection or tells the worker to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the workers leave it to the server
    assistant = make_assistant()
    if assistant.index.manifest.generation != generation:
        connection.send(_OTHER_GENERATION)  # the server has rejected the new generation or hasn't loaded it yet
        return
    lock = threading.Lock()

    def work(number: int, request: tuple[str, tuple[Turn, ...], PassageFilter | None]) -> None:
        result: AnswerResult | Exception
        try:
            result = answer_question(assistant, *request)
        except AssistantError as error:
            result = error
        except BaseException as error:  # a Rust panic in a library is not an `Exception`
            result = RuntimeError(type(error).__name__)  # the error's message may quote the question
        try:
            with lock:
                connection.send((number, result))
        except Exception:
            os._exit(1)  # the server then starts a new worker

    connection.send(_READY)
    with ThreadPoolExecutor(REQUESTS_PER_WORKER, "answer") as pool:
        while True:
            try:
                request = connection.recv()
            except (EOFError, OSError):  # the server has ended
                return
            if request is None:
                return
            pool.submit(work, *request)
