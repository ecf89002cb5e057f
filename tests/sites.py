"""Runs a real website on the loopback address. Tests can set the website's responses and see what it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HTML = "text/html; charset=utf-8"
ARTICLE = (
    "The Alpha Institute develops measuring methods together with Beta Hospital. It was founded in 1998 in Lund. "
    "Nurses are trained every autumn by people of both, and the courses are open to students."
)


@dataclass
class Response:
    """The response that the website sends for a certain path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: Callable[[], Iterator[bytes]] | None = None  # yields the body in parts; no Content-Length header is sent


@dataclass
class Website:
    """A website. `responses` maps each path to its response. `requests` lists the path and headers of every request."""

    url: str = ""
    responses: dict[str, Response] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def add_page(self, path: str, text: str, title: str = "A page", **headers: str) -> None:
        """Serve a page that contains an article, surrounded by the usual navigation and footer."""
        body = (
            f"<html lang='en'><head><title>{title}</title></head><body><nav><a href='/'>Home</a> Menu Contact</nav>"
            f"<main><article><h1>{title}</h1><p>{text}</p></article></main>"
            "<footer>Copyright of the site. Cookies. 2026-11-23 12:34:56</footer></body></html>"
        )
        self.responses[path] = Response(body.encode(), headers={"Content-Type": HTML, **headers})

    def add_redirect(self, path: str, target: str, status: int = 302) -> None:
        """Make `path` redirect to `target`."""
        self.responses[path] = Response(status=status, headers={"Location": target})

    def add_sitemap(self, path: str, *locations: str, kind: str = "urlset") -> None:
        """Serve a sitemap that lists `locations`, each of which is an absolute URL or a path on this website."""
        element = "url" if kind == "urlset" else "sitemap"
        entries = "".join(
            f"<{element}><loc>{location if '://' in location else self.url + location}</loc></{element}>"
            for location in locations
        )
        body = f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{kind}>'
        self.responses[path] = Response(body.encode(), headers={"Content-Type": "application/xml"})


@contextmanager
def running_website() -> Iterator[Website]:
    """Run a website. For every path without an entry in `responses`, it responds with status 404."""
    site = Website()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            response = site.responses.get(self.path, Response(b"nothing", 404))
            etag = response.headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.parts is None:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            try:
                for part in response.parts() if response.parts else [response.body]:
                    self.wfile.write(part)
            except OSError:
                pass  # the client has closed the connection

        def log_message(self, *_: object) -> None:
            """Suppress the log of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def website() -> Iterator[Website]:
    """A website that runs for the duration of one test."""
    with running_website() as site:
        yield site
