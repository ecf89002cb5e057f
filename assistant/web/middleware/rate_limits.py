"""Limits each client's request rate, the number of concurrent requests and the size of request bodies."""

from __future__ import annotations

import logging
import math
import re
import time
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import SettingsError
from assistant.web.shared.identity import request_identity
from assistant.web.shared.problem_details import problem_response
from assistant.web.shared.request_context import request_language, request_path
from assistant.web.shared.translations import translate

# Routes that search the index, write to the store, accept a password or start a sign-in.
_LIMITED_PATHS = re.compile(
    r"/api/v1/(?:ask|search|feedback|answers/\w+)|/v1/chat/completions|/search/|/owners/.*|/metrics|"
    r"/chat/gradio_api/(?:queue/join|run/predict)|/login(?:/callback)?"
)
_MAX_CONCURRENT = 32  # handling more requests at once would only make each of them slower
_MAX_BODY_BYTES = 256 * 1024  # several times the size of the longest possible history
_BUSY_RETRY_SECONDS = 2  # the Retry-After value for requests rejected because too many are in progress
_STORAGE_RETRY_SECONDS = 15.0  # how long to count requests in this process after the shared storage has failed
_CLEANUP_INTERVAL = 1000  # the number of requests between two clean-ups
_LOG = logging.getLogger(__name__)


class RateLimitMiddleware:
    """ASGI middleware that rejects requests that exceed a limit and tells clients when to retry.

    Requests with an API key are counted per key, other requests from named users per user, and the rest per address.

    Args:
        app: the wrapped app.
        per_minute: how many requests a client may send to limited routes per minute, or 0 for no limit. An API key can
            have its own limit instead.
        storage_url: a `redis://` URL to count the requests to several servers together, or "" to count requests in this
            process.

    Raises:
        SettingsError: the storage URL is invalid, or the Redis driver is not installed.
    """

    def __init__(self, app: ASGIApp, per_minute: int, storage_url: str = "") -> None:
        self._app, self._per_minute, self._running_requests = app, per_minute, 0
        self._rate_limiter = RateLimiter(storage_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or reject it and tell the client how long to wait."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            body = await _read_body(scope, receive)
            if body is None:
                await _rejection(scope, 413, "limit_size")(scope, receive, send)
                return
            receive = _replay_body(body, receive)
        if not _LIMITED_PATHS.fullmatch(request_path(scope)):
            await self._app(scope, receive, send)
            return
        rejection = await self._check_limits(scope)
        if rejection:
            await rejection(scope, receive, send)
            return
        self._running_requests += 1
        try:
            await self._app(scope, receive, _translate_full_queue(scope, receive, send))
        finally:
            self._running_requests -= 1

    async def _check_limits(self, scope: Scope) -> Response | None:
        key = request_identity(scope).api_key
        per_minute = self._per_minute if key is None or key.requests_per_minute is None else key.requests_per_minute
        seconds = await self._rate_limiter.count_request(rate_limit_key(scope), per_minute) if per_minute else 0
        if seconds:
            return _rejection(scope, 429, "limit_rate", seconds)
        if self._running_requests >= _MAX_CONCURRENT:
            return _rejection(scope, 503, "limit_busy", _BUSY_RETRY_SECONDS)
        return None


class RateLimiter:
    """Counts requests per client in moving windows of one minute, in this process or in Redis.

    While Redis is unreachable, requests are counted in this process.

    Args:
        storage_url: see `RateLimitMiddleware`.
    """

    def __init__(self, storage_url: str) -> None:
        self._memory, self._local_count = MemoryStorage(), 0
        self._local = MovingWindowRateLimiter(self._memory)
        self._shared = MovingWindowRateLimiter(_redis_storage(storage_url)) if storage_url else None
        self._failed_at = -math.inf

    async def count_request(self, client: str, per_minute: int) -> int:
        """Count a request from `client`.

        Returns:
            How many seconds the client must wait, or 0 if the request is within the limit.
        """
        rate = RateLimitItemPerMinute(per_minute)
        if self._shared and time.monotonic() - self._failed_at > _STORAGE_RETRY_SECONDS:
            try:
                return await run_in_threadpool(_count_request, self._shared, rate, client)
            except StorageError as error:
                self._failed_at = time.monotonic()
                _LOG.warning("cannot reach rate_storage (%s); counting requests in this process", error.storage_error)
        self._local_count += 1
        if self._local_count % _CLEANUP_INTERVAL == 0:
            self._remove_idle_clients()
        return _count_request(self._local, rate, client)

    def _remove_idle_clients(self) -> None:
        """Remove the counts of clients that have sent no requests recently, because the library never removes them."""
        for client in [client for client, hits in list(self._memory.events.items()) if not hits]:
            self._memory.events.pop(client, None)
            self._memory.locks.pop(client, None)


def rate_limit_key(scope: Scope) -> str:
    """Return the key under which a client's requests are counted.

    User names are hashed. Requests from all IPv6 addresses in the same /64 network are counted together.
    """
    identity = request_identity(scope)
    if identity.api_key:
        return f"key:{identity.api_key.key_id}"
    if identity.user_name:
        return "person:" + sha256(identity.user_name.encode()).hexdigest()
    address = str((scope.get("client") or ("?",))[0])
    try:
        ip = ip_address(address)
    except ValueError:
        return f"address:{address}"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return f"address:{ip_network((ip, 64), strict=False)}"  # a subscriber usually has a whole /64 network
    return f"address:{ip}"


def _redis_storage(url: str) -> RedisStorage:
    try:
        return RedisStorage(url, wrap_exceptions=True, socket_timeout=0.3, socket_connect_timeout=0.3)
    except Exception as error:  # the driver raises various exceptions for invalid URLs
        raise SettingsError(
            f"setting 'rate_storage' is not usable ({type(error).__name__}: {error}); use a URL such as "
            "redis://host:6379/0 and install the driver: pip install '.[redis]'"
        ) from None


def _count_request(limiter: MovingWindowRateLimiter, rate: RateLimitItemPerMinute, client: str) -> int:
    """Count a request. Return how many seconds the client must wait, or 0 if the request is within the limit."""
    if limiter.hit(rate, client):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(rate, client).reset_time - time.time()))


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """Read and return the request body, or return None if it is too large.

    The bytes are counted as well, because the length of a chunked body is not given in the headers.
    """
    length = Headers(scope=scope).get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > _MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if len(body) > _MAX_BODY_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """Wrap `receive` so that it first returns `body`, which has already been read, and then any later messages."""
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _translate_full_queue(scope: Scope, receive: Receive, send: Send) -> Send:
    """Wrap `send` so that Gradio's "queue is full" response is replaced by a translated one that says when to retry."""
    if not _is_queue_join(scope):
        return send
    replaced = False

    async def send_translated(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] == 503:
            replaced = True
            await _rejection(scope, 503, "limit_busy", _BUSY_RETRY_SECONDS)(scope, receive, send)
        elif not replaced:
            await send(message)

    return send_translated


def _is_queue_join(scope: Scope) -> bool:
    """Return whether the request adds a chat question to Gradio's queue."""
    return request_path(scope).endswith("/queue/join")


def _rejection(scope: Scope, status: int, translation: str, seconds: int = 0) -> Response:
    """Return a problem response in the user's language. The chat page shows the response's text to the user."""
    detail = translate(request_language(scope, "en"), translation, seconds=seconds)
    if status == 503 and _is_queue_join(scope):
        status = 429  # Gradio's script shows no message for 503
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return problem_response(status, "Request rejected", detail, headers)
