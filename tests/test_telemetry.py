from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.web.middleware.request_log import RequestLogMiddleware
from assistant.web.server.app import create_app
from assistant.web.site.site import Site
from assistant.web.telemetry.metrics import route_group

SECRET = "zyxwvut"  # a word that must not be found anywhere
OWNER = {"Authorization": "Basic " + base64.b64encode(b"owner:rain").decode()}


@pytest.fixture
def client(site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[TestClient]:
    caplog.set_level(logging.INFO, "assistant.requests")
    app = create_app(site, "rain", tmp_path / "probes.jsonl")
    with TestClient(RequestLogMiddleware(app, site.metrics, log=True), base_url="http://127.0.0.1") as client:
        yield client


def metrics(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics", headers=OWNER).text.splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}


def test_answers_feedback_and_requests_are_counted(client: TestClient, site: Site) -> None:
    for question in ("When was the Alpha Institute founded in Lund?", "zebra xylophone", "När grundades det i Lund?"):
        answer = client.post("/api/v1/ask", json={"question": question}).json()
    client.post("/api/v1/feedback", json={"answer_id": answer["answer_id"], "rating": "bad"})
    client.get("/nothing")
    found = metrics(client)
    assert found['assistant_answers_total{channel="api",language="en",verdict="answered"}'] == 1
    assert found['assistant_answers_total{channel="api",language="en",verdict="not_covered"}'] == 1
    assert found["assistant_answer_seconds_count"] == 3
    assert found['assistant_stage_seconds_count{stage="encode"}'] == 3
    assert found['assistant_feedback_total{rating="bad"}'] == 1
    assert found['assistant_requests_total{group="api",status="200"}'] == 3
    assert found['assistant_requests_total{group="other",status="404"}'] == 1
    assert found["assistant_requests_running"] == 1  # this one
    assert found[f'assistant_index_info{{generation="{site.assistant.index.manifest.generation}"}}'] == 1


def test_files_of_a_mount_count_as_what_they_are(client: TestClient) -> None:
    client.get("/static/site.css")
    assert metrics(client)['assistant_requests_total{group="static",status="200"}'] == 1


def test_metrics_need_the_password(client: TestClient) -> None:
    assert client.get("/metrics").status_code == 401


def test_no_word_of_a_question_is_in_logs_metrics_or_a_store_that_keeps_none(
    client: TestClient, site: Site, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert site.store is not None
    site.store.store_questions = False
    for path in (
        f"/search/?q={SECRET}",
        f"/api/v1/search?q={SECRET}",
        f"/{SECRET}",
        f"/texts/{SECRET}",
        f"/sources/{SECRET}",
    ):
        client.get(path, headers={"X-Request-ID": f"{SECRET} {SECRET}"})
    for body in ({"question": f"What of {SECRET}?"}, {"question": f"{SECRET}?", SECRET: 1}):
        client.post("/api/v1/ask", json=body)
    client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": f"Why {SECRET}?"}]})
    assert SECRET not in client.get("/metrics", headers=OWNER).text
    assert SECRET not in caplog.text
    assert len(caplog.records) >= 8
    site.store.close()
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("store.sqlite*"))


def test_a_line_of_the_log_has_what_an_operator_needs(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": "abc-1"})
    assert response.headers["x-request-id"] == "abc-1"
    line = json.loads([record.message for record in caplog.records if record.name == "assistant.requests"][-1])
    assert {key: line[key] for key in ("request_id", "method", "group", "status")} == {
        "request_id": "abc-1", "method": "GET", "group": "healthz", "status": 200,
    }  # fmt: skip
    assert line["ms"] >= 0


def test_an_id_that_could_be_anything_is_replaced(client: TestClient) -> None:
    assert len(client.get("/healthz", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]) == 32
    assert len(client.get("/healthz").headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("path", "found"), [("/api/v1/ask", "api"), ("/", "other"), ("/secret/api", "other"), ("", "other")]
)
def test_a_path_is_counted_by_its_kind_alone(path: str, found: str) -> None:
    assert route_group(path) == found
