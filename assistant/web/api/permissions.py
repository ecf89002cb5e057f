"""Permission checks for the owners' page and the metrics."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from fastapi.security import HTTPBasic

from assistant.web.shared.identity import request_identity

PermissionCheck = Callable[[Request], Awaitable[None]]
_USER_NAME = "owner"


def require_document_owner(password: str) -> PermissionCheck:
    """Return a check that admits signed-in owners, as well as anonymous users who know `password`.

    Args:
        password: the owners' password, or "" to admit only signed-in owners.
    """
    basic = HTTPBasic(realm="owners")

    async def check(request: Request) -> None:
        identity = request_identity(request.scope)
        if identity.is_document_owner:
            return
        if identity.user_name or not password:  # named users are never asked for the password
            raise HTTPException(403, "only owners may see this page; see the setting 'owners'")
        credentials = await basic(request)
        assert credentials is not None  # without credentials, `basic` raises an HTTPException
        name_matches = secrets.compare_digest(credentials.username.encode(), _USER_NAME.encode())
        password_matches = secrets.compare_digest(credentials.password.encode(), password.encode())
        if not (name_matches and password_matches):
            raise HTTPException(401, "wrong user name or password", {"WWW-Authenticate": 'Basic realm="owners"'})

    return check


def require_metrics_reader(password: str) -> PermissionCheck:
    """Return a check that admits owners, as well as programs whose API key has the scope `metrics`."""
    check_owner = require_document_owner(password)

    async def check(request: Request) -> None:
        key = request_identity(request.scope).api_key
        if key is None or "metrics" not in key.scopes:
            await check_owner(request)

    return check
