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
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.errors import QuestionError
from assistant.index.loading import load_index
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Turn
from assistant.web.server.app import create_app
from assistant.web.site.site import Site
from assistant.web.site.worker_pool import WorkerPool
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.servers import until

QUESTION = "When was the Alpha Institute founded in Lund?"


def make(folder: Path) -> Assistant:
    return Assistant(load_index(folder, BagOfWords()), BagOfWords(), ANSWERABILITY, contact="the office")


def fail() -> Assistant:
    raise OSError("no memory left")


def fail_once(folder: Path) -> Assistant:
    try:
        (folder.parent / "failed").touch(exist_ok=False)
    except FileExistsError:
        return make(folder)
    return fail()


@pytest.fixture
def folder(small_assistant: Assistant, tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def workers(small_assistant: Assistant, folder: Path) -> Iterator[WorkerPool]:
    made = WorkerPool(small_assistant, partial(make, folder), 2)
    made.wait()
    yield made
    made.close()


def running(pid: int) -> bool:
    """Whether a process runs; one that ended and wasn't waited for doesn't."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_worker_processes_answer_as_the_server_would(workers: WorkerPool, small_assistant: Assistant) -> None:
    turns = (Turn("What does the Alpha Institute develop?"),)
    asked = [(QUESTION, (), None), ("When was it founded?", turns, None), (QUESTION, (), PassageFilter(("gamma.md",)))]
    for request in asked:
        given, own = workers.ask(*request), small_assistant.trace(*request)
        assert replace(given.answer, timings_ms={}) == replace(own.answer, timings_ms={})
        assert given.nearest == own.nearest
    assert len(set(workers.pids())) == 2
    assert os.getpid() not in workers.pids()


def test_an_error_is_the_one_that_the_server_would_raise(workers: WorkerPool) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        workers.ask("?", (), None)
    assert workers.ask(QUESTION, (), None).answer.citations


def test_a_worker_that_is_killed_costs_no_answer_and_is_started_again(workers: WorkerPool) -> None:
    before = workers.pids()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(workers.ask, f"{QUESTION} ({number})", (), None) for number in range(100)]
        os.kill(before[0], signal.SIGKILL)
        assert all(each.result(30).answer.citations for each in asked)
    until(lambda: len(workers.pids()) == 2)
    assert before[0] not in workers.pids()
    assert workers.ask(QUESTION, (), None).answer.citations


def test_where_no_worker_can_start_the_server_answers(small_assistant: Assistant) -> None:
    with closing(WorkerPool(small_assistant, fail, 1)) as workers:
        workers.wait()
        assert workers.state() == "0 of 1 answer"
        assert workers.pids() == []
        assert workers.ask(QUESTION, (), None).answer.citations


def test_a_worker_that_could_not_start_is_tried_again(
    small_assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.web.site.worker_pool._LATER_SECONDS", 0.5)
    with closing(WorkerPool(small_assistant, partial(fail_once, folder), 2)) as workers:
        until(lambda: workers.state() == "ok")
        assert (folder.parent / "failed").exists()
        assert len(set(workers.pids())) == 2


def test_a_worker_that_the_system_refused_is_tried_again(
    small_assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, refused = SpawnProcess.start, [OSError("no process left"), OSError("no process left")]

    def refuse_twice(process: SpawnProcess) -> None:
        if refused:
            raise refused.pop()
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", refuse_twice)
    monkeypatch.setattr("assistant.web.site.worker_pool._LATER_SECONDS", 0.5)
    with closing(WorkerPool(small_assistant, partial(make, folder), 2)) as workers:
        workers.wait()
        assert workers.pids() == []
        until(lambda: workers.state() == "ok")


def test_the_server_says_how_many_workers_answer(site: Site, workers: WorkerPool) -> None:
    site.snapshot = replace(site.snapshot, workers=workers)
    with TestClient(create_app(site)) as client:
        assert client.get("/readyz").json()["checks"]["workers"] == "ok"
        os.kill(workers.pids()[0], signal.SIGKILL)
        until(lambda: client.get("/readyz").json()["checks"]["workers"] == "1 of 2 answer")
        until(lambda: client.get("/readyz").json()["checks"]["workers"] == "ok")


def test_a_worker_that_finds_another_generation_does_not_answer_from_it(
    small_assistant: Assistant, folder: Path
) -> None:
    index_of([document(text="The Delta Institute was founded in 2001.")], folder)
    with closing(WorkerPool(small_assistant, partial(make, folder), 1)) as workers:
        workers.wait()
        assert workers.pids() == []
        assert workers.ask(QUESTION, (), None).answer.citations[0].document_id == "alpha.md"


def test_closed_workers_end_after_what_they_were_asked(small_assistant: Assistant, folder: Path) -> None:
    workers = WorkerPool(small_assistant, partial(make, folder), 1)
    workers.wait()
    (pid,) = workers.pids()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(workers.ask, f"{QUESTION} ({number})", (), None) for number in range(40)]
        workers.close()
        assert all(each.result(30).answer.citations for each in asked)
    assert not running(pid)


def test_workers_end_when_the_server_is_killed(folder: Path) -> None:
    program = (
        "import sys, time; from functools import partial; from pathlib import Path\n"
        "from tests.test_workers import make; from assistant.web.site.worker_pool import WorkerPool\n"
        "if __name__ == '__main__':\n"
        "    folder = Path(sys.argv[1])\n"
        "    workers = WorkerPool(make(folder), partial(make, folder), 2)\n"
        "    workers.wait()\n"
        "    print(*workers.pids(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    script = folder.parent / "server.py"
    script.write_text(program, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, str(script), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout
        pids = [int(pid) for pid in server.stdout.readline().split()]
        assert len(pids) == 2
        server.kill()
    until(lambda: not any(running(pid) for pid in pids))
