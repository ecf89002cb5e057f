from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.errors import IndexDamagedError
from assistant.web.server.app import create_app
from assistant.web.site.site import Site

ASKED = {"question": "When was the Alpha Institute founded in Lund?"}
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with TestClient(create_app(site), raise_server_exceptions=False) as made:
        yield made


def events(text: str) -> list[tuple[str, Any]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def answering(site: Site, monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """The assistant does `act` before it answers."""
    trace = Assistant.trace

    def acting(self: Assistant, *arguments: Any) -> Any:
        act()
        return trace(self, *arguments)

    monkeypatch.setattr(Assistant, "trace", acting)


def test_a_stream_is_the_answer_in_parts(client: TestClient) -> None:
    whole = client.post("/api/v1/ask", json=ASKED).json()
    found = events(client.post("/api/v1/ask", json=ASKED, headers=STREAM).text)
    assert [name for name, _ in found if name != "delta"] == ["meta", "citations", "done"]
    assert "".join(data["text"] for name, data in found if name == "delta") == whole["answer"]
    assert found[1][1]["citations"] == whole["citations"]
    assert found[-1][1]["verdict"] == "answered"


def test_a_question_that_can_not_be_taken_is_refused_before_the_stream(client: TestClient) -> None:
    response = client.post("/api/v1/ask", json={"question": "?!"}, headers=STREAM)
    assert response.status_code == 422
    assert response.json()["detail"] == "the question is empty; write one"


def test_what_goes_wrong_in_a_stream_is_an_event(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged() -> None:
        raise IndexDamagedError("a file is damaged; rebuild: assistant index --rebuild")

    def broken() -> None:
        raise RuntimeError("with words of the question")

    answering(site, monkeypatch, damaged)
    [(name, problem)] = events(client.post("/api/v1/ask", json=ASKED, headers=STREAM).text)
    assert (name, problem["status"]) == ("error", 503)
    assert "rebuild" in problem["detail"]
    assert client.post("/api/v1/ask", json=ASKED).status_code == 503
    answering(site, monkeypatch, broken)
    caplog.set_level(logging.ERROR)
    [(name, problem)] = events(client.post("/api/v1/ask", json=ASKED, headers=STREAM).text)
    assert (name, problem["status"]) == ("error", 500)
    assert "words of the question" not in problem["detail"] + caplog.text


def test_an_answer_that_takes_too_long_is_given_up(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.web.api.ask.ANSWER_TIMEOUT_SECONDS", 0.1)
    answering(site, monkeypatch, lambda: time.sleep(0.6))
    begun = time.monotonic()
    response = client.post("/api/v1/ask", json=ASKED)
    assert time.monotonic() - begun < 0.5
    assert response.status_code == 503
    assert "no answer within" in response.json()["detail"]
    [(name, _)] = events(client.post("/api/v1/ask", json=ASKED, headers=STREAM).text)
    assert name == "error"
    completion = {"messages": [{"role": "user", "content": "What is AI2?"}]}
    response = client.post("/v1/chat/completions", json=completion)
    assert (response.status_code, response.json()["error"]["type"]) == (503, "server_error")
    time.sleep(0.6)  # the threads that were given up end before the test does


def test_a_stream_that_waits_shows_that_it_lives(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.web.api.ask._PING_SECONDS", 0.05)
    answering(site, monkeypatch, lambda: time.sleep(0.3))
    text = client.post("/api/v1/ask", json=ASKED, headers=STREAM).text
    assert text.startswith(": still at it\n\n")
    assert events(text)[-1][0] == "done"


def test_every_answer_is_recorded_once(client: TestClient, site: Site) -> None:
    for headers in ({}, STREAM):
        client.post("/api/v1/ask", json=ASKED, headers=headers)
    assert site.store
    assert [row.channel for row in site.store.answers()] == ["api", "api"]


def test_work_that_was_given_up_takes_no_more_threads_and_leaves_no_row(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [0, 0]

    def slowly() -> None:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.3)
        at_once[0] -= 1

    monkeypatch.setattr("assistant.web.api.ask.ANSWER_TIMEOUT_SECONDS", 0.05)
    answering(site, monkeypatch, slowly)
    for number in range(30):
        asked = {"question": f"{ASKED['question']} ({number})"}
        assert client.post("/api/v1/ask", json=asked).status_code == 503
    time.sleep(1.0)
    assert at_once[1] <= 16
    assert site.store
    assert site.store.answers() == []


def test_an_answer_that_took_too_long_is_there_when_it_is_asked_again(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.web.api.ask.ANSWER_TIMEOUT_SECONDS", 0.05)
    answering(site, monkeypatch, lambda: time.sleep(0.3))
    assert client.post("/api/v1/ask", json=ASKED).status_code == 503
    time.sleep(1.0)
    monkeypatch.setattr("assistant.web.api.ask.ANSWER_TIMEOUT_SECONDS", 30.0)
    assert client.post("/api/v1/ask", json=ASKED).json()["citations"]
