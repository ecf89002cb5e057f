"""Errors of the app as responses: a page for people, problem details for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from assistant.errors import AssistantError
from assistant.web.api.openai import openai_error
from assistant.web.site.problems import problem_response
from assistant.web.site.rendering import render_page
from assistant.web.site.request_context import request_path
from assistant.web.site.site import Site


def add_error_handlers(app: FastAPI, site: Site) -> None:
    """Have `app` answer each error as described above."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _problem_of(site))
    app.add_exception_handler(AssistantError, _unavailable)


def _problem_of(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def problem(request: Request, error: Exception) -> Response:
        """A page for people, problem details for programs."""
        assert isinstance(error, StarletteHTTPException)  # registered for it alone
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if error.status_code in {403, 404} and wants_page:
            return render_page(site, request, "error.html", status=error.status_code, allowed=error.status_code == 404)
        if request_path(request.scope).startswith("/v1/"):
            made = openai_error(error.status_code, str(error.detail))
        else:
            made = problem_response(error.status_code, "Not answered", str(error.detail))
        made.headers.update(error.headers or {})
        return made

    return problem


async def _unavailable(_: Request, error: Exception) -> Response:
    """The index can't be answered from, say because a file of it was damaged while the server ran."""
    return problem_response(503, "Not available", str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """What is wrong with a request, without an echo of what was sent."""
    assert isinstance(error, RequestValidationError)  # registered for it alone
    complaints = [f"{_field_path(item)}: {item['msg']}" for item in error.errors()]
    detail = "; ".join(complaints[:5])
    if request_path(request.scope).startswith("/v1/"):
        return openai_error(422, detail)
    return problem_response(422, "The request doesn't fit", detail)


def _field_path(item: Any) -> str:
    """Where a complaint belongs; a name that isn't ours is the sender's own word."""
    parts = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    return ".".join(str(part) for part in parts)
