"""Measures how long each stage of answering a question takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimer:
    """Adds up the time spent in each stage. The total time is counted from the creation of the timer."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the time spent in the `with` block to the time of `stage`."""
        start = time.perf_counter()
        yield
        elapsed = self._stages.get(stage, 0.0) + 1000 * (time.perf_counter() - start)
        self._stages[stage] = round(elapsed, 2)

    def timings(self) -> dict[str, float]:
        """Return the milliseconds spent in each stage, and the total so far under the key "total"."""
        return {**self._stages, "total": round(1000 * (time.perf_counter() - self._start), 2)}
