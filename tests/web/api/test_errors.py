from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.question import MAX_QUESTION_CHARACTERS

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": ""},
        {"question": "  ?! "},
        {"question": "SECRET" * MAX_QUESTION_CHARACTERS},
        {"question": "q", "history": [{"question": "SECRET"}] * 13},
        {"question": "q", "SECRET": 1},
        {"question": ["SECRET"]},
    ],
)
def test_invalid_request_is_a_problem_without_its_content(client: TestClient, body: dict[str, Any]) -> None:
    response = client.post("/api/v1/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == PROBLEM
    assert "SECRET" not in response.text
    assert "input" not in response.json()


def test_body_with_another_media_type_is_invalid(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content='{"question": "q"}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 422
    assert response.json()["title"] == "Invalid request"


def test_unknown_path_is_a_problem_for_programs(client: TestClient) -> None:
    response = client.get("/nothing")
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)
    assert response.json() == {"type": "about:blank", "title": "Not answered", "status": 404, "detail": "Not Found"}


def test_unknown_path_is_a_page_for_browsers(client: TestClient) -> None:
    response = client.get("/nothing", headers={"Accept": "text/html,*/*", "Accept-Language": "sv"})
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert '<html lang="sv">' in response.text


def test_browser_requests_other_than_get_receive_problem_details(client: TestClient) -> None:
    response = client.post("/nothing", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["content-type"]) == (404, PROBLEM)


def test_openai_errors_have_openai_format_and_keep_their_headers(client: TestClient) -> None:
    response = client.request("TRACE", "/v1/models")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert client.get("/v1/nothing").json()["error"]["message"] == "Not Found"
