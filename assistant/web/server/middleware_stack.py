"""The app with everything that stands before it, in the order in which a request meets it."""

from __future__ import annotations

from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.web.chat.page import CHAT_PATH, chat_frame, mount_chat
from assistant.web.middleware.access import AccessMiddleware
from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.request_log import RequestLogMiddleware
from assistant.web.middleware.reverse_proxy import ReverseProxyMiddleware
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.middleware.tracing import TracingMiddleware
from assistant.web.server.app import create_app
from assistant.web.site.site import Site

_QUESTIONS_A_MINUTE = 60
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def build_server_app(site: Site, settings: Settings) -> ASGIApp:
    """The whole server as `settings` want it: proxies, log, guard, CORS, session, gate, limits, app and page.

    Raises:
        SettingsError: what a setting needs isn't installed.
    """
    app = create_app(
        site, settings.owners_password.get_secret_value(), settings.probes,
        owners=settings.access != "open" and bool(settings.owners),
    )  # fmt: skip
    if settings.access == "oidc":
        try:
            from starlette.middleware.sessions import SessionMiddleware

            from assistant.web.pages.sign_in import add_sign_in, session_options
        except ImportError as error:
            raise SettingsError(f"access = oidc needs {error.name!r}: pip install '.[oidc]'") from None
        add_sign_in(app, site, settings)
    app = mount_chat(app, site)
    app.add_middleware(RateLimitMiddleware, per_minute=requests_per_minute(settings), storage=settings.rate_storage)
    app.add_middleware(AccessMiddleware, settings=settings, keys=ApiKeyStore(site.store) if site.store else None)
    if settings.access == "oidc":
        app.add_middleware(SessionMiddleware, **session_options(settings))
    app.add_middleware(
        CORSMiddleware, allow_origins=list(settings.allowed_origins), allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Content-Type", "Accept"], allow_credentials=settings.access != "open",
    )  # fmt: skip
    guarded = SecurityMiddleware(  # outside of all, errors included
        app,
        CHAT_PATH,
        settings.allowed_origins,
        settings.language,
        lambda scope: chat_frame(site, scope),
        allowed_hosts(settings),
    )
    own = (settings.user_header.lower(), settings.groups_header.lower()) if settings.access == "proxy" else ()
    traced = TracingMiddleware(guarded, site.traces.tracer) if site.traces else guarded
    logged = RequestLogMiddleware(traced, site.metrics, settings.log_requests)
    return ReverseProxyMiddleware(logged, settings.proxies, own, settings.public_path)


def requests_per_minute(settings: Settings) -> int:
    """How much one client may ask: what is set, else no limit for whoever sits at this machine."""
    if settings.rate_per_minute is not None:
        return settings.rate_per_minute
    return 0 if settings.host in _LOOPBACK and not settings.proxies else _QUESTIONS_A_MINUTE


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """The names the server answers to: those that are set, else its own address and loopback; () for any.

    A server that listens on every address and wasn't told its names can't know them.
    """
    public = tuple(name for name in (settings.public_host,) if name)
    if settings.hosts:
        return (*settings.hosts, *public, *_LOOPBACK)
    if settings.host in {"0.0.0.0", "::"} and not public:  # noqa: S104 - asked for, not bound here
        return ()
    return (settings.host, *_LOOPBACK, *public)
