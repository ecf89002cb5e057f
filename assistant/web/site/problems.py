"""Errors as problem details (RFC 9457), never with an echo of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    """The members of a problem: HTTP `status`, what kind it is, and what to do about this one."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def problem_response(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem as a response."""
    return JSONResponse(problem(status, title, detail), status, headers, media_type="application/problem+json")
