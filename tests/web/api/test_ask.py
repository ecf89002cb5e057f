from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.errors import IndexDamagedError
from assistant.schema import Answer
from assistant.web.shared.site import Site
from tests.web.api.conftest import QUESTION, STREAM


def ask(client: TestClient, **body: Any) -> Any:
    response = client.post("/api/v1/ask", json={"question": QUESTION, **body})
    assert response.status_code == 200, response.text
    return response.json()


def stream(client: TestClient) -> Any:
    return client.post("/api/v1/ask", json={"question": QUESTION}, headers=STREAM)


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Return the name and data of each event in a stream, leaving out comments."""
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def run_before_answering(monkeypatch: pytest.MonkeyPatch, action: Callable[[], None]) -> None:
    """Make every assistant call `action` before answering a question."""
    original = Assistant.trace

    def trace(self: Assistant, *arguments: Any) -> Any:
        action()
        return original(self, *arguments)

    monkeypatch.setattr(Assistant, "trace", trace)


def set_timeout(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("assistant.web.api.ask.ANSWER_TIMEOUT_SECONDS", seconds)


def test_http_answer_equals_the_in_process_answer(client: TestClient, small_assistant: Assistant) -> None:
    over_http, in_process = ask(client), small_assistant.ask(QUESTION)
    assert over_http["answer"] == in_process.answer
    assert [item["quote"] for item in over_http["citations"]] == [item.quote for item in in_process.citations]
    assert over_http.keys() == set(Answer.__dataclass_fields__)


def test_follow_up_is_resolved_from_the_history(client: TestClient) -> None:
    history = [{"question": "What does the Alpha Institute develop?"}]
    answer = ask(client, question="When was it founded?", history=history)
    assert answer["resolved_question"] == "When was Alpha Institute founded?"


def test_answers_can_be_sent_back_as_history(client: TestClient) -> None:
    history: list[dict[str, str]] = []
    for question in ("What does the Alpha Institute develop?", "When was it founded?", "Since when?", "Why?", "Where?"):
        answer = ask(client, question=question, history=history)
        history.append({"question": question, "resolved_question": answer["resolved_question"]})
    assert history[1]["resolved_question"] == "When was Alpha Institute founded?"


def test_filter_limits_the_answer_to_the_allowed_documents(client: TestClient) -> None:
    answer = ask(client, filter={"documents": ["gamma.md"]})
    assert {item["document_id"] for item in (*answer["citations"], *answer["closest"])} <= {"gamma.md"}


def test_stream_contains_the_answer_in_parts(client: TestClient) -> None:
    answer = ask(client)
    response = stream(client)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = parse_events(response.text)
    assert [name for name, _ in events if name != "delta"] == ["meta", "citations", "done"]
    assert [events[0][0], events[1][0], events[-1][0]] == ["meta", "citations", "done"]
    assert "".join(data["text"] for name, data in events if name == "delta") == answer["answer"]
    assert events[1][1]["citations"] == events[-1][1]["citations"] == answer["citations"] != []
    assert events[-1][1]["verdict"] == "answered"


def test_invalid_question_is_rejected_before_streaming(client: TestClient) -> None:
    response = client.post("/api/v1/ask", json={"question": "?!"}, headers=STREAM)
    assert response.status_code == 422
    assert response.json()["detail"].startswith("the question is empty")


def test_damaged_index_is_reported_as_an_error_event(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise IndexDamagedError("a file is damaged; rebuild: assistant index --rebuild")

    run_before_answering(monkeypatch, fail)
    [(name, problem)] = parse_events(stream(client).text)
    assert (name, problem["status"]) == ("error", 503)
    assert "rebuild" in problem["detail"]
    assert client.post("/api/v1/ask", json={"question": QUESTION}).status_code == 503


def test_unexpected_error_in_a_stream_leaks_no_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("with words of the question")

    run_before_answering(monkeypatch, fail)
    caplog.set_level(logging.ERROR)
    [(name, problem)] = parse_events(stream(client).text)
    assert (name, problem["status"]) == ("error", 500)
    assert "RuntimeError" in caplog.text
    assert "words of the question" not in problem["detail"] + caplog.text


def test_slow_answer_times_out_on_every_interface(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timeout(monkeypatch, 0.1)
    run_before_answering(monkeypatch, lambda: time.sleep(0.6))
    start = time.monotonic()
    response = client.post("/api/v1/ask", json={"question": QUESTION})
    assert time.monotonic() - start < 0.5
    assert response.status_code == 503
    assert "no answer within" in response.json()["detail"]
    [(name, _)] = parse_events(stream(client).text)
    assert name == "error"
    response = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "What is AI2?"}]})
    assert (response.status_code, response.json()["error"]["type"]) == (503, "server_error")
    time.sleep(0.6)  # let the abandoned threads finish before the test ends


def test_waiting_stream_sends_keep_alive_comments(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.web.api.ask._PING_SECONDS", 0.05)
    run_before_answering(monkeypatch, lambda: time.sleep(0.3))
    text = stream(client).text
    assert text.startswith(": keep-alive\n\n")
    assert parse_events(text)[-1][0] == "done"


def test_each_answer_is_recorded_once(client: TestClient, site: Site) -> None:
    answer_id = ask(client)["answer_id"]
    stream(client)
    assert site.store
    rows = site.store.list_answers()
    assert [row.channel for row in rows] == ["api", "api"]
    assert answer_id in {row.answer_id for row in rows}


def test_abandoned_work_uses_a_fixed_number_of_threads_and_is_not_recorded(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = [0, 0]  # how many threads are running now, and the highest number so far

    def work_slowly() -> None:
        running[0] += 1
        running[1] = max(running)
        time.sleep(0.3)
        running[0] -= 1

    set_timeout(monkeypatch, 0.05)
    run_before_answering(monkeypatch, work_slowly)
    for number in range(30):
        response = client.post("/api/v1/ask", json={"question": f"{QUESTION} ({number})"})
        assert response.status_code == 503
    time.sleep(1.0)
    assert 1 <= running[1] <= 16
    assert site.store
    assert site.store.list_answers() == []


def test_late_answer_is_cached_for_the_next_request(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    set_timeout(monkeypatch, 0.05)
    run_before_answering(monkeypatch, lambda: time.sleep(0.3))
    assert client.post("/api/v1/ask", json={"question": QUESTION}).status_code == 503
    time.sleep(1.0)
    set_timeout(monkeypatch, 0.25)  # this is too short for the answer to be computed a second time
    assert ask(client)["citations"]


def test_client_can_keep_a_question_out_of_the_store(client: TestClient, site: Site) -> None:
    ask(client, store=False)
    assert site.store
    assert [row.question for row in site.store.list_answers()] == [None]


@pytest.mark.parametrize("store", [True, False])
def test_parts_of_a_double_question_are_stored_only_if_allowed(client: TestClient, site: Site, store: bool) -> None:
    question = "What is AI2? Does Ada 850101-1234 ada@example.org like zyxwvut?"
    answer_id = ask(client, question=question, store=store)["answer_id"]
    assert site.store
    [row] = site.store.list_answers()
    assert row.answer_id == answer_id
    stored = f"{row.question} {row.resolved_question} {row.answer}"
    assert bool(re.search("zyxwvut", stored)) is store
    assert "1234" not in stored
    assert "ada@" not in stored
