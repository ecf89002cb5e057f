"""The server behind a real nginx and a real Caddy, with the files of deploy/."""

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
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.real]
ASKED = {"question": "What is NBIS?"}


@contextmanager
def running(*command: str, port: int, folder: Path) -> Iterator[None]:
    """A proxy process, from when it listens on `port`."""
    home = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}  # Caddy writes there
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=home) as process:
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
            process.terminate()


def nginx(folder: Path, port: int, location: str) -> list[str]:
    """The command that starts nginx with `location` in its server block."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # or the worker can't read what the test writes
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {places} server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
    )
    return [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(folder: Path, port: int, server: int) -> list[str]:
    """The command that starts Caddy with deploy/Caddyfile."""
    own = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    own = own.replace("intranet.example {", f"http://127.0.0.1:{port} {{", 1).replace(":7860", f":{server}")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + own)
    return [shutil.which("caddy") or "caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def proxied(kind: str, folder: Path, **settings: str) -> Iterator[tuple[str, Server]]:
    """The public address of a server behind a proxy, and the server."""
    port, behind = free_port(), free_port()
    own = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8").replace(":7860", f":{behind}")
    commands = {
        "nginx": lambda: nginx(folder, port, own),
        "nginx that strips": lambda: nginx(folder, port, own.replace(f":{behind};", f":{behind}/;")),
        "nginx with users": lambda: nginx(
            folder,
            port,
            own.replace(
                "    proxy_buffering",
                f'    auth_basic "Staff"; auth_basic_user_file {folder}/users;\n    proxy_buffering',
            ),
        ),
        "caddy": lambda: caddy(folder, port, behind),
    }
    public = f"http://127.0.0.1:{port}/assistant"
    settings = {"ASSISTANT_PUBLIC_URL": public, "ASSISTANT_PROXIES": "127.0.0.1", **settings}
    with (
        serving(folder, ROOT / "corpus", behind, **settings) as server,
        running(*commands[kind](), port=port, folder=folder),
    ):
        yield public, server


@pytest.mark.parametrize("kind", ["nginx", "nginx that strips", "caddy"])
def test_the_page_works_under_a_path_of_the_intranet(kind: str, tmp_path: Path, browser: Browser) -> None:
    with proxied(kind, tmp_path, ASSISTANT_RATE_PER_MINUTE="5") as (public, _), visiting(browser, public) as visit:
        visit.open("/chat/")
        visit.ask("What is NBIS?")
        visit.page.locator(".answer a", has_text="[1]").first.click()
        visit.page.locator("#source mark").first.wait_for()
        visit.page.keyboard.press("Escape")
        visit.page.get_by_role("link", name="Start here").first.click()
        visit.page.wait_for_url(public + "/start/**")
        assert visit.complaints == []
        assert visit.hosts == {"127.0.0.1"}
        assert httpx2.get(public, follow_redirects=True).url == public + "/chat/"
        with httpx2.stream("POST", public + "/api/v1/ask", json=ASKED, headers={"Accept": "text/event-stream"}) as made:
            lines = list(made.iter_lines())
            assert made.headers["x-request-id"]
        assert [line for line in lines if line.startswith("event:")][-1] == "event: done"
        assert httpx2.post(public + "/api/v1/ask", content=b" " * 300_000).status_code == 413
        # the limit is the client's, whatever it says of itself
        codes = [
            httpx2.post(public + "/api/v1/ask", json=ASKED, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
            for n in range(6)
        ]
        assert codes[-1] == 429


def test_nginx_names_the_user_and_nobody_else_does(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("anna:{PLAIN}rain\nbo:{PLAIN}snow\n")
    with proxied("nginx with users", tmp_path, ASSISTANT_ACCESS="proxy", ASSISTANT_OWNERS="anna") as (public, server):
        page = {"Accept": "text/html", "X-Remote-User": "anna", "X-Remote-Groups": "editors"}
        assert httpx2.get(public + "/texts/", headers=page).status_code == 401
        shown = httpx2.get(public + "/texts/", headers=page, auth=("bo", "snow"))
        assert "Signed in as bo." in shown.text
        assert httpx2.get(public + "/owners/", headers=page, auth=("bo", "snow")).status_code == 403
        assert httpx2.get(public + "/owners/", headers=page, auth=("anna", "rain")).status_code == 200
        # Whoever gets past nginx on its own machine is the proxy to us: that is why it is named by address.
        assert httpx2.get(server.url + "/texts/").status_code == 401
