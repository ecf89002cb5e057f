"""How much one client may ask, and how much is answered at once: refusals that say when to come back."""

from __future__ import annotations

import math
import re
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.security import page_language
from assistant.web.words import say

# What costs a look through the index or a row in the database, and where a password can be guessed.
_COSTLY = re.compile(
    r"/api/v1/(?:ask|search|feedback|answers/\w+)|/v1/chat/completions|/search/|/owners/.*|/metrics|"
    r"/chat/gradio_api/(?:queue/join|run/predict)"
)
_AT_ONCE = 32  # in work at the same time; more would only wait longer
_RETRY_SECONDS = 2  # when too much is asked at once
_MOST_BYTES = 256 * 1024  # of a request: twelve turns of the longest questions fit several times


class Limits:
    """ASGI middleware: a moving window for each client, a bound on what is in work, a bound on what is sent.

    Args:
        app: what it protects.
        per_minute: requests that cost something, of one address; 0 for no limit.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app, self._running = app, 0
        self._rate = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it with the time to wait."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            body = await _body(scope, receive)
            if body is None:
                await _refusal(scope, 413, "limit_size")(scope, receive, send)
                return
            receive = _again(body, receive)
        if not _COSTLY.fullmatch(scope["path"].removeprefix(scope.get("root_path", ""))):
            await self._app(scope, receive, send)
            return
        refusal = self._refused(scope)
        if refusal:
            await refusal(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1

    def _refused(self, scope: Scope) -> Response | None:
        client = str((scope.get("client") or ("?",))[0])
        if self._rate and not self._windows.hit(self._rate, client):
            window = self._windows.get_window_stats(self._rate, client)
            wait = max(1, math.ceil(window.reset_time - time.time()))
            return _refusal(scope, 429, "limit_rate", wait)
        if self._running >= _AT_ONCE:
            return _refusal(scope, 503, "limit_busy", _RETRY_SECONDS)
        return None


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """What was sent, None for too much: a body in chunks doesn't say beforehand how long it is."""
    length = Headers(scope=scope).get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > _MOST_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if len(body) > _MOST_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _refusal(scope: Scope, status: int, key: str, wait: int = 0) -> Response:
    """Problem details, RFC 9457, in the language of whoever asks: the page shows them."""
    detail = say(page_language(scope, "en"), key, seconds=wait)
    headers = {"Retry-After": str(wait)} if wait else {}
    content = {"type": "about:blank", "title": "Not taken", "status": status, "detail": detail}
    return JSONResponse(content, status, headers, media_type="application/problem+json")
