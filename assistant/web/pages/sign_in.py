"""Signing in with an OpenID Connect provider, by Authlib: authorization code flow with PKCE, state and nonce.

The session is a signed cookie that holds a name and the groups that matter; nothing of it is stored here.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from httpx2 import HTTPError
from joserfc.errors import JoseError

from assistant.settings import Settings
from assistant.web.middleware.access import LOGIN_PATH
from assistant.web.site.identity import groups_of_owners
from assistant.web.site.rendering import render_page
from assistant.web.site.site import Site

_MAX_RETURN_PATH = 500  # characters; it travels in the cookie
_HOURS = 8  # a working day; then the provider is asked anew
_LOG = logging.getLogger(__name__)


def session_options(settings: Settings) -> dict[str, Any]:
    """What Starlette's SessionMiddleware is made with."""
    secure = urlsplit(settings.public_url).scheme == "https"
    return {
        "secret_key": settings.session_secret.get_secret_value() or secrets.token_urlsafe(32),
        "session_cookie": "__Host-assistant" if secure else "assistant",  # RFC 6265bis: no other host can set it
        "max_age": _HOURS * 3600, "same_site": "lax", "https_only": secure,
    }  # fmt: skip


def add_sign_in(app: FastAPI, site: Site, settings: Settings) -> None:
    """Add `/login`, `/login/callback` and `/logout`; they need a session around the app (`session_options`)."""
    oauth = OAuth()
    provider = oauth.register(
        "provider", client_id=settings.oidc_client, client_secret=settings.oidc_secret.get_secret_value() or None,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": settings.oidc_scope, "code_challenge_method": "S256", "timeout": 10.0},
    )  # fmt: skip
    root = settings.public_url

    def failed(request: Request, error: Exception) -> Response:
        _LOG.warning("signing in failed: %s: %.200r", type(error).__name__, str(error))  # partly a stranger's words
        return render_page(site, request, "sign_in_failed.html", status=502)

    @app.get(LOGIN_PATH, include_in_schema=False)
    async def login(request: Request, next: str = "") -> Response:  # noqa: A002 - the name of the parameter
        try:
            metadata = await provider.load_server_metadata()
            if metadata.get("issuer", "").rstrip("/") != settings.oidc_issuer.rstrip("/"):
                raise AuthlibBaseError("issuer", f"the provider calls itself {metadata.get('issuer')!r}")
            request.session["next"] = _local_path(next)
            answer: Response = await provider.authorize_redirect(request, f"{root}{LOGIN_PATH}/callback")
        except (AuthlibBaseError, HTTPError, ValueError, RuntimeError) as error:
            return failed(request, error)
        return answer

    @app.get(f"{LOGIN_PATH}/callback", include_in_schema=False)
    async def callback(request: Request) -> Response:
        try:
            person = await _person(provider, await provider.authorize_access_token(request), settings)
        except (AuthlibBaseError, JoseError, HTTPError, KeyError, ValueError, RuntimeError) as error:
            return failed(request, error)
        there = request.session.get("next", "/")
        request.session.clear()
        request.session["person"] = person
        return RedirectResponse(root + there, 303)

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        request.session.clear()
        return render_page(site, request, "signed_out.html")


async def _person(provider: Any, token: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """What the session remembers of whom the provider names; groups may be told only when asked for.

    Raises:
        KeyError: a claim is missing.
        AuthlibBaseError, HTTPError: the provider doesn't tell.
    """
    claims = dict(token["userinfo"])
    if settings.oidc_groups_claim not in claims and "userinfo_endpoint" in provider.server_metadata:
        more = dict(await provider.userinfo(token=token))
        if more.get("sub") == claims["sub"]:  # OpenID Connect Core 5.3.2
            claims = {**more, **claims}
    name, told = str(claims[settings.oidc_user_claim]), claims.get(settings.oidc_groups_claim, [])
    groups = [str(group) for group in told] if isinstance(told, list) else [str(told)]
    return {
        "name": name, "shown": str(claims.get("name") or name)[:80], "until": time.time() + _HOURS * 3600,
        "groups": groups_of_owners(groups, settings.owners),
    }  # fmt: skip


def _local_path(place: str) -> str:
    """A path of this server to go on to; anything else would make the server send people elsewhere."""
    parts = urlsplit(place)
    plain = place.isprintable() and "\\" not in place and not parts.scheme and not parts.netloc
    return (
        place
        if plain and len(place) <= _MAX_RETURN_PATH and place.startswith("/") and not place.startswith("//")
        else "/"
    )
