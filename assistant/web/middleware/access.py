"""The gate: nobody passes without an identity where one is wanted, and a key opens only what it is for."""

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
from assistant.web.site.identity import ANONYMOUS, Identity, identity_of, is_owner, session_person
from assistant.web.site.problems import problem_response
from assistant.web.site.request_context import request_language, request_path
from assistant.web.site.translations import translate

LOGIN_PATH = "/login"
_LOG = logging.getLogger(__name__)
# What holds no text of the corpus: it is needed to get in, to embed, or to see that the server is alive.
_OPEN = re.compile(
    r"/(?:healthz|readyz|static/[\w./-]+|widget(?:/1/widget)?\.js|favicon\.ico|logo|login(?:/callback)?|logout)"
)
_PARTS = re.compile(r"/(?:static|chat)/.")  # scripts and styles, the same for everybody; Gradio's answers are streams
_SCOPES = (  # of a key, by path
    ("ask", re.compile(r"/api/v1/(?:ask|search)|/v1/.*")),
    ("texts", re.compile(r"/api/v1/(?:documents|passages/.*)")),
    ("feedback", re.compile(r"/api/v1/(?:feedback|answers/.*)")),
    ("metrics", re.compile(r"/metrics")),
)


class AccessMiddleware:
    """ASGI middleware: puts who asks into the scope (`identity_of`), or refuses.

    Args:
        app: what it stands before.
        settings: `access`, `owners`, names of headers.
        keys: of programs; None where nothing is stored.
    """

    def __init__(self, app: ASGIApp, settings: Settings, keys: ApiKeyStore | None = None) -> None:
        self._app, self._keys = app, keys
        self._language, self._owners = settings.language, settings.owners
        self._user, self._groups = settings.user_header.lower(), settings.groups_header.lower()
        ways: dict[str, Callable[[Scope], Identity | None]] = {
            "open": lambda _: ANONYMOUS, "proxy": self._named_by_proxy, "oidc": self._signed_in,
        }  # fmt: skip
        self._person, self._can_sign_in = ways[settings.access], settings.access == "oidc"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with its identity, send a person to sign in, or refuse."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            refusal = await self._admit(scope)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
            if identity_of(scope).name and not _PARTS.match(request_path(scope)):
                send = _forbid_caching(send)  # what somebody who signed in may see is for no cache between
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Response | None:
        path, key = request_path(scope), _api_key(Headers(scope=scope))
        if key is not None and not _OPEN.fullmatch(path):
            try:
                found = await run_in_threadpool(self._keys.find, key) if self._keys else None
            except SQLAlchemyError as error:
                _LOG.warning("keys can't be looked up: %s", type(error).__name__)
                return self._refusal(scope, 503, "limit_busy", seconds=5)
            if found is None:
                return self._refusal(scope, 401, "access_key")
            wanted = next((scope_name for scope_name, pattern in _SCOPES if pattern.fullmatch(path)), None)
            if wanted not in found.scopes:
                return self._refusal(scope, 403, "access_scope")
            identity: Identity | None = Identity(key=found)
        else:
            identity = self._person(scope)
        if identity is None and not _OPEN.fullmatch(path):
            if self._can_sign_in and scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
                return RedirectResponse(
                    f"{scope.get('root_path', '')}{LOGIN_PATH}?next={quote(_return_address(scope), safe='')}", 303
                )
            return self._refusal(scope, 401, "access_sign_in" if self._can_sign_in else "access_proxy")
        scope.setdefault("state", {})["identity"] = identity or ANONYMOUS
        return None

    def _named_by_proxy(self, scope: Scope) -> Identity | None:
        """The user a proxy names. `ReverseProxyMiddleware` has removed the header from everybody else."""
        headers = Headers(scope=scope)
        named = headers.getlist(self._user)
        if len(named) != 1 or not named[0].strip():  # two: the proxy added its own to one that it was sent
            return None
        name = named[0].strip()
        told = headers.getlist(self._groups)
        groups = [group.strip() for group in told[0].split(",")] if len(told) == 1 else []
        return Identity(name, name, is_owner(name, groups, self._owners))

    def _signed_in(self, scope: Scope) -> Identity | None:
        """Who signed in."""
        person = session_person(scope)
        if person is None:
            return None
        owner = is_owner(person["name"], person["groups"], self._owners)
        return Identity(person["name"], person["shown"], owner, session=True)

    def _refusal(self, scope: Scope, status: int, key: str, **values: int) -> Response:
        """In the language of whoever asks."""
        detail = translate(request_language(scope, self._language), key, **values)
        return problem_response(status, "Not admitted", detail, {"WWW-Authenticate": "Bearer"} if status == 401 else {})


def _forbid_caching(send: Send) -> Send:
    async def private(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["cache-control"] = "private, no-store"
        await send(message)

    return private


def _api_key(headers: Headers) -> str | None:
    """The key of a program, from either header that one is sent in; other tokens are none of ours."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    return given if given.startswith(KEY_PREFIX) else None


def _return_address(scope: Scope) -> str:
    """Where a person wanted to go, to be sent there after signing in."""
    query = scope["query_string"].decode("latin-1")
    return quote(request_path(scope)) + (f"?{query}" if query else "")
