"""Prometheus metrics. They contain no user input: no questions, query strings or free-form paths."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from assistant.schema import Answer
from assistant.text.language import SUPPORTED_LANGUAGES

_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # seconds
# Only the first segment of each path is recorded, because later segments may contain user input.
_ROUTE_GROUPS = frozenset(
    "api chat v1 sources texts search start about owners widget static healthz readyz metrics".split()
)


class Metrics:
    """Prometheus metrics of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, CPU time, open files
        self._answers = Counter(
            "assistant_answers_total", "Answers given", ["verdict", "channel", "language"], registry=self.registry
        )
        self._answer_seconds = Histogram(
            "assistant_answer_seconds", "Time to answer a question", buckets=_BUCKETS, registry=self.registry
        )
        self._stage_seconds = Histogram(
            "assistant_stage_seconds",
            "Time spent in one stage of answering",
            ["stage"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._feedback = Counter("assistant_feedback_total", "Feedback received", ["rating"], registry=self.registry)
        self._requests = Counter(
            "assistant_requests_total", "Requests answered", ["group", "status"], registry=self.registry
        )
        self._requests_running = Gauge("assistant_requests_running", "Requests in progress", registry=self.registry)
        self._queue_waiting = Gauge(
            "assistant_queue_waiting", "Chat questions waiting in the queue", registry=self.registry
        )
        self._index_info = Gauge("assistant_index_info", "The live index", ["generation"], registry=self.registry)

    def count_answer(self, answer: Answer, channel: str) -> None:
        """Count an answer and record its timings. Answers in unsupported languages are counted under "other"."""
        language = answer.language if answer.language in SUPPORTED_LANGUAGES else "other"
        self._answers.labels(answer.verdict.value, channel, language).inc()
        for stage, milliseconds in answer.timings_ms.items():
            if stage == "total":
                self._answer_seconds.observe(milliseconds / 1000)
            else:
                self._stage_seconds.labels(stage).observe(milliseconds / 1000)

    def count_feedback(self, rating: str) -> None:
        """Count one rating of an answer."""
        self._feedback.labels(rating).inc()

    def watch_queue_length(self, queue_length: Callable[[], int]) -> None:
        """Include the length of the chat queue in the metrics, by calling `queue_length` whenever they are read."""
        self._queue_waiting.set_function(queue_length)

    def count_request_started(self) -> None:
        """Count a request as being in progress."""
        self._requests_running.inc()

    def count_request_finished(self, path: str, status: int) -> None:
        """Count a request as answered with HTTP `status`."""
        self._requests_running.dec()
        self._requests.labels(route_group(path), str(status)).inc()

    def prometheus_text(self, generation: str) -> bytes:
        """Return all metrics in the Prometheus text format, labelled with the live `generation`."""
        self._index_info.clear()
        self._index_info.labels(generation).set(1)
        return generate_latest(self.registry)


def route_group(path: str) -> str:
    """Return the first segment of a path if that segment is in `_ROUTE_GROUPS`, otherwise "other"."""
    segment = path.split("/")[1] if "/" in path else ""
    return segment if segment in _ROUTE_GROUPS else "other"
