"""Authenticates requests and enforces the scopes of API keys."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.settings import Settings
from assistant.store.api_keys import KEY_PREFIX, ApiKeyStore
from assistant.web.shared.identity import ANONYMOUS, Identity, is_document_owner, request_identity, signed_in_user
from assistant.web.shared.problem_details import problem_response
from assistant.web.shared.request_context import request_language, request_path
from assistant.web.shared.translations import translate

LOGIN_PATH = "/login"
_LOG = logging.getLogger(__name__)
# Routes that anyone may use. They show no documents; they are needed to sign in, to embed the widget, to show the icon
# and the logo, or to check the server's health.
_PUBLIC = re.compile(
    r"/(?:healthz|readyz|static/[\w./-]+|widget(?:/1/widget)?\.js|favicon\.ico|logo|login(?:/callback)?|logout)"
)
# Responses from these paths may be cached: scripts and styles are the same for every user, and the streams in which
# Gradio sends answers are never cached anyway.
_CACHEABLE = re.compile(r"/(?:static|chat)/.")
_SCOPE_PATHS = (  # the API-key scope that each path requires
    ("ask", re.compile(r"/api/v1/(?:ask|search)|/v1/.*")),
    ("texts", re.compile(r"/api/v1/(?:documents|passages/.*)")),
    ("feedback", re.compile(r"/api/v1/(?:feedback|answers/.*)")),
    ("metrics", re.compile(r"/metrics")),
)


class AccessMiddleware:
    """ASGI middleware that authenticates each request and enforces API-key scopes.

    The sender's identity is stored in the ASGI scope (see `request_identity`).

    Args:
        app: the wrapped app.
        settings: the server's settings, of which `access`, `owners`, `language`, `user_header` and `groups_header` are
            used.
        api_keys: the known API keys, or None to reject all requests that have an API key.
    """

    def __init__(self, app: ASGIApp, settings: Settings, api_keys: ApiKeyStore | None = None) -> None:
        self._app, self._api_keys = app, api_keys
        self._language, self._owners = settings.language, settings.owners
        self._user_header, self._groups_header = settings.user_header.lower(), settings.groups_header.lower()
        identify: dict[str, Callable[[Scope], Identity | None]] = {
            "open": lambda _: ANONYMOUS, "proxy": self._proxy_identity, "oidc": self._session_identity,
        }  # fmt: skip
        self._identify, self._can_sign_in = identify[settings.access], settings.access == "oidc"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its sender's identity, redirect the user to the sign-in page or reject the request."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            rejection = await self._authenticate(scope)
            if rejection is not None:
                await rejection(scope, receive, send)
                return
            if request_identity(scope).user_name and not _CACHEABLE.match(request_path(scope)):
                send = _forbid_caching(send)  # shared caches must not store one user's responses
        await self._app(scope, receive, send)

    async def _authenticate(self, scope: Scope) -> Response | None:
        """Store the sender's identity in `scope` and return None, or return a response that rejects or redirects."""
        path, key = request_path(scope), _request_api_key(Headers(scope=scope))
        public = _PUBLIC.fullmatch(path) is not None
        if key is not None and not public:
            return await self._authenticate_key(scope, path, key)
        identity = self._identify(scope)
        if identity is None and not public:
            if self._can_sign_in and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
                return RedirectResponse(
                    f"{scope.get('root_path', '')}{LOGIN_PATH}?next={quote(_return_address(scope), safe='')}", 303
                )
            return self._rejection(scope, 401, "access_sign_in" if self._can_sign_in else "access_proxy")
        _set_identity(scope, identity or ANONYMOUS)
        return None

    async def _authenticate_key(self, scope: Scope, path: str, key: str) -> Response | None:
        try:
            api_key = await run_in_threadpool(self._api_keys.find_key, key) if self._api_keys else None
        except SQLAlchemyError as error:
            _LOG.warning("cannot look up API keys: %s", type(error).__name__)
            return self._rejection(scope, 503, "limit_busy", seconds=5)
        if api_key is None:
            return self._rejection(scope, 401, "access_key")
        required_scope = next((name for name, pattern in _SCOPE_PATHS if pattern.fullmatch(path)), None)
        if required_scope not in api_key.scopes:
            return self._rejection(scope, 403, "access_scope")
        _set_identity(scope, Identity(api_key=api_key))
        return None

    def _proxy_identity(self, scope: Scope) -> Identity | None:
        """Return the user named in the proxy's header.

        The header can be trusted, because `ReverseProxyMiddleware` removes it from requests that don't come from a
        proxy.
        """
        headers = Headers(scope=scope)
        names = headers.getlist(self._user_header)
        if len(names) != 1 or not names[0].strip():  # if there are two headers, one of them may come from the client
            return None
        name = names[0].strip()
        group_lists = headers.getlist(self._groups_header)
        groups = [group.strip() for group in group_lists[0].split(",")] if len(group_lists) == 1 else []
        return Identity(name, name, is_document_owner(name, groups, self._owners))

    def _session_identity(self, scope: Scope) -> Identity | None:
        """Return the user who signed in, as stored in the session cookie."""
        person = signed_in_user(scope)
        if person is None:
            return None
        owner = is_document_owner(person["name"], person["groups"], self._owners)
        return Identity(person["name"], person["shown"], owner, is_signed_in=True)

    def _rejection(self, scope: Scope, status: int, translation: str, **values: int) -> Response:
        """Return a problem response in the user's language."""
        detail = translate(request_language(scope, self._language), translation, **values)
        return problem_response(
            status, "Access denied", detail, {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        )


def _set_identity(scope: Scope, identity: Identity) -> None:
    scope.setdefault("state", {})["identity"] = identity


def _forbid_caching(send: Send) -> Send:
    async def send_uncached(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["cache-control"] = "private, no-store"
        await send(message)

    return send_uncached


def _request_api_key(headers: Headers) -> str | None:
    """Return the API key from the `X-API-Key` header or the bearer token, or None if neither contains an API key."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    return key if key.startswith(KEY_PREFIX) else None


def _return_address(scope: Scope) -> str:
    """Return the requested path and query, to which the user is sent back after signing in."""
    query = scope["query_string"].decode("latin-1")
    return quote(request_path(scope)) + (f"?{query}" if query else "")
