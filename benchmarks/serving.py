"""A real server for a benchmark, with a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(**settings: str) -> Iterator[tuple[str, int]]:
    """`assistant serve` over the live index on a free port: its address and the id of its process."""
    with tempfile.TemporaryDirectory() as folder:
        own = {
            "ASSISTANT_DATABASE": f"sqlite:///{folder}/store.sqlite", "ASSISTANT_PROBES": f"{folder}/probes.jsonl",
            "ASSISTANT_RATE_PER_MINUTE": "0", **settings,
        }  # fmt: skip
        command = [sys.executable, "-m", "assistant", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own}) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "ready on http://" in line, "the server did not start; run: make run"
            try:
                yield line.split()[-1], process.pid
            finally:
                process.terminate()
