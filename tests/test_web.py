from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.conversation.question import MAX_QUESTION_CHARACTERS
from assistant.schema import Answer
from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.server.app import create_app
from assistant.web.site.site import Site

QUESTION = "When was the Alpha Institute founded in Lund?"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=0)
    app.add_middleware(SecurityMiddleware, chat="/chat", allowed_origins=["https://intranet.example"], language="en")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def ask(client: TestClient, **body: Any) -> Any:
    return client.post("/api/v1/ask", json=body)


def test_ask_gives_the_same_object_as_the_engine(client: TestClient, small_assistant: Assistant) -> None:
    over_http, inside = ask(client, question=QUESTION).json(), small_assistant.ask(QUESTION)
    assert over_http["answer"] == inside.answer
    assert [item["quote"] for item in over_http["citations"]] == [item.quote for item in inside.citations]
    assert over_http.keys() == set(Answer.__dataclass_fields__)


def test_a_follow_up_over_http_sees_the_turn_before(client: TestClient) -> None:
    turns = [{"question": "What does the Alpha Institute develop?"}]
    found = ask(client, question="When was it founded?", history=turns).json()
    assert found["resolved_question"] == "When was Alpha Institute founded?"


def test_the_events_of_a_stream_add_up_to_the_answer(client: TestClient) -> None:
    response = client.post("/api/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [
        (block.split("\n")[0].removeprefix("event: "), json.loads(block.split("\n")[1].removeprefix("data: ")))
        for block in response.text.strip().split("\n\n")
    ]
    names = [name for name, _ in events]
    assert names[:2] == ["meta", "citations"]
    assert names[-1] == "done"
    assert "".join(data["text"] for name, data in events if name == "delta") == events[-1][1]["answer"]
    assert events[1][1]["citations"] == events[-1][1]["citations"] != []


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
def test_a_request_that_does_not_fit_is_a_problem_without_an_echo(client: TestClient, body: dict[str, Any]) -> None:
    response = client.post("/api/v1/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert "SECRETSECRET" not in response.text
    assert "input" not in response.json()


def test_a_body_that_is_no_json_is_refused_before_the_handler(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content='{"question": "q"}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 422


def test_a_passage_comes_with_its_surroundings(client: TestClient, small_assistant: Assistant) -> None:
    citation = ask(client, question=QUESTION).json()["citations"][0]
    passage = client.get(f"/api/v1/passages/{citation['passage_id']}").json()
    text = small_assistant.index.texts[citation["document_id"]]
    assert passage["before"] + passage["text"] + passage["after"] in text
    assert (
        passage["text"][citation["start"] - passage["start"] : citation["end"] - passage["start"]] == citation["quote"]
    )


def test_what_is_not_there_is_a_problem_too(client: TestClient) -> None:
    response = client.get("/nothing")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_a_body_that_is_too_large_is_refused_unread(client: TestClient) -> None:
    response = client.post("/api/v1/ask", content=b" " * 300_000, headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_answers_can_be_sent_back_as_history(client: TestClient) -> None:
    history: list[dict[str, str]] = []
    for question in ("What does the Alpha Institute develop?", "When was it founded?", "Since when?", "Why?", "Where?"):
        answer = ask(client, question=question, history=history)
        assert answer.status_code == 200
        history.append({"question": question, "resolved_question": answer.json()["resolved_question"]})


def test_an_answer_comes_from_the_allowed_documents_only(client: TestClient) -> None:
    found = ask(client, question=QUESTION, filter={"documents": ["gamma.md"]}).json()
    assert {item["document_id"] for item in (*found["citations"], *found["closest"])} <= {"gamma.md"}


def test_documents_are_listed(client: TestClient) -> None:
    assert [item["document_id"] for item in client.get("/api/v1/documents").json()] == ["alpha.md", "gamma.md"]


@pytest.mark.parametrize("path", ["/api/v1/passages/", "/sources/"])
@pytest.mark.parametrize("name", ["unknown", "..%2f..%2fetc%2fpasswd", "%00", "a" * 10_000])
def test_a_passage_that_is_not_there_is_404(client: TestClient, path: str, name: str) -> None:
    assert client.get(path + name).status_code == 404


def test_the_reading_page_marks_the_quote_without_a_script(client: TestClient) -> None:
    citation = ask(client, question=QUESTION).json()["citations"][0]
    page = client.get(f"/sources/{citation['passage_id']}?start={citation['start']}&end={citation['end']}").text
    assert f'<mark id="quote">{citation["quote"]}</mark>' in page
    assert "<script" not in page


@pytest.mark.parametrize("place", ["?start=0&end=99999", "?start=5&end=5", "?start=7&end=2", "?start=1"])
def test_offsets_outside_the_passage_mark_the_whole_passage(
    client: TestClient, small_assistant: Assistant, place: str
) -> None:
    passage = small_assistant.index.passages[0]
    page = client.get(f"/sources/{passage.passage_id}{place}").text
    assert page.count('<mark id="quote">') == 1
    assert page.count("<mark") == passage.text.count("\n\n") + 1


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for path in ("/healthz", "/api/v1/documents", "/static/page.css", "/nothing"):
        headers = client.get(path).headers
        assert "frame-ancestors 'self' https://intranet.example" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_nonce_differs_each_time(client: TestClient) -> None:
    found = {
        re.findall(r"'nonce-([^']+)'", client.get("/healthz").headers["content-security-policy"])[0] for _ in range(5)
    }
    assert len(found) == 5


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_pages_that_load_from_elsewhere_are_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_interface_describes_itself(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/v1/ask", "/api/v1/passages/{passage_id}", "/api/v1/documents", "/readyz"} <= paths.keys()
    assert client.get("/readyz").json()["status"] == "ready"
