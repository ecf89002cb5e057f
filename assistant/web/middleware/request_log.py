"""Request ids, request counts and the request log: never a word of a question."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.site.request_context import request_path
from assistant.web.telemetry.metrics import Metrics, route_group

_LOG = logging.getLogger("assistant.requests")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLogMiddleware:
    """ASGI middleware: a request id in and out, counts, and one line of JSON for each request where that is wanted."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: bool) -> None:
        self._app, self._metrics, self._log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count and log a request from its beginning to its end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        begun, status, path = time.perf_counter(), 500, request_path(scope)  # a mount changes the scope

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        self._metrics.request_started()
        try:
            await self._app(scope, receive, with_id)
        finally:
            self._metrics.request_finished(path, status)
            if self._log:
                spent = round(1000 * (time.perf_counter() - begun), 1)
                self._write(scope["method"], path, request_id, status, spent)

    def _write(self, method: str, path: str, request_id: str, status: int, milliseconds: float) -> None:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "request_id": request_id,
            "method": method, "group": route_group(path), "status": status, "ms": milliseconds,
        }  # fmt: skip
        _LOG.info(json.dumps(line))
