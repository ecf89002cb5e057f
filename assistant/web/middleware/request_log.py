"""Request ids, request metrics and the request log. The metrics and the log contain no user input."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.shared.request_context import request_path
from assistant.web.telemetry.metrics import Metrics, route_group

_LOG = logging.getLogger("assistant.requests")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLogMiddleware:
    """ASGI middleware that gives each request an id, counts requests and optionally logs each one as a line of JSON.

    If the request has a valid `X-Request-ID` header, the id in it is kept; otherwise, a new id is generated. The
    response has the id in a header of the same name.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log_requests: bool) -> None:
        self._app, self._metrics, self._log_requests = app, metrics, log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, then count and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = uuid.uuid4().hex
        start, status = time.perf_counter(), 500
        path = request_path(scope)  # read before the app is called, because mounted apps change the scope

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        self._metrics.count_request_started()
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._metrics.count_request_finished(path, status)
            if self._log_requests:
                milliseconds = round(1000 * (time.perf_counter() - start), 1)
                self._log_request(scope["method"], path, request_id, status, milliseconds)

    def _log_request(self, method: str, path: str, request_id: str, status: int, milliseconds: float) -> None:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "request_id": request_id,
            "method": method, "group": route_group(path), "status": status, "ms": milliseconds,
        }  # fmt: skip
        _LOG.info(json.dumps(line))
