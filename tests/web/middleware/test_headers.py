from __future__ import annotations

from starlette.datastructures import Headers

from assistant.web.middleware.headers import set_security_headers


def test_security_headers_replace_those_of_the_app() -> None:
    message = {"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"unsafe-url")]}
    set_security_headers(message, "default-src 'none'")
    assert dict(Headers(raw=message["headers"])) == {  # type: ignore[arg-type]
        "referrer-policy": "same-origin",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    }
