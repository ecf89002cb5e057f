"""What stands before every request: headers, a content security policy with a nonce, and a list of
the Gradio routes that the page needs. Everything else under its mount is not there.

The policy and the list were found by watching what Gradio 6.31 asks for while a page is used.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.language import LANGUAGES

_ALLOWED = re.compile(
    r"(?:|assets/[\w./-]+|static/[\w./-]+|theme\.css|config|svelte/[\w./-]+|"
    r"gradio_api/(?:run/predict|queue/join|queue/data|heartbeat/\w+|startup-events|cancel|reset))"
)
_MOST_BYTES = 256 * 1024  # of a request: twelve turns of the longest questions fit several times
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
}
# Replaces what the browser says of its language before Gradio's own scripts read it.
_LANGUAGE_SCRIPT = (
    "<script>for (const [key, value] of [['language', '{0}'], ['languages', ['{0}']]]) "
    "Object.defineProperty(navigator, key, {{get: () => value}});</script>"
)


class Guard:
    """ASGI middleware for the whole server; `chat` is the path of the Gradio mount, without a slash."""

    def __init__(self, app: ASGIApp, chat: str, allowed_origins: Sequence[str], language: str) -> None:
        self._app, self._chat, self._language = app, chat, language
        self._ancestors = " ".join(["'self'", *allowed_origins])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its headers set, or answer 404 itself."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        inside = path.startswith(self._chat + "/")
        if inside and not _ALLOWED.fullmatch(path[len(self._chat) + 1 :]):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        if int(Headers(scope=scope).get("content-length", "0") or 0) > _MOST_BYTES:
            await PlainTextResponse("Content Too Large", 413)(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        policy = self._policy(nonce)
        if path == self._chat + "/":
            language = page_language(scope, self._language)
            await self._app(_without_encoding(scope), receive, _rewriting(send, nonce, language, policy))
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _set_headers(message, policy)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _policy(self, nonce: str) -> str:
        return (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
            f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {self._ancestors}"
        )


def page_language(scope: Scope, default: str) -> str:
    """The language of the page: `?lang=`, else the browser's first that we speak, else `default`."""
    chosen = QueryParams(scope["query_string"]).get("lang")
    if chosen in LANGUAGES:
        return str(chosen)
    for part in Headers(scope=scope).get("accept-language", "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return default


def _set_headers(message: Message, policy: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["content-security-policy"] = policy
    for name, value in _HEADERS.items():
        headers[name] = value


def _without_encoding(scope: Scope) -> Scope:
    """The request without Accept-Encoding, since the page is rewritten on its way out."""
    kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": kept}


def _rewriting(send: Send, nonce: str, language: str, policy: str) -> Send:
    """A `send` that gathers the page, puts language and nonce into it and sends it at once."""
    start: Message = {}
    body = bytearray()

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        page = body.decode("utf-8")
        page = re.sub(r'<html lang="[^"]*"', f'<html lang="{language}"', page, count=1)
        page = page.replace("<head>", "<head>" + _LANGUAGE_SCRIPT.format(language), 1)
        page = page.replace("<script", f'<script nonce="{nonce}"')
        data = page.encode("utf-8")
        _set_headers(start, policy)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(data))
        headers["cache-control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": data})

    return gather
