"""Starts a real server for a benchmark, with a temporary database."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def serving(**settings: str) -> Iterator[tuple[str, int]]:
    """Run `assistant serve` with the live index on a free port.

    Args:
        settings: additional environment variables.

    Yields:
        The address and the process id of the server.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "ASSISTANT_DATABASE": f"sqlite:///{folder}/store.sqlite", "ASSISTANT_PROBES": f"{folder}/probes.jsonl",
            "ASSISTANT_RATE_PER_MINUTE": "0", **settings,
        }  # fmt: skip
        command = [sys.executable, "-m", "assistant", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "ready on http://" in line, "the server did not start; to see the reason, run: make run"
            try:
                yield line.split()[-1], process.pid
            finally:
                process.terminate()
