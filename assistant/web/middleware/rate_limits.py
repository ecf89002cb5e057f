"""How much one client may ask, and how much is answered at once: refusals that say when to come back."""

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
from assistant.web.site.identity import identity_of
from assistant.web.site.problems import problem_response
from assistant.web.site.request_context import request_language, request_path
from assistant.web.site.translations import translate

# What costs a look through the index or a row in the database, and where a password can be guessed.
_COSTLY = re.compile(
    r"/api/v1/(?:ask|search|feedback|answers/\w+)|/v1/chat/completions|/search/|/owners/.*|/metrics|"
    r"/chat/gradio_api/(?:queue/join|run/predict)|/login(?:/callback)?"
)
_AT_ONCE = 32  # in work at the same time; more would only wait longer
_AGAIN_SECONDS = 15.0  # after which a storage that failed is tried again
_SWEEP = 1000  # requests
_RETRY_SECONDS = 2  # when too much is asked at once
_LOG = logging.getLogger(__name__)
_MOST_BYTES = 256 * 1024  # of a request: twelve turns of the longest questions fit several times


class RateLimitMiddleware:
    """ASGI middleware: a moving window for each client, a bound on what is in work, a bound on what is sent.

    A client is a key, else a person, else an address.

    Args:
        app: what it protects.
        per_minute: requests that cost something, of one client whose key says nothing else; 0 for no limit.
        storage: `redis://` address where several servers count together, "" to count in this process.

    Raises:
        SettingsError: the address of the storage is none, or its driver is missing.
    """

    def __init__(self, app: ASGIApp, per_minute: int, storage: str = "") -> None:
        self._app, self._per_minute, self._running = app, per_minute, 0
        self._windows = RequestWindows(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it with the time to wait."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
            body = await _read_body(scope, receive)
            if body is None:
                await _refusal(scope, 413, "limit_size")(scope, receive, send)
                return
            receive = _replay_body(body, receive)
        if not _COSTLY.fullmatch(request_path(scope)):
            await self._app(scope, receive, send)
            return
        refusal = await self._refused(scope)
        if refusal:
            await refusal(scope, receive, send)
            return
        self._running += 1
        try:
            await self._app(scope, receive, _translate_full_queue(scope, receive, send))
        finally:
            self._running -= 1

    async def _refused(self, scope: Scope) -> Response | None:
        client, key = client_identity(scope), identity_of(scope).key
        per_minute = self._per_minute if key is None or key.per_minute is None else key.per_minute
        wait = await self._windows.wait(per_minute, client) if per_minute else 0
        if wait:
            return _refusal(scope, 429, "limit_rate", wait)
        if self._running >= _AT_ONCE:
            return _refusal(scope, 503, "limit_busy", _RETRY_SECONDS)
        return None


class RequestWindows:
    """Moving windows of a minute, in this process or in Redis, whose failing stops nobody.

    Args:
        storage: see `RateLimitMiddleware`.
    """

    def __init__(self, storage: str) -> None:
        self._memory, self._hits = MemoryStorage(), 0
        self._own = MovingWindowRateLimiter(self._memory)
        self._shared = MovingWindowRateLimiter(_redis(storage)) if storage else None
        self._failed = -math.inf

    async def wait(self, per_minute: int, client: str) -> int:
        """Count a request of `client`; the seconds it has to wait, 0 when it may go on."""
        rate = RateLimitItemPerMinute(per_minute)
        if self._shared and time.monotonic() - self._failed > _AGAIN_SECONDS:
            try:
                return await run_in_threadpool(_count_request, self._shared, rate, client)
            except StorageError as error:
                self._failed = time.monotonic()
                _LOG.warning("rate_storage can't be reached (%s); counting in this process", error.storage_error)
        self._hits += 1
        if self._hits % _SWEEP == 0:
            self._forget()
        return _count_request(self._own, rate, client)

    def _forget(self) -> None:
        """Drop the clients that the library keeps with nothing in their window."""
        for client in [client for client, hits in list(self._memory.events.items()) if not hits]:
            self._memory.events.pop(client, None)
            self._memory.locks.pop(client, None)


def client_identity(scope: Scope) -> str:
    """Whose requests count together; a person's name is not kept as it is."""
    identity = identity_of(scope)
    if identity.key:
        return f"key:{identity.key.key_id}"
    if identity.name:
        return "person:" + sha256(identity.name.encode()).hexdigest()
    address = str((scope.get("client") or ("?",))[0])
    try:
        number = ip_address(address)
    except ValueError:
        return f"address:{address}"
    if isinstance(number, IPv6Address) and number.ipv4_mapped is None:
        return f"address:{ip_network((number, 64), strict=False)}"  # one subscriber has all of it
    return f"address:{number}"


def _redis(storage: str) -> RedisStorage:
    try:
        return RedisStorage(storage, wrap_exceptions=True, socket_timeout=0.3, socket_connect_timeout=0.3)
    except Exception as error:  # the driver raises classes of its own for an address that is none
        raise SettingsError(
            f"setting 'rate_storage' can't be used ({type(error).__name__}: {error}); write redis://host:6379/0 and "
            "install the driver: pip install '.[redis]'"
        ) from None


def _count_request(windows: MovingWindowRateLimiter, rate: RateLimitItemPerMinute, client: str) -> int:
    """Count a request; the seconds to wait, 0 for none."""
    if windows.hit(rate, client):
        return 0
    return max(1, math.ceil(windows.get_window_stats(rate, client).reset_time - time.time()))


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """What was sent, None for too much: a body in chunks doesn't say beforehand how long it is."""
    length = Headers(scope=scope).get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > _MOST_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body.extend(message.get("body", b""))
        if len(body) > _MOST_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, then what comes after it."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _translate_full_queue(scope: Scope, receive: Receive, send: Send) -> Send:
    """A `send` that puts Gradio's refusal of a full queue into the asker's language, with the time to wait."""
    if not _is_page(scope):
        return send
    refused = False

    async def translating(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] == 503:
            refused = True
            await _refusal(scope, 503, "limit_busy", _RETRY_SECONDS)(scope, receive, send)
        elif not refused:
            await send(message)

    return translating


def _is_page(scope: Scope) -> bool:
    """Whether Gradio's own script asks."""
    return request_path(scope).endswith("/queue/join")


def _refusal(scope: Scope, status: int, key: str, wait: int = 0) -> Response:
    """In the language of whoever asks: the page shows it."""
    detail = translate(request_language(scope, "en"), key, seconds=wait)
    if status == 503 and _is_page(scope):
        status = 429  # Gradio's script says nothing at all of a 503
    headers = {"Retry-After": str(wait)} if wait else {}
    return problem_response(status, "Not taken", detail, headers)
