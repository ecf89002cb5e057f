"""What only some may see: the owners' page and the metrics."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from fastapi.security import HTTPBasic

from assistant.web.site.identity import identity_of

PermissionCheck = Callable[[Request], Awaitable[None]]
_USER = "owner"


def require_owner(password: str) -> PermissionCheck:
    """A check that lets an owner pass: by the role that signing in gave, or by `password` where there is one."""
    basic = HTTPBasic(realm="owners")

    async def owner(request: Request) -> None:
        identity = identity_of(request.scope)
        if identity.owner:
            return
        if identity.name or not password:  # somebody who is known isn't asked for a password beside
            raise HTTPException(403, "this is for the owners of the texts; see the setting owners")
        given = await basic(request)
        assert given is not None  # without it `basic` raises 401
        user = secrets.compare_digest(given.username.encode(), _USER.encode())
        word = secrets.compare_digest(given.password.encode(), password.encode())
        if not (user and word):
            raise HTTPException(401, "wrong user name or password", {"WWW-Authenticate": 'Basic realm="owners"'})

    return owner


def require_metrics_reader(password: str) -> PermissionCheck:
    """A check that lets an owner pass, or a program whose key has the scope `metrics`."""
    owner = require_owner(password)

    async def check(request: Request) -> None:
        key = identity_of(request.scope).key
        if key is None or "metrics" not in key.scopes:
            await owner(request)

    return check
