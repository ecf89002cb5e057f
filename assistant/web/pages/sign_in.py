"""Sign-in through an OpenID Connect provider. Authlib runs the authorization code flow, with PKCE, state and nonce.

The session is kept in a signed cookie that contains the user's name and owner groups. The server itself stores nothing
about the session.
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
from assistant.web.shared.identity import document_owner_groups
from assistant.web.shared.rendering import render_page
from assistant.web.shared.site import Site

_MAX_RETURN_PATH = 500  # characters; limited because the path is stored in the cookie
_SESSION_HOURS = 8  # one working day, after which the user must sign in again
_LOG = logging.getLogger(__name__)


def session_middleware_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments for Starlette's SessionMiddleware."""
    secure = urlsplit(settings.public_url).scheme == "https"
    return {
        "secret_key": settings.session_secret.get_secret_value() or secrets.token_urlsafe(32),
        # Other hosts can't set a cookie whose name begins with "__Host-" (RFC 6265bis).
        "session_cookie": "__Host-assistant" if secure else "assistant",
        "max_age": _SESSION_HOURS * 3600, "same_site": "lax", "https_only": secure,
    }  # fmt: skip


def add_sign_in_routes(app: FastAPI, site: Site, settings: Settings) -> None:
    """Add `/login`, `/login/callback` and `/logout`.

    These routes require SessionMiddleware with the options from `session_middleware_options`.
    """
    oauth = OAuth()
    provider = oauth.register(
        "provider", client_id=settings.oidc_client, client_secret=settings.oidc_secret.get_secret_value() or None,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": settings.oidc_scope, "code_challenge_method": "S256", "timeout": 10.0},
    )  # fmt: skip
    public_url = settings.public_url

    def failed(request: Request, error: Exception) -> Response:
        # The error's message may contain text from an attacker, so it is quoted and shortened.
        _LOG.warning("sign-in failed: %s: %.200r", type(error).__name__, str(error))
        return render_page(site, request, "sign_in_failed.html", status=502)

    @app.get(LOGIN_PATH, include_in_schema=False)
    async def login(request: Request, next: str = "") -> Response:  # noqa: A002 - name of the query parameter
        try:
            metadata = await provider.load_server_metadata()
            if metadata.get("issuer", "").rstrip("/") != settings.oidc_issuer.rstrip("/"):
                raise AuthlibBaseError("issuer", f"the provider calls itself {metadata.get('issuer')!r}")
            request.session["next"] = _local_path(next)
            response: Response = await provider.authorize_redirect(request, f"{public_url}{LOGIN_PATH}/callback")
        except (AuthlibBaseError, HTTPError, ValueError, RuntimeError) as error:
            return failed(request, error)
        return response

    @app.get(f"{LOGIN_PATH}/callback", include_in_schema=False)
    async def callback(request: Request) -> Response:
        try:
            user = await _session_user(provider, await provider.authorize_access_token(request), settings)
        except (AuthlibBaseError, JoseError, HTTPError, KeyError, ValueError, RuntimeError) as error:
            return failed(request, error)
        return_path = request.session.get("next", "/")
        request.session.clear()
        request.session["person"] = user
        return RedirectResponse(public_url + return_path, 303)

    @app.post("/logout", include_in_schema=False)
    async def logout(request: Request) -> Response:
        request.session.clear()
        return render_page(site, request, "signed_out.html")


async def _session_user(provider: Any, token: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the session data for the user who has signed in.

    Some providers return the user's groups only from the userinfo endpoint, so that endpoint is queried if the ID token
    contains no groups.

    Raises:
        KeyError: a required claim is missing.
        AuthlibBaseError, HTTPError: the userinfo request failed.
    """
    claims = dict(token["userinfo"])
    if settings.oidc_groups_claim not in claims and "userinfo_endpoint" in provider.server_metadata:
        userinfo = dict(await provider.userinfo(token=token))
        if userinfo.get("sub") == claims["sub"]:  # required by OpenID Connect Core 5.3.2
            claims = {**userinfo, **claims}
    name, groups_claim = str(claims[settings.oidc_user_claim]), claims.get(settings.oidc_groups_claim, [])
    groups = [str(group) for group in groups_claim] if isinstance(groups_claim, list) else [str(groups_claim)]
    return {
        "name": name, "shown": str(claims.get("name") or name)[:80], "until": time.time() + _SESSION_HOURS * 3600,
        "groups": document_owner_groups(groups, settings.owners),
    }  # fmt: skip


def _local_path(path: str) -> str:
    """Return `path` if it is a path on this server, otherwise "/". This prevents redirects to other sites."""
    parts = urlsplit(path)
    plain = path.isprintable() and "\\" not in path and not parts.scheme and not parts.netloc
    local = path.startswith("/") and not path.startswith("//")
    return path if plain and local and len(path) <= _MAX_RETURN_PATH else "/"
