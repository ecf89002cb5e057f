"""Wraps the app and the chat page in middleware."""

from __future__ import annotations

from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.web.chat.page import CHAT_PATH, mount_chat, render_chat_frame
from assistant.web.middleware.access import AccessMiddleware
from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.request_log import RequestLogMiddleware
from assistant.web.middleware.reverse_proxy import ReverseProxyMiddleware
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.middleware.tracing import TracingMiddleware
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site

_DEFAULT_REQUESTS_PER_MINUTE = 60
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def build_server_app(site: Site, settings: Settings) -> ASGIApp:
    """Build the complete server app.

    A request passes through the middleware in this order: reverse proxy, request log, tracing, security, CORS,
    session, access, rate limits.

    Raises:
        SettingsError: a setting needs a package that is not installed, or `rate_storage` is invalid.
    """
    app = create_app(
        site, settings.owners_password.get_secret_value(), settings.probes,
        owners_sign_in=settings.access != "open" and bool(settings.owners),
    )  # fmt: skip
    if settings.access == "oidc":
        try:
            from starlette.middleware.sessions import SessionMiddleware

            from assistant.web.pages.sign_in import add_sign_in_routes, session_middleware_options
        except ImportError as error:
            raise SettingsError(
                f"access = oidc needs {error.name!r}, which is not installed; run: pip install '.[oidc]'"
            ) from None
        add_sign_in_routes(app, site, settings)
    app = mount_chat(app, site)
    app.add_middleware(RateLimitMiddleware, per_minute=requests_per_minute(settings), storage_url=settings.rate_storage)
    app.add_middleware(AccessMiddleware, settings=settings, api_keys=ApiKeyStore(site.store) if site.store else None)
    if settings.access == "oidc":
        app.add_middleware(SessionMiddleware, **session_middleware_options(settings))
    app.add_middleware(
        CORSMiddleware, allow_origins=list(settings.allowed_origins), allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Content-Type", "Accept"], allow_credentials=settings.access != "open",
    )  # fmt: skip
    secured = SecurityMiddleware(  # wraps the middleware above, so that error responses from it also get the headers
        app,
        CHAT_PATH,
        settings.allowed_origins,
        settings.language,
        lambda scope: render_chat_frame(site, scope),
        allowed_hosts(settings),
    )
    user_headers = (settings.user_header.lower(), settings.groups_header.lower()) if settings.access == "proxy" else ()
    traced = TracingMiddleware(secured, site.trace_exporter.tracer) if site.trace_exporter else secured
    logged = RequestLogMiddleware(traced, site.metrics, settings.log_requests)
    return ReverseProxyMiddleware(logged, settings.proxies, user_headers, settings.public_url_path)


def requests_per_minute(settings: Settings) -> int:
    """Return how many requests each client may send per minute, or 0 for no limit.

    If `rate_per_minute` is not set, a server that listens on a loopback address without a proxy has no limit, and every
    other server has a limit of 60.
    """
    if settings.rate_per_minute is not None:
        return settings.rate_per_minute
    return 0 if settings.host in _LOOPBACK_HOSTS and not settings.proxies else _DEFAULT_REQUESTS_PER_MINUTE


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the host names that requests may use.

    These are the names in the setting `hosts` (or the listening address if `hosts` is empty), the host of the public
    URL, and the loopback names. If the server listens on all addresses and no name is configured, the result is empty,
    which means that any name is accepted.
    """
    public_hosts = (settings.public_url_host,) if settings.public_url_host else ()
    if settings.hosts:
        return (*settings.hosts, *public_hosts, *_LOOPBACK_HOSTS)
    if settings.host in {"0.0.0.0", "::"} and not public_hosts:  # noqa: S104 - compared, not bound
        return ()
    return (settings.host, *_LOOPBACK_HOSTS, *public_hosts)
