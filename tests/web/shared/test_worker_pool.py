from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.errors import QuestionError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Turn
from assistant.web.shared.worker_pool import WorkerPool
from tests.conftest import ROOT, document, index_of
from tests.servers import wait_until
from tests.web.worker_assistants import fail_on_first_start, fail_to_start, make_assistant

QUESTION = "When was the Alpha Institute founded in Lund?"
# This program starts two workers, prints their process IDs and waits until it is killed.
SERVER_PROGRAM = """\
import sys, time
from functools import partial
from pathlib import Path
from assistant.web.shared.worker_pool import WorkerPool
from tests.web.worker_assistants import make_assistant
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    pool = WorkerPool(make_assistant(folder), partial(make_assistant, folder), 2)
    pool.wait_until_started()
    print(*pool.process_ids(), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def index_folder(small_assistant: Assistant, tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def pool(small_assistant: Assistant, index_folder: Path) -> Iterator[WorkerPool]:
    """A pool with two running workers."""
    pool = WorkerPool(small_assistant, partial(make_assistant, index_folder), 2)
    pool.wait_until_started()
    yield pool
    pool.close()


def is_running(pid: int) -> bool:
    """Return whether the process `pid` is running. Zombie processes do not count as running."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_workers_answer_like_the_server_process(pool: WorkerPool, small_assistant: Assistant) -> None:
    turns = (Turn("What does the Alpha Institute develop?"),)
    requests = [
        (QUESTION, (), None),
        ("When was it founded?", turns, None),
        (QUESTION, (), PassageFilter(("gamma.md",))),
    ]
    for request in requests:
        result, trace = pool.ask(*request), small_assistant.trace(*request)
        assert replace(result.answer, timings_ms={}) == replace(trace.answer, timings_ms={})
        assert result.nearest_passage == trace.nearest_passage
    assert len(set(pool.process_ids())) == 2
    assert os.getpid() not in pool.process_ids()


def test_error_of_a_worker_is_raised_in_the_server(pool: WorkerPool) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        pool.ask("?", (), None)
    assert pool.ask(QUESTION, (), None).answer.citations


def test_killed_worker_loses_no_question_and_is_restarted(pool: WorkerPool) -> None:
    before = pool.process_ids()
    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(pool.ask, f"{QUESTION} ({number})", (), None) for number in range(100)]
        os.kill(before[0], signal.SIGKILL)
        assert all(result.result(30).answer.citations for result in results)
    wait_until(lambda: len(pool.process_ids()) == 2)
    assert before[0] not in pool.process_ids()
    assert pool.ask(QUESTION, (), None).answer.citations


def test_server_process_answers_if_no_worker_can_start(small_assistant: Assistant) -> None:
    with closing(WorkerPool(small_assistant, fail_to_start, 1)) as pool:
        pool.wait_until_started()
        assert pool.health_status() == "0 of 1 answer"
        assert pool.process_ids() == []
        assert pool.ask(QUESTION, (), None).answer.citations


def test_worker_that_failed_to_start_is_retried(
    small_assistant: Assistant, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.web.shared.worker_pool._RETRY_SECONDS", 0.5)
    with closing(WorkerPool(small_assistant, partial(fail_on_first_start, index_folder), 2)) as pool:
        wait_until(lambda: pool.health_status() == "ok")
        assert (index_folder.parent / "failed").exists()
        assert len(set(pool.process_ids())) == 2


def test_worker_process_refused_by_the_system_is_retried(
    small_assistant: Assistant, index_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, errors = SpawnProcess.start, [OSError("no process left"), OSError("no process left")]

    def fail_twice(process: SpawnProcess) -> None:
        if errors:
            raise errors.pop()
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", fail_twice)
    monkeypatch.setattr("assistant.web.shared.worker_pool._RETRY_SECONDS", 0.5)
    with closing(WorkerPool(small_assistant, partial(make_assistant, index_folder), 2)) as pool:
        pool.wait_until_started()
        assert pool.process_ids() == []
        wait_until(lambda: pool.health_status() == "ok")


def test_worker_that_finds_another_generation_does_not_answer(small_assistant: Assistant, index_folder: Path) -> None:
    index_of([document(text="The Delta Institute was founded in 2001.")], index_folder)
    with closing(WorkerPool(small_assistant, partial(make_assistant, index_folder), 1)) as pool:
        pool.wait_until_started()
        assert pool.process_ids() == []
        assert pool.ask(QUESTION, (), None).answer.citations[0].document_id == "alpha.md"


def test_closed_workers_finish_their_questions_before_they_end(small_assistant: Assistant, index_folder: Path) -> None:
    pool = WorkerPool(small_assistant, partial(make_assistant, index_folder), 1)
    pool.wait_until_started()
    (pid,) = pool.process_ids()
    with ThreadPoolExecutor(8) as threads:
        results = [threads.submit(pool.ask, f"{QUESTION} ({number})", (), None) for number in range(40)]
        pool.close()
        assert all(result.result(30).answer.citations for result in results)
    assert not is_running(pid)


def test_workers_end_when_the_server_is_killed(index_folder: Path) -> None:
    script = index_folder.parent / "server.py"
    script.write_text(SERVER_PROGRAM, encoding="utf-8")
    command = [sys.executable, str(script), str(index_folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout
            pids = [int(pid) for pid in server.stdout.readline().split()]
            assert len(pids) == 2
        finally:
            server.kill()
            server.wait(20)
    wait_until(lambda: not any(is_running(pid) for pid in pids))
