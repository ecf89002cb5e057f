"""Security tests of the whole server, and a table that names a test for each point of the security checklist."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from packaging.version import Version

from assistant.web.shared.site import Site
from tests.conftest import ROOT
from tests.web.clients import server_client

EVIL_ORIGIN = {"Origin": "https://evil.example"}
QUESTION = {"question": "When was the Alpha Institute founded in Lund?"}
# Each point of the security checklist, followed by the test that verifies it.
CHECKLIST = {
    "the page sends no request to other hosts": (
        "browser/test_page.py::test_a_source_opens_with_the_quote_highlighted"
    ),
    "the server looks up no name and opens no connection": (
        "browser/test_page.py::test_a_source_opens_with_the_quote_highlighted"
    ),
    "content security policy with a new nonce for every response": (
        "web/middleware/test_security.py::test_the_nonce_differs_in_every_response"
    ),
    "frames for allowed origins only": "browser/test_widget.py::test_only_listed_origins_can_show_the_chat_in_a_frame",
    "no CORS permission for other origins": "test_security_checklist.py::test_other_origins_can_read_no_route",
    "writes from own and allowed origins only": (
        "test_security_checklist.py::test_writes_from_other_origins_are_rejected"
    ),
    "own host names only": "web/middleware/test_security.py::test_only_configured_host_names_are_accepted",
    "Gradio's unused routes are closed": (
        "test_security_checklist.py::test_gradio_routes_not_used_by_the_page_are_closed"
    ),
    "no uploads": "test_security_checklist.py::test_nothing_can_be_uploaded",
    "payloads are inert": "browser/test_payloads.py::test_payloads_in_documents_are_inert_in_answers_and_sources",
    "payloads are inert in the widget": "browser/test_widget.py::test_payloads_are_inert_in_the_widget",
    "no dangerous calls in the code": "test_architecture.py::test_no_unsafe_call_or_import",
    "the limit on requests per minute (429)": (
        "web/middleware/test_rate_limits.py::test_requests_over_the_limit_are_rejected_with_the_time_to_wait"
    ),
    "the limit on concurrent requests (503)": (
        "web/middleware/test_rate_limits.py::test_requests_over_the_concurrency_limit_are_rejected"
    ),
    "the limit on the size of a request body (413)": (
        "web/middleware/test_rate_limits.py::test_a_chunked_body_is_rejected_once_it_is_too_large"
    ),
    "422 responses do not repeat the request": (
        "web/api/test_errors.py::test_invalid_request_is_a_problem_without_its_content"
    ),
    "disconnected clients free their slots": (
        "web/middleware/test_rate_limits.py::test_disconnected_clients_free_their_slots"
    ),
    "no questions in logs, metrics or database": (
        "web/middleware/test_request_log.py::test_logs_metrics_and_store_contain_no_word_of_a_question"
    ),
    "no questions in traces": (
        "web/telemetry/test_traces.py::test_requests_and_stages_become_spans_without_user_input"
    ),
    "expired answers are deleted": "store/test_database.py::test_expired_answers_are_purged_with_their_feedback",
    "a protected server shows nothing to anonymous users": (
        "web/middleware/test_access.py::test_anonymous_users_see_nothing_of_a_protected_server"
    ),
    "user headers from the proxy only": (
        "web/server/test_middleware_stack.py::test_only_the_proxy_may_send_a_user_header"
    ),
    "instructions in documents change nothing": (
        "conversation/test_assistant.py::test_instructions_in_a_document_change_nothing"
    ),
    "a filter excludes all other documents": (
        "web/api/test_ask.py::test_filter_limits_the_answer_to_the_allowed_documents"
    ),
    "a damaged index is not loaded": (
        "web/server/test_index_reload.py::test_an_index_that_fails_its_checks_is_ignored"
    ),
    "no versions with known vulnerabilities": (
        "test_security_checklist.py::test_no_pinned_version_has_known_vulnerabilities"
    ),
    "accessibility (axe-core)": "browser/test_accessibility.py::test_no_chat_state_has_a_violation",
    "no cookies": "web/server/test_middleware_stack.py::test_an_open_server_sets_no_cookie",
    "a sub-path behind a proxy works": "browser/test_proxy.py::test_pages_and_api_work_under_a_sub_path",
    "no bypass of limits": "test_security_checklist.py::test_limits_cannot_be_bypassed_by_another_spelling_of_a_path",
    "owners' pages are closed to other origins": (
        "web/server/test_middleware_stack.py::test_an_allowed_origin_may_ask_but_not_act_as_an_owner"
    ),
    "invalid paths are not found": "test_security_checklist.py::test_invalid_paths_are_not_found",
}


@pytest.mark.parametrize("point", CHECKLIST)
def test_every_point_of_the_checklist_has_a_test(point: str) -> None:
    path, _, name = CHECKLIST[point].partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def all_paths(client: TestClient) -> list[str]:
    """Return the paths of the API, of pages and of some other resources, and one path that doesn't exist."""
    document = client.get("/api/openapi.json").json()
    api = [re.sub(r"\{\w+\}", "x", path) for path in document["paths"]]
    pages = ["/", "/chat/", "/chat/config", "/chat/theme.css", "/start/", "/texts/", "/search/", "/about/", "/widget/"]
    return [*api, *pages, "/api/", "/api/openapi.json", "/owners/", "/metrics", "/static/site.css", "/nowhere"]


def test_other_origins_can_read_no_route(site: Site) -> None:
    with server_client(site, allowed_origins=("https://intranet.example",)) as client:
        for path in all_paths(client):
            for method in ("GET", "POST", "OPTIONS", "DELETE"):
                headers = {**EVIL_ORIGIN, "Access-Control-Request-Method": "POST"}
                response = client.request(method, path, headers=headers)
                assert "access-control-allow-origin" not in response.headers, (method, path)


def test_writes_from_other_origins_are_rejected(site: Site) -> None:
    assert site.store
    with server_client(site) as client:
        for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
            assert client.post("/api/v1/ask", json=QUESTION, headers={"Origin": origin}).status_code == 403
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            body = b'{"question": "When was the Alpha Institute founded in Lund?"}'
            response = client.post("/api/v1/ask", content=body, headers={"Content-Type": media_type})
            assert response.status_code in {415, 422}
        assert site.store.list_answers() == []
        response = client.post("/api/v1/ask", json=QUESTION, headers={"Origin": "http://testserver"})
        assert response.status_code == 200


UNUSED_GRADIO_PATHS = [
    "gradio_api/upload", "gradio_api/upload_progress", "gradio_api/proxy=http://127.0.0.1/",
    "gradio_api/file=http://127.0.0.1/", "gradio_api/file=/etc/passwd", "file=/etc/passwd", "gradio_api/token",
    "gradio_api/info", "gradio_api/deep_link", "gradio_api/component_server", "gradio_api/stream/a/b/c",
    "gradio_api/vibe-edit/", "gradio_api/process_recording", "gradio_api/call/respond", "gradio_api/run/respond",
    "gradio_api/runs", "gradio_api/mcp/", "gradio_api/openapi.json", "monitoring", "monitoring/summary", "login",
    "logout", "docs", "redoc", "openapi.json", "dev/reload", "custom_component/a/b/c/d", "app_id", "user",
    # different spellings of some of the paths above
    "/gradio_api/upload", "./gradio_api/upload", "x/../gradio_api/upload", "gradio_api//upload",
    "%67radio_api/upload", "gradio_api%2Fupload", "GRADIO_API/upload", "gradio_api/upload/",
    "gradio_api/upload%00", "assets/../../config",
]  # fmt: skip


def test_gradio_routes_not_used_by_the_page_are_closed(site: Site) -> None:
    with server_client(site) as client:
        for path in UNUSED_GRADIO_PATHS:
            assert {client.get(f"/chat/{path}").status_code, client.post(f"/chat/{path}").status_code} == {404}


def test_nothing_can_be_uploaded(site: Site) -> None:
    with server_client(site) as client:
        for path in ("/chat/gradio_api/upload", "/gradio_api/upload", "/upload", "/chat/upload"):
            assert client.post(path, files={"files": ("x.html", b"<script>")}).status_code in {404, 405}


INTERNAL_PATHS = ("/docs", "/redoc", "/openapi.json", "/monitoring/summary", "/config", "/gradio_api/info", "/token")


def test_internal_routes_are_closed(site: Site) -> None:
    with server_client(site) as client:
        for path in INTERNAL_PATHS:
            assert client.get(path).status_code == 404


INVALID_PATHS = [
    "/sources/../../etc/passwd", "/sources/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/sources/%00",
    "/sources/" + "x" * 10_240, "/texts/../assistant.toml", "/texts/%2e%2e/assistant.toml", "/texts/%00",
    "/texts/" + "å" * 2_000,
    "/api/v1/passages/%00", "/api/v1/passages/" + "x" * 10_240, "/static/../security.py",
    "/static/%2e%2e/security.py", "/widget/2/widget.js", "/sources/", "/static/%00",
]  # fmt: skip


def test_invalid_paths_are_not_found(site: Site) -> None:
    with server_client(site) as client:
        for path in INVALID_PATHS:
            response = client.get(path)
            assert response.status_code == 404
            assert "root:" not in response.text
            assert "middleware" not in response.text


LIMITED_ROUTES = [
    ("POST", "/api/v1/ask"), ("GET", "/search/"), ("GET", "/api/v1/search"), ("GET", "/owners/"),
    ("GET", "/metrics"), ("GET", "/owners/feedback.csv"), ("POST", "/v1/chat/completions"),
    ("POST", "/chat/gradio_api/queue/join"),
]  # fmt: skip


def test_limits_cannot_be_bypassed_by_another_spelling_of_a_path(site: Site) -> None:
    with server_client(site, owners_password="rain") as client:
        for (method, path), suffix in itertools.product(LIMITED_ROUTES, ["%0A", "%0D", "%00", "%7F"]):
            assert client.request(method, path + suffix, json=QUESTION).status_code == 404


def test_no_pinned_version_has_known_vulnerabilities() -> None:
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line
    )
    minimum = {"gradio": "6.31.0", "Brotli": "1.2.1", "starlette": "1.0.0", "Jinja2": "3.1.6", "lxml": "6.0.0"}
    pinned = {name.lower(): Version(version) for name, version in pins.items()}
    assert {name for name, version in minimum.items() if pinned[name.lower()] < Version(version)} == set()


def test_every_response_has_restrictive_security_headers(site: Site) -> None:
    with server_client(site) as client:
        for path in all_paths(client):
            headers: Any = client.get(path, headers={"Accept": "text/html"}).headers
            assert headers["content-security-policy"].startswith("default-src 'none'"), path
            assert headers["x-content-type-options"] == "nosniff"
            assert "server" not in headers
