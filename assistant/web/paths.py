"""Where a request leads within this server, whatever path a proxy puts before it."""

from __future__ import annotations

from starlette.types import Scope


def own_path(scope: Scope) -> str:
    """The path of a request without the sub-path under which people reach the server."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
