"""Gradio's page on its way out: language, nonce, header and footer are put into it."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from assistant.web.middleware.headers import set_security_headers

# Replaces what the browser says of its language before Gradio's own scripts read it.
_LANGUAGE_SCRIPT = (
    "<script>for (const [key, value] of [['language', '{0}'], ['languages', ['{0}']]]) "
    "Object.defineProperty(navigator, key, {{get: () => value}});</script>"
)


def without_encoding(scope: Scope) -> Scope:
    """The request without Accept-Encoding, since the page is rewritten on its way out."""
    kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": kept}


def rewrite_chat_page(
    send: Send, nonce: str, language: str, policy: str, frame: Callable[[], tuple[str, str, str]]
) -> Send:
    """A `send` that gathers the page, puts language, nonce and our frame into it and sends it at once."""
    start: Message = {}
    body = bytearray()

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        if message["type"] != "http.response.body":  # an extension of the server's, such as early hints
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        if start["status"] != 200:  # a refusal, or the way to sign in
            set_security_headers(start, policy)
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})
            return
        page = body.decode("utf-8")
        page = re.sub(r'<html\s+lang="[^"]*"', f'<html lang="{language}"', page, count=1)
        page = page.replace("<head>", "<head>" + _LANGUAGE_SCRIPT.format(language), 1)
        page = page.replace("<script", f'<script nonce="{nonce}"')
        head, top, bottom = frame()  # after the nonces: nothing in it is a script of ours or anybody's
        page = page.replace("</head>", head + "</head>", 1)
        page = page.replace("<gradio-app", top + "<gradio-app", 1)
        page = page.replace("</gradio-app>", "</gradio-app>" + bottom, 1)
        data = page.encode("utf-8")
        set_security_headers(start, policy)
        headers = MutableHeaders(scope=start)
        headers["content-length"] = str(len(data))
        headers["cache-control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": data})

    return gather
