"""Settings -> a running server."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading

from assistant.errors import ServerError
from assistant.settings import Settings
from assistant.store.database import Store, purge_daily
from assistant.web.look import Look, make_look
from assistant.web.reload import follow, make_edition
from assistant.web.site import Site
from assistant.web.telemetry import RequestLog

# Gradio and huggingface_hub ask these hosts of their own accord; read when they are imported.
_SILENCE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


_QUESTIONS_A_MINUTE = 60
_GRACE = 5  # seconds that open streams get when the server is stopped


def serve(settings: Settings) -> None:
    """Load everything, say where, and serve until interrupted.

    Raises:
        ServerError: the port is taken, or the address isn't one of this machine.
        SettingsError: the look of the pages can't be made from the settings.
        ModelError, IndexStateError, CorpusError, StoreError: see `make_site`.
    """
    look = make_look(settings.organisation, settings.accent, settings.logo)
    listener = _listen(settings.host, settings.port)
    site = make_site(settings, look)
    os.environ.update(_SILENCE)
    import uvicorn
    from fastapi.middleware.cors import CORSMiddleware

    from assistant.web.api import create_app
    from assistant.web.limits import Limits
    from assistant.web.page import PATH, frame, mount
    from assistant.web.security import Guard

    app = create_app(site, settings.owners_password.get_secret_value(), settings.probes)
    app = mount(app, site)
    app.add_middleware(Limits, per_minute=questions_a_minute(settings))
    app.add_middleware(
        CORSMiddleware, allow_origins=list(settings.allowed_origins), allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Content-Type", "Accept"],
    )  # fmt: skip
    guarded = Guard(  # outside of all, errors included
        app, PATH, settings.allowed_origins, settings.language, lambda scope: frame(site, scope), own_names(settings)
    )
    logged = RequestLog(guarded, site.metrics, settings.log_requests)
    if settings.log_requests:
        log_to_stderr()
    host, port = listener.getsockname()[:2]
    print(f"assistant: ready on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            logged, log_level="warning", server_header=False, access_log=False, timeout_graceful_shutdown=_GRACE
        )
    )
    stop = threading.Event()
    follow(site, settings, stop)
    if site.store:
        purge_daily(site.store, stop)
    try:
        server.run(sockets=[listener])
    finally:
        stop.set()
        if site.store:
            site.store.close()


def log_to_stderr() -> None:
    """Write the lines of `RequestLog` as they are, to where a service manager gathers them."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("assistant.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def questions_a_minute(settings: Settings) -> int:
    """How much one address may ask: what is set, else no limit for whoever sits at this machine."""
    if settings.rate_per_minute is not None:
        return settings.rate_per_minute
    return 0 if settings.host in {"127.0.0.1", "localhost", "::1"} else _QUESTIONS_A_MINUTE


def own_names(settings: Settings) -> tuple[str, ...]:
    """The names the server answers to: those that are set, else its own address and loopback; () for any.

    A server that listens on every address and wasn't told its names can't know them.
    """
    if settings.hosts or settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - asked for, not bound here
        return settings.hosts
    return (settings.host, "localhost", "127.0.0.1", "::1")


def make_site(settings: Settings, look: Look) -> Site:
    """Everything the pages show.

    Raises:
        ModelError, IndexStateError, CorpusError, StoreError: what it is made from can't be used.
    """
    edition = make_edition(settings, lambda line: print(line, file=sys.stderr))
    store = Store(settings.database, settings.store_questions, settings.keep_days) if settings.database else None
    return Site(edition, look, store)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, taken before anything slow, so that a busy port is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} on {host!r} is in use; end the other program or choose a port: "
                f"assistant serve --port {port + 1} (or ASSISTANT_PORT={port + 1} make run)"
            ) from None
        raise ServerError(
            f"can't listen on {host!r} port {port} ({error.strerror}); choose others: --host, --port"
        ) from None
    return listener
