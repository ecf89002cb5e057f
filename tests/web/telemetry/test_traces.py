from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assistant.conversation.assistant import Assistant
from assistant.errors import SettingsError
from assistant.web.middleware.tracing import TracingMiddleware
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.telemetry.traces import make_trace_exporter

SECRET = "zyxwvut"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """The request bodies received by a trace collector. Environment variables tell the app to send its traces there."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Suppress the log of requests."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our assistant")
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def test_requests_and_stages_become_spans_without_user_input(site: Site, collector: list[bytes]) -> None:
    site.trace_exporter = make_trace_exporter(os.environ)
    assert site.trace_exporter
    headers = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}
    with TestClient(
        TracingMiddleware(create_app(site), site.trace_exporter.tracer), raise_server_exceptions=False
    ) as client:
        body = {"question": f"When was the Alpha Institute founded in {SECRET}?"}
        assert client.post("/api/v1/ask", json=body, headers=headers).status_code == 200
        client.get(f"/search/?q={SECRET}")
        client.get(f"/texts/{SECRET}", headers={"X-Request-ID": SECRET})
    site.trace_exporter.close()
    exported = [ExportTraceServiceRequest.FromString(body) for body in collector]
    [resource] = [item for request in exported for item in request.resource_spans]
    attributes = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert attributes["service.name"] == "our assistant"
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    request = spans["POST api"]
    assert request.trace_id.hex() == TRACE_ID
    assert {item.key: item.value.string_value for item in request.attributes}["assistant.verdict"]
    stages = [span for span in spans.values() if span.parent_span_id == request.span_id]
    assert {"encode", "retrieve"} <= {span.name for span in stages}
    for span in stages:
        assert request.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= request.end_time_unix_nano
    assert {"GET search", "GET texts"} <= spans.keys()
    assert SECRET.encode() not in b"".join(collector)


def test_answers_outside_a_request_are_not_traced(small_assistant: Assistant, collector: list[bytes]) -> None:
    traces = make_trace_exporter(os.environ)
    assert traces
    traces.record_answer(small_assistant.ask("When was the Alpha Institute founded in Lund?"))
    traces.close()
    assert collector == []


@pytest.mark.parametrize("environment", [{}, {**ENDPOINT, "OTEL_SDK_DISABLED": "True"}])
def test_traces_are_off_without_a_collector_or_when_disabled(environment: dict[str, str]) -> None:
    assert make_trace_exporter(environment) is None


def test_a_missing_package_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT is set.*pip install '\.\[telemetry\]'"):
        make_trace_exporter(ENDPOINT)
