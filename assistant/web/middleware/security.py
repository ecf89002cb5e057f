"""Security headers, a content security policy with nonces, and checks of the host, origin and path of each request.

Of Gradio's routes, only those that the chat page needs can be reached. The policy and the list of these routes are
based on a recording of the requests that a Gradio 6.31 page sends.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.middleware.chat_page_rewriting import rewrite_chat_page, without_accept_encoding
from assistant.web.middleware.headers import set_security_headers
from assistant.web.shared.problem_details import problem_response
from assistant.web.shared.request_context import request_language, request_path

_GRADIO_ROUTES = re.compile(
    r"(?:|assets/[\w./-]+|static/[\w./-]+|theme\.css|config|svelte/[\w./-]+|"
    r"gradio_api/(?:run/predict|queue/join|queue/data|heartbeat/\w+|startup-events|cancel|reset))"
)
_PRIVATE = re.compile(r"/(?:owners|metrics)(?:/.*)?")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
_UNKNOWN_HOST_DETAIL = "unknown host name; add it to ASSISTANT_HOSTS to allow it"
_FOREIGN_ORIGIN_DETAIL = "requests from this origin are not allowed; see ASSISTANT_ALLOWED_ORIGINS"


class SecurityMiddleware:
    """ASGI middleware that sets security headers and rejects requests with an unknown host, origin or chat path.

    Args:
        app: the wrapped app.
        chat_path: the path at which Gradio is mounted, without a trailing slash.
        allowed_origins: the origins that may embed the pages and send requests that change data.
        default_language: the chat page's language code if the request does not name a supported language.
        render_frame: a function that returns three pieces of escaped HTML, to insert at the end of the chat page's
            head, before the chat and after the chat, respectively.
        allowed_hosts: the accepted host names, without ports. If it is empty, any name is accepted.
    """

    def __init__(
        self, app: ASGIApp, chat_path: str, allowed_origins: Sequence[str], default_language: str,
        render_frame: Callable[[Scope], tuple[str, str, str]] = lambda _: ("", "", ""),
        allowed_hosts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._app, self._chat_path, self._default_language = app, chat_path, default_language
        self._render_frame = render_frame
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._allowed_origins = frozenset(allowed_origins)
        self._ancestors = " ".join(["'self'", *allowed_origins])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject a request, or pass it on and add the security headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = request_path(scope)
        private = _PRIVATE.fullmatch(path) is not None
        rejection = self._rejection(scope, path, private)
        if rejection is not None:
            await rejection(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        policy = self._policy(nonce, private)
        if path == self._chat_path + "/":
            language = request_language(scope, self._default_language)
            # The frame is rendered only when the response is sent, because the user's identity is not known before
            # that. `scope` still has the original path then, because Gradio's mount changes only its own copy.
            rewrite = rewrite_chat_page(send, nonce, language, policy, lambda: self._render_frame(scope))
            await self._app(without_accept_encoding(scope), receive, rewrite)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                set_security_headers(message, policy)
                if private:
                    MutableHeaders(scope=message)["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _rejection(self, scope: Scope, path: str, private: bool) -> Response | None:
        headers = Headers(scope=scope)
        if not self._is_allowed_host(headers.get("host", "")):
            return problem_response(400, "Request rejected", _UNKNOWN_HOST_DETAIL)
        # Routers treat "/owners/\n" like "/owners/", but the path patterns in the middleware may not.
        if _CONTROL_CHARACTERS.search(path) or self._is_blocked_chat_route(path):
            return problem_response(404, "Not found", "there is no such address")
        reads = scope["method"] in {"GET", "HEAD", "OPTIONS"} and not private
        if not reads and self._is_foreign_origin(headers, private):
            return problem_response(403, "Request rejected", _FOREIGN_ORIGIN_DETAIL)
        return None

    def _is_blocked_chat_route(self, path: str) -> bool:
        prefix = self._chat_path + "/"
        return path.startswith(prefix) and not _GRADIO_ROUTES.fullmatch(path.removeprefix(prefix))

    def _is_allowed_host(self, host: str) -> bool:
        """Return whether requests may have `host` in their Host header.

        This check protects against DNS rebinding, where another site makes its own host name resolve to this server.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:  # a malformed name, such as "[::1"
            name = ""
        return not self._allowed_hosts or name.lower() in self._allowed_hosts

    def _is_foreign_origin(self, headers: Headers, private: bool) -> bool:
        """Return whether the request was sent by a page whose origin is not allowed.

        Clients other than browsers send no origin. Private routes accept only the server's own origin, because pages
        from the allowed origins may embed the chat but must not act on behalf of owners.
        """
        origin = headers.get("origin")
        if origin is None or (origin in self._allowed_origins and not private):
            return False
        site = headers.get("sec-fetch-site")  # set by the browser; reliable even if a proxy changes Host
        return site != "same-origin" if site else urlsplit(origin).netloc != headers.get("host", "")

    def _policy(self, nonce: str, private: bool) -> str:
        return (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
            f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors "
            + ("'none'" if private else self._ancestors)
        )
