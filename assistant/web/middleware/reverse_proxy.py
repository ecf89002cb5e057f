"""Reads the client address, scheme and sub-path from the headers of trusted reverse proxies.

Only proxies at the configured addresses are trusted. Requests from anyone else have these headers removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDING_HEADERS = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})


class ReverseProxyMiddleware:
    """ASGI middleware that applies or removes proxy headers. It must be the outermost middleware.

    Args:
        app: the wrapped app.
        proxies: the addresses of the trusted reverse proxies or of their networks, such as `10.0.0.0/8`.
        proxy_only_headers: the names, in lower case, of further headers that only a proxy may set.
        root_path: the sub-path of the public address, or "" if there is none. The paths of requests may or may not
            include it.
    """

    def __init__(
        self, app: ASGIApp, proxies: Sequence[str], proxy_only_headers: Sequence[str] = (), root_path: str = ""
    ) -> None:
        self._app, self._root_path = app, root_path
        self._networks = [ip_network(proxy) for proxy in proxies]
        self._removed_headers = _FORWARDING_HEADERS | {name.encode() for name in proxy_only_headers}
        self._app_behind_proxy = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]  # uvicorn's types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Apply the proxy headers if the request comes from a trusted proxy. Otherwise, remove them."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._with_root_path(
            {**scope, "state": scope.get("state", {}), "client": _as_ipv4(scope.get("client"))}
        )
        if self._is_from_proxy(scope):
            await self._app_behind_proxy(scope, receive, send)  # type: ignore[arg-type]
            return
        headers = [(name, value) for name, value in scope["headers"] if name not in self._removed_headers]
        await self._app({**scope, "headers": headers}, receive, send)

    def _with_root_path(self, scope: Scope) -> Scope:
        """Set the ASGI root path to the sub-path, and add the sub-path to the requested path if a proxy removed it."""
        if not self._root_path:
            return scope
        rest = scope["path"]
        if rest == self._root_path or rest.startswith(self._root_path + "/"):
            rest = rest[len(self._root_path) :]
        return {**scope, "root_path": self._root_path, "path": self._root_path + (rest or "/")}

    def _is_from_proxy(self, scope: Scope) -> bool:
        try:
            address = ip_address((scope.get("client") or ("",))[0])
        except ValueError:  # Unix sockets have no client address
            return False
        return any(address in network for network in self._networks)


def _as_ipv4(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """Convert an IPv4-mapped IPv6 address, as reported by a dual-stack listener, to a plain IPv4 address."""
    if client is None or not client[0].startswith("::ffff:"):
        return client
    return client[0].removeprefix("::ffff:"), client[1]
