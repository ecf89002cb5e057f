"""What stands before every request: headers, a content security policy with a nonce, and a list of
the Gradio routes that the page needs. Everything else under its mount is not there.

The policy and the list were found by watching what Gradio 6.31 asks for while a page is used.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.middleware.chat_page import rewrite_chat_page, without_encoding
from assistant.web.middleware.headers import set_security_headers
from assistant.web.site.problems import problem_response
from assistant.web.site.request_context import request_language, request_path

_GRADIO_ROUTES = re.compile(
    r"(?:|assets/[\w./-]+|static/[\w./-]+|theme\.css|config|svelte/[\w./-]+|"
    r"gradio_api/(?:run/predict|queue/join|queue/data|heartbeat/\w+|startup-events|cancel|reset))"
)
_PRIVATE = re.compile(r"/(?:owners|metrics)(?:/.*)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FOREIGN_HOST = "this server doesn't answer to that name; list it in ASSISTANT_HOSTS"
_FOREIGN_ORIGIN = "sent from a page of another origin; see ASSISTANT_ALLOWED_ORIGINS"


class SecurityMiddleware:
    """ASGI middleware for the whole server.

    Args:
        app: what it guards.
        chat: path of the Gradio mount, without a slash at its end.
        allowed_origins: who may embed the pages, and write.
        language: of a page when nothing else says.
        frame: gives what stands in the head, before and after the chat on Gradio's page; HTML that is
            ours, with every value in it escaped.
        hosts: names the server answers to, without port; every name when empty.
    """

    def __init__(
        self, app: ASGIApp, chat: str, allowed_origins: Sequence[str], language: str,
        frame: Callable[[Scope], tuple[str, str, str]] = lambda _: ("", "", ""), hosts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._hosts = frozenset(host.lower() for host in hosts)
        self._app, self._chat, self._language, self._frame = app, chat, language, frame
        self._allowed_origins = frozenset(allowed_origins)
        self._ancestors = " ".join(["'self'", *allowed_origins])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its headers set, or answer 404 itself."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = request_path(scope)
        if not self._is_ours(Headers(scope=scope).get("host", "")):
            await problem_response(400, "Not taken", _FOREIGN_HOST)(scope, receive, send)
            return
        inside = path.startswith(self._chat + "/")
        if _CONTROL.search(path):  # a route takes "/owners/\n" for "/owners/", and what guards it may not
            await problem_response(404, "Not found", "there is no such address")(scope, receive, send)
            return
        if inside and not _GRADIO_ROUTES.fullmatch(path[len(self._chat) + 1 :]):
            await problem_response(404, "Not found", "there is no such address")(scope, receive, send)
            return
        private = _PRIVATE.fullmatch(path) is not None
        reads = scope["method"] in {"GET", "HEAD", "OPTIONS"} and not private
        if not reads and self._is_foreign(Headers(scope=scope), private):
            await problem_response(403, "Not taken", _FOREIGN_ORIGIN)(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        policy = self._policy(nonce, private)
        if path == self._chat + "/":
            language = request_language(scope, self._language)
            plain = without_encoding(scope)
            # The frame is made when the page comes: only then `state` says who asks. `plain` has changed by then.
            rewriting = rewrite_chat_page(send, nonce, language, policy, lambda: self._frame(scope))
            await self._app(plain, receive, rewriting)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                set_security_headers(message, policy)
                if private:
                    MutableHeaders(scope=message)["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)

    def _is_ours(self, host: str) -> bool:
        """Whether a request names us: a page elsewhere can make its own name lead to our address (DNS rebinding)."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:  # "[::1"
            name = ""
        return not self._hosts or name.lower() in self._hosts

    def _is_foreign(self, headers: Headers, private: bool) -> bool:
        """Whether a page of an origin that isn't listed sent this. Programs that are no browser send no origin.

        To be allowed to embed the chat is no right to act for its owners: `private` is for our own pages only.
        """
        origin = headers.get("origin")
        if origin is None or (origin in self._allowed_origins and not private):
            return False
        site = headers.get("sec-fetch-site")  # the browser's own word, right also behind a proxy that changes Host
        return site != "same-origin" if site else urlsplit(origin).netloc != headers.get("host", "")

    def _policy(self, nonce: str, private: bool) -> str:
        return (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
            f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
            + ("'none'" if private else self._ancestors)
        )
