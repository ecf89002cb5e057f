"""A span for each request, where traces are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.site.request_context import request_path
from assistant.web.telemetry.metrics import route_group

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


class TracingMiddleware:
    """ASGI middleware: a span from a request's beginning to its end, part of the trace its headers name (W3C)."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app, self._tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer within a span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        kind = route_group(request_path(scope))
        parent = extract(dict(Headers(scope=scope).items()))
        with self._tracer.start_as_current_span(
            f"{scope['method']} {kind}", parent, SpanKind.SERVER,
            record_exception=False, set_status_on_exception=False,  # an exception's words may be a reader's
        ) as span:  # fmt: skip
            span.set_attribute("http.request.method", scope["method"])
            span.set_status(Status(StatusCode.ERROR))  # unless there is an answer

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] < 500:
                        span.set_status(Status(StatusCode.OK))
                await send(message)

            await self._app(scope, receive, noting)
