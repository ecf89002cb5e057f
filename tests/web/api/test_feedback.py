from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from assistant.store.database import Store
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from tests.web.api.conftest import QUESTION

UNKNOWN_ID = "0" * 32


class UnwritableStore(Store):
    """A store that fails to save feedback, because its database is locked."""

    def add_feedback(self, *arguments: Any) -> bool:
        raise OperationalError("insert", {}, Exception("database is locked"))


def ask(client: TestClient) -> str:
    answer_id: str = client.post("/api/v1/ask", json={"question": QUESTION}).json()["answer_id"]
    return answer_id


def test_feedback_is_stored_and_replaces_earlier_feedback(client: TestClient, site: Site) -> None:
    body = {"answer_id": ask(client), "rating": "bad", "reasons": ["wrong source"], "comment": "no\0pe"}
    response = client.post("/api/v1/feedback", json=body)
    assert (response.status_code, response.json()) == (201, {"stored": True})
    assert site.store
    [row] = site.store.list_feedback()
    assert (row.rating, row.comment) == ("bad", "nope")
    client.post("/api/v1/feedback", json={"answer_id": body["answer_id"], "rating": "good"})
    [row] = site.store.list_feedback()
    assert row.rating == "good"
    metrics = site.metrics.prometheus_text("g").decode()
    assert 'assistant_feedback_total{rating="bad"} 1.0' in metrics
    assert 'assistant_feedback_total{rating="good"} 1.0' in metrics


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"answer_id": "../x", "rating": "bad"},
        {"answer_id": UNKNOWN_ID, "rating": "awful"},
        {"answer_id": UNKNOWN_ID, "rating": "bad", "reasons": ["SECRET"]},
        {"answer_id": UNKNOWN_ID, "rating": "bad", "comment": "x" * 1001},
        {"answer_id": UNKNOWN_ID, "rating": "bad", "SECRET": 1},
        {"answer_id": UNKNOWN_ID, "rating": "bad", "comment": "\ud800"},
    ],
)
def test_invalid_feedback_is_rejected_without_its_content(client: TestClient, body: dict[str, object]) -> None:
    response = client.post("/api/v1/feedback", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert "xxx" not in response.text
    assert "SECRET" not in response.text


def test_feedback_on_an_unknown_answer_is_not_found(client: TestClient) -> None:
    response = client.post("/api/v1/feedback", json={"answer_id": UNKNOWN_ID, "rating": "good"})
    assert response.status_code == 404
    assert "no such answer" in response.json()["detail"]


def test_server_without_a_store_accepts_no_feedback(site: Site) -> None:
    with TestClient(create_app(replace(site, store=None))) as client:
        assert ask(client) == ""
        response = client.post("/api/v1/feedback", json={"answer_id": UNKNOWN_ID, "rating": "good"})
        assert (response.status_code, response.json()["detail"]) == (404, "this server does not store feedback")
        assert client.delete(f"/api/v1/answers/{UNKNOWN_ID}").status_code == 404


def test_database_error_makes_feedback_temporarily_unavailable(site: Site, tmp_path: Path) -> None:
    store = UnwritableStore(f"sqlite:///{tmp_path / 'other.sqlite'}", store_questions=False)
    with TestClient(create_app(replace(site, store=store))) as client:
        response = client.post("/api/v1/feedback", json={"answer_id": ask(client), "rating": "good"})
    store.close()
    assert response.status_code == 503
    assert "locked" not in response.text


def test_answer_can_be_deleted_by_its_id(client: TestClient, site: Site) -> None:
    answer_id = ask(client)
    assert client.delete(f"/api/v1/answers/{answer_id}").status_code == 204
    assert site.store
    assert site.store.list_answers() == []
    assert client.delete(f"/api/v1/answers/{answer_id}").status_code == 404
