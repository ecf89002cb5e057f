from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from assistant.web.middleware.tracing import TracingMiddleware
from assistant.web.server.app import create_app
from assistant.web.site.site import Site
from assistant.web.telemetry.traces import make_traces

SECRET = "zyxwvut"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What a collector on loopback was sent."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our assistant")
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def test_requests_and_the_stages_of_answers_become_spans(site: Site, collector: list[bytes]) -> None:
    import os

    site.traces = make_traces(os.environ)
    assert site.traces
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    with TestClient(TracingMiddleware(create_app(site), site.traces.tracer), raise_server_exceptions=False) as client:
        asked = {"question": f"When was the Alpha Institute founded in {SECRET}?"}
        assert client.post("/api/v1/ask", json=asked, headers=headers).status_code == 200
        client.get(f"/search/?q={SECRET}")
        client.get(f"/texts/{SECRET}", headers={"X-Request-ID": SECRET})
    site.traces.close()
    sent = [ExportTraceServiceRequest.FromString(body) for body in collector]
    [resource] = [item for request in sent for item in request.resource_spans]
    names = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert names["service.name"] == "our assistant"
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    request = spans["POST api"]
    assert request.trace_id.hex() == TRACE
    assert {item.key: item.value.string_value for item in request.attributes}["assistant.verdict"]
    stages = [span for span in spans.values() if span.parent_span_id == request.span_id]
    assert {"encode", "retrieve"} <= {span.name for span in stages}
    for span in stages:
        assert request.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= request.end_time_unix_nano
    assert {"GET search", "GET texts"} <= spans.keys()
    assert SECRET.encode() not in b"".join(collector)


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}]
)
def test_nothing_is_sent_where_nobody_asked_for_it(environment: dict[str, str]) -> None:
    assert make_traces(environment) is None
