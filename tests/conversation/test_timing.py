from __future__ import annotations

import pytest

from assistant.conversation import timing
from assistant.conversation.timing import StageTimer


def test_times_of_a_stage_are_summed_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([10.0, 10.1, 10.3, 10.3, 10.35, 11.0, 11.25, 12.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(readings))
    timer = StageTimer()
    for stage in ("encode", "retrieve", "encode"):
        with timer.measure(stage):
            pass
    assert timer.timings() == {"encode": 450.0, "retrieve": 50.0, "total": 2000.0}


def test_timer_without_stages_has_a_total() -> None:
    timings = StageTimer().timings()
    assert timings.keys() == {"total"}
    assert timings["total"] >= 0
