"""Compares the resident memory of the server, and of a worker, with that of a minimal script using the same index.

python -m benchmarks.memory [--rounds 5]

The minimal script, which is that of benchmarks.speed, loads ONNX Runtime, FAISS, the model and the index, and searches
once. Here it also loads the documents. The server is measured with and without the chat page, each time after it has
answered every suggested question.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from assistant.factory import attach_introduction, make_assistant, make_encoder
from assistant.index.generations import live_generation_folder
from assistant.settings import load_settings
from assistant.web.server.app import create_app
from assistant.web.server.server import make_site
from assistant.web.shared.branding import make_branding
from benchmarks.serving import serving
from benchmarks.speed import MINIMAL_SCRIPT

# Appended to the minimal script, so that it keeps the documents in memory and runs until it has been measured.
_KEEP_RUNNING = """
texts = open(index.replace("vectors.faiss", "documents.jsonl"), encoding="utf-8").read()
print("ready", flush=True)
sys.stdin.read()
"""


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[str, int]]:
    """Start a program, wait until it prints a line that starts with "ready", and stop it when the block ends.

    Yields:
        The last word of that line and the process id.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                if line.startswith("ready"):
                    yield line.split()[-1], process.pid
                    return
            raise RuntimeError(f"{command[:3]} ended before it was ready")
        finally:
            process.kill()


def measure_minimal_script() -> float:
    """Return the resident memory of the minimal script in megabytes."""
    settings = load_settings({})
    encoder: Any = make_encoder(settings, threads=1)
    index = str(live_generation_folder(settings.index) / "vectors.faiss")
    arguments = [str(encoder.folder), index, "Who works together with SciLifeLab?"]
    with _running([sys.executable, "-c", MINIMAL_SCRIPT + _KEEP_RUNNING, *arguments]) as (_, pid):
        return resident_megabytes(pid)


def measure_server(page: bool, questions: list[str]) -> float:
    """Return the resident memory of the server, in megabytes, after it has answered `questions`."""
    without_page = [sys.executable, "-c", "from benchmarks.memory import serve_without_page as serve; serve()"]
    with serving() if page else _running(without_page) as (url, pid):
        _ask(url, questions)
        return resident_megabytes(pid)


def measure_worker(questions: list[str]) -> float:
    """Return the resident memory of a worker process, in megabytes, after it has answered `questions`."""
    with serving(ASSISTANT_WORKERS="1") as (url, pid):
        assert httpx2.get(f"{url}/readyz").json()["checks"]["workers"] == "ok", "no worker process is ready"
        _ask(url, questions)
        children = Path(f"/proc/{pid}/task").glob("*/children")
        return max(
            resident_megabytes(int(child)) for file in children for child in file.read_text(encoding="ascii").split()
        )


def _ask(url: str, questions: list[str]) -> None:
    for question in questions:
        httpx2.post(f"{url}/api/v1/ask", json={"question": question}).raise_for_status()


def serve_without_page() -> None:
    """Serve the API and all pages on a free port, except for the chat page, which needs Gradio."""
    settings = load_settings(os.environ).model_copy(update={"database": ""})
    app = create_app(make_site(settings, make_branding("", settings.accent, None)))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    listener = config.bind_socket()
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Print each program's median memory over the rounds, and its ratio to the memory of the minimal script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings({})
    _, introduction = attach_introduction(settings, make_assistant(settings))
    questions = [item.question for item in introduction.suggested_questions]
    measurements: dict[str, Callable[[], float]] = {
        "bare script": measure_minimal_script,
        "server without the page": partial(measure_server, False, questions),
        "server with the page": partial(measure_server, True, questions),
        "a worker process": partial(measure_worker, questions),
    }
    rounds = [[measure() for measure in measurements.values()] for _ in range(options.rounds)]
    for number, name in enumerate(measurements):
        ratios = [results[number] / results[0] for results in rounds]
        megabytes = statistics.median(results[number] for results in rounds)
        print(json.dumps({"what": name, "MB": round(megabytes), "/ bare": round(statistics.median(ratios), 3),
                          "from": round(min(ratios), 3), "to": round(max(ratios), 3)}))  # fmt: skip


if __name__ == "__main__":
    main()
