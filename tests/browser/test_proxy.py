"""Tests of the server behind real nginx and Caddy proxies, which use the configuration files in deploy/."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Server, serving, visiting
from tests.conftest import ROOT
from tests.servers import free_port, stop_process

pytestmark = [pytest.mark.browser, pytest.mark.real]
QUESTION = {"question": "What is NBIS?"}
STREAM = {"Accept": "text/event-stream"}


@contextmanager
def running_proxy(*command: str, port: int, folder: Path) -> Iterator[None]:
    """Run a proxy, and yield once it is listening on `port`."""
    # These variables name the folders where Caddy writes its own files.
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
        try:
            for _ in range(200):
                try:
                    httpx2.get(f"http://127.0.0.1:{port}/")
                    break
                except httpx2.TransportError:
                    assert process.poll() is None, process.stdout.read()  # type: ignore[union-attr]
                    time.sleep(0.05)
            yield
        finally:
            stop_process(process)


def nginx(folder: Path, port: int, location: str) -> list[str]:
    """Write an nginx configuration whose server block contains `location`. Return the command that starts nginx."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    temp_paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # otherwise nginx's worker process couldn't read the test's files
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temp_paths} server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
    )
    return [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(folder: Path, port: int, server: int) -> list[str]:
    """Write a Caddy configuration based on deploy/Caddyfile. Return the command that starts Caddy."""
    config = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    config = config.replace("intranet.example {", f"http://127.0.0.1:{port} {{", 1).replace(":7860", f":{server}")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + config)
    return [shutil.which("caddy") or "caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def proxied(kind: str, folder: Path, **settings: str) -> Iterator[tuple[str, Server]]:
    """Run a server behind a proxy of the given kind. Yield the public URL and the server."""
    port, server_port = free_port(), free_port()
    location = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace(":7860", f":{server_port}")
    commands = {
        "nginx": lambda: nginx(folder, port, location),
        "nginx that strips": lambda: nginx(folder, port, location.replace(f":{server_port};", f":{server_port}/;")),
        "nginx with users": lambda: nginx(
            folder,
            port,
            location.replace(
                "    proxy_buffering",
                f'    auth_basic "Staff"; auth_basic_user_file {folder}/users;\n    proxy_buffering',
            ),
        ),
        "caddy": lambda: caddy(folder, port, server_port),
    }
    public = f"http://127.0.0.1:{port}/assistant"
    settings = {"ASSISTANT_PUBLIC_URL": public, "ASSISTANT_PROXIES": "127.0.0.1", **settings}
    with (
        serving(folder, ROOT / "corpus", server_port, **settings) as server,
        running_proxy(*commands[kind](), port=port, folder=folder),
    ):
        yield public, server


@pytest.mark.parametrize("kind", ["nginx", "nginx that strips", "caddy"])
def test_pages_and_api_work_under_a_sub_path(kind: str, tmp_path: Path, browser: Browser) -> None:
    with proxied(kind, tmp_path, ASSISTANT_RATE_PER_MINUTE="5") as (public, _), visiting(browser, public) as visit:
        visit.open("/chat/")
        visit.ask("What is NBIS?")
        visit.page.locator(".answer a", has_text="[1]").first.click()
        visit.page.locator("#source mark").first.wait_for()
        visit.page.keyboard.press("Escape")
        visit.page.get_by_role("link", name="Start here").first.click()
        visit.page.wait_for_url(public + "/start/**")
        assert visit.errors == []
        assert visit.requested_hosts == {"127.0.0.1"}
        assert httpx2.get(public, follow_redirects=True).url == public + "/chat/"
        with httpx2.stream("POST", public + "/api/v1/ask", json=QUESTION, headers=STREAM) as response:
            lines = list(response.iter_lines())
            assert response.headers["x-request-id"]
        assert [line for line in lines if line.startswith("event:")][-1] == "event: done"
        assert httpx2.post(public + "/api/v1/ask", content=b" " * 300_000).status_code == 413
        # the rate limit ignores the addresses that a client gives in X-Forwarded-For
        codes = [
            httpx2.post(
                public + "/api/v1/ask", json=QUESTION, headers={"X-Forwarded-For": f"192.0.2.{number}"}
            ).status_code
            for number in range(6)
        ]
        assert codes[-1] == 429


def test_only_nginx_can_name_the_user(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("anna:{PLAIN}rain\nbo:{PLAIN}snow\n")
    with proxied("nginx with users", tmp_path, ASSISTANT_ACCESS="proxy", ASSISTANT_OWNERS="anna") as (public, server):
        headers = {"Accept": "text/html", "X-Remote-User": "anna", "X-Remote-Groups": "editors"}
        assert httpx2.get(public + "/texts/", headers=headers).status_code == 401
        page = httpx2.get(public + "/texts/", headers=headers, auth=("bo", "snow"))
        assert "Signed in as bo." in page.text
        assert httpx2.get(public + "/owners/", headers=headers, auth=("bo", "snow")).status_code == 403
        assert httpx2.get(public + "/owners/", headers=headers, auth=("anna", "rain")).status_code == 200
        # This request bypasses the proxy. It comes from an address that the server trusts, but it names no user.
        assert httpx2.get(server.url + "/texts/").status_code == 401
