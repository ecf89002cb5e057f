from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.schema import Answer, Verdict
from assistant.web.telemetry.metrics import Metrics, route_group

ANSWER = Answer(
    question="When was it founded?", resolved_question="When was it founded?", language="en",
    verdict=Verdict.ANSWERED, abstained=False, answer="It was founded in 1998.", confidence=0.9,
    timings_ms={"encode": 30.0, "retrieve": 10.0, "total": 40.0},
)  # fmt: skip


def samples(metrics: Metrics, generation: str = "abc") -> dict[str, float]:
    """Return the value of each exported metric, keyed by the metric's name and labels."""
    lines = metrics.prometheus_text(generation).decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


def test_answers_are_counted_by_verdict_channel_and_language() -> None:
    metrics = Metrics()
    metrics.count_answer(ANSWER, "api")
    metrics.count_answer(replace(ANSWER, language="sv", verdict=Verdict.NOT_COVERED), "page")
    for language in ("fi", "de"):
        metrics.count_answer(replace(ANSWER, language=language), "api")
    counts = {name: value for name, value in samples(metrics).items() if name.startswith("assistant_answers_total")}
    assert counts == {
        'assistant_answers_total{channel="api",language="en",verdict="answered"}': 1,
        'assistant_answers_total{channel="page",language="sv",verdict="not_covered"}': 1,
        'assistant_answers_total{channel="api",language="other",verdict="answered"}': 2,
    }


def test_times_of_answers_and_stages_are_recorded_in_seconds() -> None:
    metrics = Metrics()
    metrics.count_answer(ANSWER, "api")
    values = samples(metrics)
    assert values["assistant_answer_seconds_sum"] == pytest.approx(0.04)
    assert values['assistant_answer_seconds_bucket{le="0.02"}'] == 0
    assert values['assistant_answer_seconds_bucket{le="0.05"}'] == 1
    assert values['assistant_stage_seconds_sum{stage="encode"}'] == pytest.approx(0.03)
    assert values['assistant_stage_seconds_count{stage="retrieve"}'] == 1
    assert 'assistant_stage_seconds_count{stage="total"}' not in values


def test_feedback_is_counted_by_rating() -> None:
    metrics = Metrics()
    for rating in ("good", "bad", "bad"):
        metrics.count_feedback(rating)
    values = samples(metrics)
    assert values['assistant_feedback_total{rating="good"}'] == 1
    assert values['assistant_feedback_total{rating="bad"}'] == 2


def test_requests_are_counted_while_running_and_when_finished() -> None:
    metrics = Metrics()
    metrics.count_request_started()
    metrics.count_request_started()
    metrics.count_request_finished("/api/v1/ask", 200)
    values = samples(metrics)
    assert values["assistant_requests_running"] == 1
    assert values['assistant_requests_total{group="api",status="200"}'] == 1


def test_the_queue_length_is_read_with_the_metrics() -> None:
    metrics, queue = Metrics(), ["one", "two"]
    metrics.watch_queue_length(queue.__len__)
    assert samples(metrics)["assistant_queue_waiting"] == 2
    queue.pop()
    assert samples(metrics)["assistant_queue_waiting"] == 1


def test_only_the_live_generation_is_shown() -> None:
    metrics = Metrics()
    assert samples(metrics, "old")['assistant_index_info{generation="old"}'] == 1
    values = samples(metrics, "new")
    assert values['assistant_index_info{generation="new"}'] == 1
    assert 'assistant_index_info{generation="old"}' not in values


@pytest.mark.parametrize(
    ("path", "group"),
    [("/api/v1/ask", "api"), ("/texts/rain.md", "texts"), ("/", "other"), ("/secret/api", "other"), ("", "other")],
)
def test_a_path_is_reduced_to_its_group(path: str, group: str) -> None:
    assert route_group(path) == group
