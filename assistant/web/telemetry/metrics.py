"""What is counted and logged of requests: never a word of a question, not even of an address's query."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from assistant.schema import Answer

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
# The first part of a path names a group; what follows may be a reader's own words.
_GROUPS = frozenset("api chat v1 sources texts search start about owners widget static healthz readyz metrics".split())


class Metrics:
    """Prometheus metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, open files
        self._answers = Counter(
            "assistant_answers_total", "Answers given", ["verdict", "channel", "language"], registry=self.registry
        )
        self._seconds = Histogram(
            "assistant_answer_seconds", "Time of a whole answer", buckets=_SECONDS, registry=self.registry
        )
        self._stages = Histogram(
            "assistant_stage_seconds",
            "Time of a stage of an answer",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._feedback = Counter("assistant_feedback_total", "Feedback given", ["rating"], registry=self.registry)
        self._requests = Counter(
            "assistant_requests_total", "Requests answered", ["group", "status"], registry=self.registry
        )
        self._running = Gauge("assistant_requests_running", "Requests in work", registry=self.registry)
        self._waiting = Gauge("assistant_queue_waiting", "Questions on the page that wait", registry=self.registry)
        self._index = Gauge("assistant_index_info", "The live index", ["generation"], registry=self.registry)

    def count_answer(self, answer: Answer, channel: str) -> None:
        """Count an answer; languages that we don't speak count together."""
        language = answer.language if answer.language in {"en", "sv"} else "other"
        self._answers.labels(answer.verdict.value, channel, language).inc()
        for stage, milliseconds in answer.timings_ms.items():
            if stage == "total":
                self._seconds.observe(milliseconds / 1000)
            else:
                self._stages.labels(stage).observe(milliseconds / 1000)

    def count_feedback(self, rating: str) -> None:
        """Count a piece of feedback."""
        self._feedback.labels(rating).inc()

    def watch_queue(self, count: Callable[[], int]) -> None:
        """Have `count` asked how many questions wait, whenever the metrics are read."""
        self._waiting.set_function(count)

    def request_started(self) -> None:
        """A request begins."""
        self._running.inc()

    def request_finished(self, path: str, status: int) -> None:
        """A request is answered."""
        self._running.dec()
        self._requests.labels(route_group(path), str(status)).inc()

    def exposition(self, generation: str) -> bytes:
        """All of it in Prometheus' text format, with the live `generation`."""
        self._index.clear()
        self._index.labels(generation).set(1)
        return generate_latest(self.registry)


def route_group(path: str) -> str:
    """What kind of address a path is; it never holds more of it than a name of ours."""
    first = path.split("/")[1] if "/" in path else ""
    return first if first in _GROUPS else "other"
