"""What a reverse proxy in front may say: the client's address, the scheme, the sub-path and, if wanted, the user.

Only from the addresses that the operator names; the same headers from anybody else are taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})


class ReverseProxyMiddleware:
    """ASGI middleware, the outermost.

    Args:
        app: what stands behind it.
        proxies: addresses or networks (`10.0.0.0/8`) of the reverse proxies.
        own: names of headers, in small letters, that only a proxy may set.
        root: the sub-path of the public address, "" for none; requests may come with or without it.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str], own: Sequence[str] = (), root: str = "") -> None:
        self._app, self._root = app, root
        self._networks = [ip_network(proxy) for proxy in proxies]
        self._own = frozenset(name.encode() for name in own)
        self._forwarded = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]  # its own ASGI types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take away what the sender may not say, and read what a proxy says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._at_root({**scope, "state": scope.get("state", {}), "client": _as_ipv4(scope.get("client"))})
        if self._is_proxy(scope):
            await self._forwarded(scope, receive, send)  # type: ignore[arg-type]
            return
        kept = [(name, value) for name, value in scope["headers"] if name not in self._own | _FORWARDED]
        await self._app({**scope, "headers": kept}, receive, send)

    def _at_root(self, scope: Scope) -> Scope:
        """The scope as ASGI has it for an application under a sub-path, also when the proxy took that off."""
        if not self._root:
            return scope
        rest = scope["path"]
        if rest == self._root or rest.startswith(self._root + "/"):
            rest = rest[len(self._root) :]
        return {**scope, "root_path": self._root, "path": self._root + (rest or "/")}

    def _is_proxy(self, scope: Scope) -> bool:
        try:
            address = ip_address((scope.get("client") or ("",))[0])
        except ValueError:  # a socket of the file system has no address
            return False
        return any(address in network for network in self._networks)


def _as_ipv4(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """An address of IPv4 as such, which a listener on every address is told inside one of IPv6."""
    if client is None or not client[0].startswith("::ffff:"):
        return client
    return client[0].removeprefix("::ffff:"), client[1]
