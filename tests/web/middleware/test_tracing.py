from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from assistant.web.middleware.tracing import TracingMiddleware

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "zyxwvut"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Iterator[Tracer]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("test")
    provider.shutdown()


async def status_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with the status code at the end of the path. Raise an error if the path does not end in a number."""
    await Response(status_code=int(scope["path"].rsplit("/", 1)[1]))(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "name", "status", "code"),
    [
        ("/api/v1/200", "GET api", 200, StatusCode.OK),
        (f"/{SECRET}/404", "GET other", 404, StatusCode.OK),
        ("/search/503", "GET search", 503, StatusCode.ERROR),
    ],
)
def test_a_request_becomes_a_span_with_group_and_status(
    tracer: Tracer, exporter: InMemorySpanExporter, path: str, name: str, status: int, code: StatusCode
) -> None:
    TestClient(TracingMiddleware(status_app, tracer)).get(f"{path}?q={SECRET}")
    [span] = exporter.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == (name, SpanKind.SERVER, code)
    assert span.attributes == {"http.request.method": "GET", "http.response.status_code": status}
    assert span.parent is None


def test_the_span_continues_the_callers_trace(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
    TestClient(TracingMiddleware(status_app, tracer)).get("/200", headers=headers)
    [span] = exporter.get_finished_spans()
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE_ID, PARENT_ID)


def test_an_exception_is_an_error_without_its_message(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    client = TestClient(TracingMiddleware(status_app, tracer), raise_server_exceptions=False)
    assert client.get(f"/api/{SECRET}").status_code == 500
    [span] = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.events == ()
    assert SECRET not in span.to_json()
