"""Tests of a complete server that need no browser."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import Server
from tests.conftest import ROOT

pytestmark = pytest.mark.real


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chat/config", 200),
        ("/chat/gradio_api/info", 404),
        ("/chat/gradio_api/upload", 404),
        ("/chat/gradio_api/run-history", 404),
        ("/chat/monitoring/summary", 404),
        ("/chat//gradio_api/info", 404),
        ("/chat/%67radio_api/info", 404),
        ("/chat/gradio_api/./info", 404),
        ("/chat/GRADIO_API/info", 404),
        ("/chat/gradio_api/file=http://evil.example/", 404),
        ("/chat/gradio_api/proxy=http://evil.example/", 404),
    ],
)
def test_other_gradio_routes_are_not_found(server: Server, path: str, status: int) -> None:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
    connection.request("GET", path)
    assert connection.getresponse().status == status
    connection.close()


def test_unlisted_origins_get_no_cors_permission(server: Server) -> None:
    parts = urlsplit(server.url)
    for path in ("/api/v1/documents", "/chat/config", "/chat/"):
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port)
        connection.request("GET", path, headers={"Origin": "https://evil.example"})
        assert connection.getresponse().getheader("access-control-allow-origin") is None
        connection.close()


def test_a_port_in_use_is_reported_with_an_alternative() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
        process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert process.returncode == 1
    assert f"port {port}" in process.stderr
    assert f"--port {port + 1}" in process.stderr
    assert process.stderr.count("\n") == 1
