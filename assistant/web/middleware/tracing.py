"""Records one trace span for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.shared.request_context import request_path
from assistant.web.telemetry.metrics import route_group

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


class TracingMiddleware:
    """ASGI middleware that records each request as a span.

    If a request has W3C Trace Context headers, its span becomes part of the trace identified by these headers.
    """

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app, self._tracer = app, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request inside a span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, Status, StatusCode

        group = route_group(request_path(scope))
        parent_context = extract(dict(Headers(scope=scope).items()))
        with self._tracer.start_as_current_span(
            f"{scope['method']} {group}", parent_context, SpanKind.SERVER,
            record_exception=False, set_status_on_exception=False,  # exception messages may contain user input
        ) as span:  # fmt: skip
            span.set_attribute("http.request.method", scope["method"])
            span.set_status(Status(StatusCode.ERROR))  # replaced below when a response without a server error starts

            async def send_and_record(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] < 500:
                        span.set_status(Status(StatusCode.OK))
                await send(message)

            await self._app(scope, receive, send_and_record)
