"""Resident memory of the server, with and without the page, and of a worker, beside a bare script over the same index.

python -m benchmarks.memory [--rounds 5]

The bare script (that of benchmarks.speed) loads ONNX Runtime, FAISS, the model, the index and the texts, and
searches once. Servers are asked every question that the texts suggest first.
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

from assistant.factory import make_assistant, make_encoder, with_introduction
from assistant.index.generations import live_generation_folder
from assistant.settings import load_settings
from assistant.web.server.app import create_app
from assistant.web.server.server import make_site
from assistant.web.site.branding import make_branding
from benchmarks.serving import serving
from benchmarks.speed import BARE

_LEFT_RUNNING = """
texts = open(index.replace("vectors.faiss", "documents.jsonl"), encoding="utf-8").read()
print("ready", flush=True)
sys.stdin.read()
"""


def resident(pid: int) -> float:
    """Megabytes of a process that are in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[str, int]]:
    """A program that says it is ready, and goes on until its input ends: what it said, and its process."""
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


def bare() -> float:
    """The script's."""
    settings = load_settings({})
    encoder: Any = make_encoder(settings, threads=1)
    index = str(live_generation_folder(settings.index) / "vectors.faiss")
    arguments = [str(encoder.folder), index, "Who works together with SciLifeLab?"]
    with _running([sys.executable, "-c", BARE + _LEFT_RUNNING, *arguments]) as (_, pid):
        return resident(pid)


def served(page: bool, questions: list[str]) -> float:
    """The server's, once it was asked."""
    alone = [sys.executable, "-c", "from benchmarks.memory import serve_without_page as serve; serve()"]
    with serving() if page else _running(alone) as (url, pid):
        _ask(url, questions)
        return resident(pid)


def worked(questions: list[str]) -> float:
    """That of a worker process, once it was asked."""
    with serving(ASSISTANT_WORKERS="1") as (url, pid):
        assert httpx2.get(f"{url}/readyz").json()["checks"]["workers"] == "ok", "no worker answers"
        _ask(url, questions)
        children = Path(f"/proc/{pid}/task").glob("*/children")
        return max(resident(int(child)) for file in children for child in file.read_text(encoding="ascii").split())


def _ask(url: str, questions: list[str]) -> None:
    for question in questions:
        httpx2.post(f"{url}/api/v1/ask", json={"question": question}).raise_for_status()


def serve_without_page() -> None:
    """The interface and the pages without the chat, which is Gradio's, on a free port."""
    settings = load_settings(os.environ).model_copy(update={"database": ""})
    app = create_app(make_site(settings, make_branding("", settings.accent, None)))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    listener = config.bind_socket()
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Print megabytes and ratios, each with its spread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    settings = load_settings({})
    _, guide = with_introduction(settings, make_assistant(settings))
    questions = [item.question for item in guide.questions]
    kinds: dict[str, Callable[[], float]] = {
        "bare script": bare,
        "server without the page": partial(served, False, questions),
        "server with the page": partial(served, True, questions),
        "a worker process": partial(worked, questions),
    }
    rounds = [[measure() for measure in kinds.values()] for _ in range(options.rounds)]
    for at, name in enumerate(kinds):
        ratios = [found[at] / found[0] for found in rounds]
        megabytes = statistics.median(found[at] for found in rounds)
        print(json.dumps({"what": name, "MB": round(megabytes), "/ bare": round(statistics.median(ratios), 3),
                          "from": round(min(ratios), 3), "to": round(max(ratios), 3)}))  # fmt: skip


if __name__ == "__main__":
    main()
