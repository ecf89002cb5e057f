"""A real web site on loopback, for what fetches pages: answers are set by the test, requests are remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HTML = "text/html; charset=utf-8"
TEXT = (
    "The Alpha Institute develops measuring methods together with Beta Hospital. It was founded in 1998 in Lund. "
    "Nurses are trained every autumn by people of both, and the courses are open to students."
)


@dataclass
class Answer:
    """What the site says at a path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: Callable[[], Iterator[bytes]] | None = None  # sent one by one, without a length


@dataclass
class WebSite:
    """Paths and what they answer; `asked` are the requests, with their headers."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def page(self, path: str, text: str, title: str = "A page", **headers: str) -> None:
        """An article with the frame that pages have around it."""
        body = (
            f"<html lang='en'><head><title>{title}</title></head><body><nav><a href='/'>Home</a> Menu Contact</nav>"
            f"<main><article><h1>{title}</h1><p>{text}</p></article></main>"
            "<footer>Copyright of the site. Cookies. 2026-11-23 12:34:56</footer></body></html>"
        )
        self.answers[path] = Answer(body.encode(), headers={"Content-Type": HTML, **headers})

    def move(self, path: str, to: str, status: int = 302) -> None:
        """A redirect."""
        self.answers[path] = Answer(status=status, headers={"Location": to})

    def sitemap(self, path: str, *places: str, kind: str = "urlset") -> None:
        """A sitemap of `places`, which may be paths of this site."""
        inner = "url" if kind == "urlset" else "sitemap"
        listed = "".join(
            f"<{inner}><loc>{place if '://' in place else self.url + place}</loc></{inner}>" for place in places
        )
        body = f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</{kind}>'
        self.answers[path] = Answer(body.encode(), headers={"Content-Type": "application/xml"})


@contextmanager
def web_site() -> Iterator[WebSite]:
    """A site that answers 404 until it is told otherwise."""
    site = WebSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = site.answers.get(self.path, Answer(b"nothing", 404))
            etag = answer.headers.get("ETag")
            if etag and self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.parts is None:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            try:
                for part in answer.parts() if answer.parts else [answer.body]:
                    self.wfile.write(part)
            except OSError:
                pass  # whoever asked went away

        def log_message(self, *_: object) -> None:
            """Say nothing."""

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
def web() -> Iterator[WebSite]:
    """A site of a test's own."""
    with web_site() as made:
        yield made
