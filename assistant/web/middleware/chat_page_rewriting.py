"""Rewrites Gradio's page: sets its language and nonces, and inserts the site's header and footer."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from assistant.web.middleware.headers import set_security_headers

# This script replaces the browser's language with the page's before Gradio's scripts read it.
_LANGUAGE_SCRIPT = (
    "<script>for (const [key, value] of [['language', '{0}'], ['languages', ['{0}']]]) "
    "Object.defineProperty(navigator, key, {{get: () => value}});</script>"
)


def without_accept_encoding(scope: Scope) -> Scope:
    """Return `scope` without its Accept-Encoding header, because a compressed response can't be rewritten."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": headers}


def rewrite_chat_page(
    send: Send, nonce: str, language: str, policy: str, render_frame: Callable[[], tuple[str, str, str]]
) -> Send:
    """Wrap `send` so that Gradio's page is collected, rewritten and sent in one piece.

    Args:
        send: the wrapped ASGI `send`.
        nonce: the nonce to set on each of the page's scripts.
        language: the page's language code.
        policy: the response's content security policy.
        render_frame: a function that returns three pieces of escaped HTML, to insert at the end of the head, before the
            chat and after the chat, respectively.
    """
    start: Message = {}
    body = bytearray()

    async def buffer_page(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        if message["type"] != "http.response.body":  # a message of an ASGI extension, such as early hints
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        if start["status"] != 200:  # an error or a redirect to the sign-in page
            set_security_headers(start, policy)
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})
            return
        data = _rewrite_html(body.decode("utf-8"), nonce, language, render_frame()).encode("utf-8")
        set_security_headers(start, policy)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(data))
        headers["cache-control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": data})

    return buffer_page


def _rewrite_html(page: str, nonce: str, language: str, frame: tuple[str, str, str]) -> str:
    page = re.sub(r'<html\s+lang="[^"]*"', f'<html lang="{language}"', page, count=1)
    page = page.replace("<head>", "<head>" + _LANGUAGE_SCRIPT.format(language), 1)
    page = page.replace("<script", f'<script nonce="{nonce}"')
    head, top, bottom = frame  # inserted after the nonces have been set, so that inline scripts in the frame can't run
    page = page.replace("</head>", head + "</head>", 1)
    page = page.replace("<gradio-app", top + "<gradio-app", 1)
    return page.replace("</gradio-app>", "</gradio-app>" + bottom, 1)
