"""OpenTelemetry traces, enabled by OpenTelemetry's standard environment variables.

There is one span for each request and one for each stage of answering a question. Spans contain no user input.
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


class TraceExporter:
    """Sends spans to the collector configured in the environment.

    Raises:
        SettingsError: OpenTelemetry is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import OTELResourceDetector, Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(
                f"{_ENDPOINTS[1]} is set, but {error.name!r} is not installed; run: pip install '.[telemetry]'"
            ) from None
        # The variables OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override these defaults. The variables
        # OTEL_EXPORTER_OTLP_* set the address of the collector.
        defaults = Resource({"service.name": "gms-assistant", "service.version": __version__})
        self._provider = TracerProvider(resource=defaults.merge(OTELResourceDetector().detect()))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self.tracer: Tracer = self._provider.get_tracer("assistant", __version__)

    def record_answer(self, answer: Answer) -> None:
        """Record how long each stage of an answer took, as child spans of the current request's span.

        This method must be called as soon as the answer is complete.
        """
        from opentelemetry.trace import get_current_span

        if not get_current_span().get_span_context().is_valid:
            return  # chat answers are created outside the request that asked the question
        stages_ms = {name: milliseconds for name, milliseconds in answer.timings_ms.items() if name != "total"}
        # Only the durations of the stages are known, so their spans are placed end to end, with the last ending now.
        start_ns = time.time_ns() - int(sum(stages_ms.values()) * 1e6)
        get_current_span().set_attribute("assistant.verdict", answer.verdict.value)
        for name, milliseconds in stages_ms.items():
            span = self.tracer.start_span(name, start_time=start_ns)
            start_ns += int(milliseconds * 1e6)
            span.end(end_time=start_ns)

    def close(self) -> None:
        """Send the remaining spans, then shut down."""
        self._provider.shutdown()


def make_trace_exporter(environment: Mapping[str, str]) -> TraceExporter | None:
    """Return a `TraceExporter`, or None if `environment` names no collector or disables the OpenTelemetry SDK.

    Raises:
        SettingsError: see `TraceExporter`.
    """
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return None if disabled or not any(environment.get(name) for name in _ENDPOINTS) else TraceExporter()
