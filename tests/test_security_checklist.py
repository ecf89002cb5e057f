"""What has to hold of the whole server's surface, and where every other point of the list is tested."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from packaging.version import Version

from assistant.web.site.site import Site
from tests.conftest import ROOT
from tests.test_access import served

EVIL = {"Origin": "https://evil.example"}
ASKED = {"question": "When was the Alpha Institute founded in Lund?"}
# The points of the list, and the tests that hold them.
POINTS = {
    "no request of the page leaves the host": (
        "browser/test_page.py::test_a_question_is_answered_and_its_source_opens_with_the_quote_marked"
    ),
    "no look-up or connection of the server does": (
        "browser/test_page.py::test_a_question_is_answered_and_its_source_opens_with_the_quote_marked"
    ),
    "a policy on every page, its nonce another each time": "test_web.py::test_the_nonce_differs_each_time",
    "frames: listed origins only": "browser/test_widget.py::test_a_frame_is_shown_to_listed_origins_only",
    "no permission for another origin": "test_security_checklist.py::test_no_route_lets_another_origin_read",
    "writes: own and listed origins only": "test_security_checklist.py::test_a_write_from_elsewhere_is_not_done",
    "own host names only": "test_limits.py::test_a_server_answers_to_its_own_names_only",
    "Gradio's other routes": "test_security_checklist.py::test_what_the_page_does_not_need_of_gradio_is_not_there",
    "no upload": "test_security_checklist.py::test_nothing_can_be_uploaded",
    "payloads inert": "browser/test_payloads.py::test_payloads_in_texts_are_inert_in_answers_and_drawers",
    "payloads inert in the widget": "browser/test_widget.py::test_payloads_are_inert_in_the_widget",
    "nothing opens a hole": "test_architecture.py::test_what_opens_a_hole_is_nowhere_in_the_program",
    "429": "test_limits.py::test_more_than_is_allowed_in_a_minute_is_refused_with_the_time_to_wait",
    "503": "test_limits.py::test_more_at_once_than_is_worked_on_is_refused_and_room_is_made_again",
    "413": "test_limits.py::test_a_body_in_chunks_is_refused_when_it_gets_too_large",
    "422 without an echo": "test_web.py::test_a_request_that_does_not_fit_is_a_problem_without_an_echo",
    "whoever goes away makes room": "test_limits.py::test_a_client_that_goes_away_makes_room",
    "no word of a question in logs, metrics, database": (
        "test_telemetry.py::test_no_word_of_a_question_is_in_logs_metrics_or_a_store_that_keeps_none"
    ),
    "none in traces": "test_tracing.py::test_requests_and_the_stages_of_answers_become_spans",
    "retention": "test_store.py::test_rows_older_than_that_are_purged_with_their_feedback",
    "an identity for everything": "test_access.py::test_a_closed_server_shows_nothing_of_itself_to_somebody_unknown",
    "a proxy's header from nobody else": "test_access.py::test_a_name_from_anybody_but_the_proxy_is_taken_away",
    "instructions in texts": "test_chat.py::test_instructions_in_a_document_change_nothing",
    "a filter keeps the rest out": "test_web.py::test_an_answer_comes_from_the_allowed_documents_only",
    "a damaged index is not taken": "test_reload.py::test_an_index_that_fails_its_checks_is_left_alone",
    "versions with known holes": "test_security_checklist.py::test_versions_with_known_holes_are_not_used",
    "axe": "browser/test_accessibility.py::test_no_state_of_the_chat_has_a_violation",
    "no cookie": "test_access.py::test_an_open_server_sets_no_cookie",
    "a sub-path behind a proxy": "browser/test_proxy.py::test_the_page_works_under_a_path_of_the_intranet",
    "no way round the limits": ("test_security_checklist.py::test_no_other_spelling_of_a_path_goes_round_its_guards"),
    "owners' pages are for no other origin": (
        "test_access.py::test_a_listed_origin_may_ask_and_not_read_what_is_for_owners"
    ),
    "paths that are none": "test_security_checklist.py::test_a_path_that_is_none_is_not_found",
}


@pytest.mark.parametrize("point", POINTS)
def test_every_point_of_the_list_has_its_test(point: str) -> None:
    path, _, name = POINTS[point].partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def paths(client: TestClient) -> list[str]:
    """Every path of the interface and the pages, and what the chat needs."""
    document = client.get("/api/openapi.json").json()
    own = [re.sub(r"\{\w+\}", "x", path) for path in document["paths"]]
    pages = ["/", "/chat/", "/chat/config", "/chat/theme.css", "/start/", "/texts/", "/search/", "/about/", "/widget/"]
    return [*own, *pages, "/api/", "/api/openapi.json", "/owners/", "/metrics", "/static/site.css", "/nowhere"]


def test_no_route_lets_another_origin_read(site: Site) -> None:
    with served(site, allowed_origins=("https://intranet.example",)) as client:
        for path in paths(client):
            for method in ("GET", "POST", "OPTIONS", "DELETE"):
                headers = {**EVIL, "Access-Control-Request-Method": "POST"}
                response = client.request(method, path, headers=headers)
                assert response.headers.get("access-control-allow-origin") in {None}, (method, path)


def test_a_write_from_elsewhere_is_not_done(site: Site) -> None:
    assert site.store
    with served(site) as client:
        for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
            assert client.post("/api/v1/ask", json=ASKED, headers={"Origin": origin}).status_code == 403
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            sent = b'{"question": "When was the Alpha Institute founded in Lund?"}'
            assert client.post("/api/v1/ask", content=sent, headers={"Content-Type": kind}).status_code in {415, 422}
        assert site.store.answers() == []
        assert client.post("/api/v1/ask", json=ASKED, headers={"Origin": "http://testserver"}).status_code == 200


NOT_NEEDED = [
        "gradio_api/upload", "gradio_api/upload_progress", "gradio_api/proxy=http://127.0.0.1/",
        "gradio_api/file=http://127.0.0.1/", "gradio_api/file=/etc/passwd", "file=/etc/passwd", "gradio_api/token",
        "gradio_api/info", "gradio_api/deep_link", "gradio_api/component_server", "gradio_api/stream/a/b/c",
        "gradio_api/vibe-edit/", "gradio_api/process_recording", "gradio_api/call/respond", "gradio_api/run/respond",
        "gradio_api/runs", "gradio_api/mcp/", "gradio_api/openapi.json", "monitoring", "monitoring/summary", "login",
        "logout", "docs", "redoc", "openapi.json", "dev/reload", "custom_component/a/b/c/d", "app_id", "user",
        # the same by other spellings
        "/gradio_api/upload", "./gradio_api/upload", "x/../gradio_api/upload", "gradio_api//upload",
        "%67radio_api/upload", "gradio_api%2Fupload", "GRADIO_API/upload", "gradio_api/upload/",
        "gradio_api/upload%00", "assets/../../config",
    ]  # fmt: skip


def test_what_the_page_does_not_need_of_gradio_is_not_there(site: Site) -> None:
    with served(site) as client:
        for path in NOT_NEEDED:
            assert {client.get(f"/chat/{path}").status_code, client.post(f"/chat/{path}").status_code} == {404}


def test_nothing_can_be_uploaded(site: Site) -> None:
    with served(site) as client:
        for path in ("/chat/gradio_api/upload", "/gradio_api/upload", "/upload", "/chat/upload"):
            assert client.post(path, files={"files": ("x.html", b"<script>")}).status_code in {404, 405}


INSIDE = ("/docs", "/redoc", "/openapi.json", "/monitoring/summary", "/config", "/gradio_api/info", "/token")


def test_what_shows_the_inside_is_nowhere(site: Site) -> None:
    with served(site) as client:
        for path in INSIDE:
            assert client.get(path).status_code == 404


NONE = [
        "/sources/../../etc/passwd", "/sources/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/sources/%00",
        "/sources/" + "x" * 10_240, "/texts/../assistant.toml", "/texts/%2e%2e/assistant.toml", "/texts/%00",
        "/texts/" + "å" * 2_000,
        "/api/v1/passages/%00", "/api/v1/passages/" + "x" * 10_240, "/static/../security.py",
        "/static/%2e%2e/security.py", "/widget/2/widget.js", "/sources/", "/static/%00",
    ]  # fmt: skip


def test_a_path_that_is_none_is_not_found(site: Site) -> None:
    with served(site) as client:
        for path in NONE:
            response = client.get(path)
            assert response.status_code == 404
            assert "root:" not in response.text
            assert "middleware" not in response.text


COSTLY = [
        ("POST", "/api/v1/ask"), ("GET", "/search/"), ("GET", "/api/v1/search"), ("GET", "/owners/"),
        ("GET", "/metrics"), ("GET", "/owners/feedback.csv"), ("POST", "/v1/chat/completions"),
        ("POST", "/chat/gradio_api/queue/join"),
    ]  # fmt: skip


def test_no_other_spelling_of_a_path_goes_round_its_guards(site: Site) -> None:
    with served(site, owners_password="rain") as client:
        for (method, path), end in itertools.product(COSTLY, ["%0A", "%0D", "%00", "%7F"]):
            assert client.request(method, path + end, json=ASKED).status_code == 404


def test_versions_with_known_holes_are_not_used() -> None:
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line
    )
    least = {"gradio": "6.31.0", "Brotli": "1.2.1", "starlette": "1.0.0", "Jinja2": "3.1.6", "lxml": "6.0.0"}
    found = {name.lower(): Version(version) for name, version in pins.items()}
    assert {name for name, version in least.items() if found[name.lower()] < Version(version)} == set()


def test_every_answer_has_the_headers_that_close_a_page_down(site: Site) -> None:
    with served(site) as client:
        for path in paths(client):
            headers: Any = client.get(path, headers={"Accept": "text/html"}).headers
            assert headers["content-security-policy"].startswith("default-src 'none'"), path
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers
