"""OpenTelemetry traces, where its standard environment variables name a collector: a span for each request and one
for each stage of an answer. Neither holds a word of a question.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant import __version__
from assistant.errors import SettingsError
from assistant.schema import Answer

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Traces:
    """Sends spans to the collector that the environment names.

    Raises:
        SettingsError: one is named, and OpenTelemetry isn't installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(
                f"{_ENDPOINTS[1]} is set and needs {error.name!r}: pip install '.[telemetry]'"
            ) from None
        # Names and addresses come from OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_*.
        own = Resource({"service.name": "gms-assistant", "service.version": __version__})
        self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.tracer: Tracer = self._provider.get_tracer("assistant", __version__)

    def record_answer(self, answer: Answer) -> None:
        """Spans for the stages of an answer that was just made, within the request's."""
        from opentelemetry.trace import get_current_span

        if not get_current_span().get_span_context().is_valid:
            return  # the page answers outside of the request that asked
        stages = {name: took for name, took in answer.timings_ms.items() if name != "total"}
        at = time.time_ns() - int(sum(stages.values()) * 1e6)
        get_current_span().set_attribute("assistant.verdict", answer.verdict.value)
        for name, took in stages.items():
            span = self.tracer.start_span(name, start_time=at)
            at += int(took * 1e6)
            span.end(end_time=at)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def make_traces(environment: Mapping[str, str]) -> Traces | None:
    """Traces where a collector is named and the SDK isn't turned off, else None.

    Raises:
        SettingsError: see `Traces`.
    """
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return None if off or not any(environment.get(name) for name in _ENDPOINTS) else Traces()
