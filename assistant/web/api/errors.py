"""Error responses: HTML pages for browsers, and problem details or OpenAI errors for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from assistant.errors import AssistantError
from assistant.web.api.openai import openai_error_response
from assistant.web.shared.problem_details import problem_response
from assistant.web.shared.rendering import render_page
from assistant.web.shared.request_context import request_path
from assistant.web.shared.site import Site


def add_error_handlers(app: FastAPI, site: Site) -> None:
    """Register the error handlers on `app`."""
    app.add_exception_handler(RequestValidationError, _handle_invalid_request)
    app.add_exception_handler(StarletteHTTPException, _http_error_handler(site))
    app.add_exception_handler(AssistantError, _handle_assistant_error)


def _http_error_handler(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)  # this handler is registered only for this type
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if error.status_code in {403, 404} and wants_page:
            return render_page(site, request, "error.html", status=error.status_code, allowed=error.status_code == 404)
        if request_path(request.scope).startswith("/v1/"):
            response = openai_error_response(error.status_code, str(error.detail))
        else:
            response = problem_response(error.status_code, "Not answered", str(error.detail))
        response.headers.update(error.headers or {})
        return response

    return handle


async def _handle_assistant_error(_: Request, error: Exception) -> Response:
    """Respond that the assistant is unavailable, for instance because an index file is damaged."""
    return problem_response(503, "Not available", str(error))


async def _handle_invalid_request(request: Request, error: Exception) -> Response:
    """Respond with a description of what is wrong with a request, without repeating the request's content."""
    assert isinstance(error, RequestValidationError)  # this handler is registered only for this type
    messages = [f"{_field_path(item)}: {item['msg']}" for item in error.errors()]
    detail = "; ".join(messages[:5])
    if request_path(request.scope).startswith("/v1/"):
        return openai_error_response(422, detail)
    return problem_response(422, "Invalid request", detail)


def _field_path(item: Any) -> str:
    """Return the path of an invalid field. The name of an unknown field is left out, because it is user input."""
    parts = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    return ".".join(str(part) for part in parts)
