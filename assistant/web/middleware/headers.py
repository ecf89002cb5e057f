"""Security headers for every response."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message

_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
}


def set_security_headers(message: Message, policy: str) -> None:
    """Set all security headers on an `http.response.start` message, with `policy` as the content security policy."""
    headers = MutableHeaders(scope=message)
    headers["content-security-policy"] = policy
    for name, value in _HEADERS.items():
        headers[name] = value
