"""Problem details (RFC 9457), the format of error responses. No error response repeats the content of its request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


def problem_details(status: int, title: str, detail: str) -> dict[str, Any]:
    """Return the members of a problem details object.

    Args:
        status: the HTTP status.
        title: the kind of problem.
        detail: what went wrong and how to fix it.
    """
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def problem_response(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return a response that contains problem details."""
    return JSONResponse(problem_details(status, title, detail), status, headers, media_type="application/problem+json")
