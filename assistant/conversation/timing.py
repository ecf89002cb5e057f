"""How long each stage of an answer takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimer:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        spent = self._stages.get(stage, 0.0) + 1000 * (time.perf_counter() - start)
        self._stages[stage] = round(spent, 2)

    def timings(self) -> dict[str, float]:
        return {**self._stages, "total": round(1000 * (time.perf_counter() - self._start), 2)}
