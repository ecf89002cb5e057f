from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from assistant.web.middleware.request_log import RequestLogMiddleware
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.telemetry.metrics import Metrics
from tests.web.middleware.echo import echo_app

SECRET = "zyxwvut"
OWNER = {"Authorization": "Basic " + base64.b64encode(b"owner:rain").decode()}


@pytest.fixture(autouse=True)
def capture_request_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "assistant.requests")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def log_client(metrics: Metrics, log_requests: bool = True) -> TestClient:
    return TestClient(RequestLogMiddleware(echo_app, metrics, log_requests), raise_server_exceptions=False)


def log_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.message) for record in caplog.records if record.name == "assistant.requests"]


def test_a_log_line_has_id_method_group_status_and_time(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    response = log_client(metrics).get("/texts/rain.md?q=snow", headers={"X-Request-ID": "abc-1"})
    assert response.headers["x-request-id"] == "abc-1"
    [line] = log_lines(caplog)
    milliseconds, timestamp = line.pop("ms"), line.pop("time")
    assert line == {"request_id": "abc-1", "method": "GET", "group": "texts", "status": 200}
    assert isinstance(milliseconds, float)
    assert milliseconds >= 0
    assert str(timestamp).endswith("Z")


def test_nothing_is_logged_unless_enabled(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    response = log_client(metrics, log_requests=False).get("/healthz")
    assert len(response.headers["x-request-id"]) == 32
    assert log_lines(caplog) == []


@pytest.mark.parametrize("request_id", ["a b\tc", "x" * 65, "å".encode().decode("latin-1"), ""])
def test_an_invalid_request_id_is_replaced(metrics: Metrics, request_id: str) -> None:
    headers = {"X-Request-ID": request_id.encode("latin-1")}
    assert len(log_client(metrics).get("/healthz", headers=headers).headers["x-request-id"]) == 32


def test_requests_are_counted_by_group_and_status(metrics: Metrics) -> None:
    client = log_client(metrics)
    client.get("/healthz")
    client.get("/api/v1/documents")
    client.get("/api/v1/search")
    samples = {"group": "api", "status": "200"}
    assert metrics.registry.get_sample_value("assistant_requests_total", samples) == 2
    assert metrics.registry.get_sample_value("assistant_requests_running") == 0


def test_a_failing_app_counts_as_500(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    async def failing_app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(SECRET)

    client = TestClient(RequestLogMiddleware(failing_app, metrics, log_requests=True), raise_server_exceptions=False)
    assert client.get("/api/v1/ask").status_code == 500
    samples = {"group": "api", "status": "500"}
    assert metrics.registry.get_sample_value("assistant_requests_total", samples) == 1
    assert metrics.registry.get_sample_value("assistant_requests_running") == 0
    assert [line["status"] for line in log_lines(caplog)] == [500]


@pytest.fixture
def client(site: Site, tmp_path: Path) -> Iterator[TestClient]:
    """A client for the whole app, with request logging switched on."""
    app = create_app(site, "rain", tmp_path / "probes.jsonl")
    with TestClient(RequestLogMiddleware(app, site.metrics, log_requests=True)) as client:
        yield client


def test_static_files_count_under_the_path_of_their_mount(client: TestClient, site: Site) -> None:
    client.get("/static/site.css")
    samples = {"group": "static", "status": "200"}
    assert site.metrics.registry.get_sample_value("assistant_requests_total", samples) == 1


def test_logs_metrics_and_store_contain_no_word_of_a_question(
    client: TestClient, site: Site, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert site.store is not None
    site.store.store_questions = False
    for path in ("/search/?q={}", "/api/v1/search?q={}", "/{}", "/texts/{}", "/sources/{}"):
        client.get(path.format(SECRET), headers={"X-Request-ID": f"{SECRET} {SECRET}"})
    for body in ({"question": f"What of {SECRET}?"}, {"question": f"{SECRET}?", SECRET: 1}):
        client.post("/api/v1/ask", json=body)
    client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": f"Why {SECRET}?"}]})
    metrics = client.get("/metrics", headers=OWNER).text
    assert "assistant_answers_total{" in metrics
    assert SECRET not in metrics
    assert len(log_lines(caplog)) == 9
    assert SECRET not in caplog.text
    site.store.close()
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("store.sqlite*"))
