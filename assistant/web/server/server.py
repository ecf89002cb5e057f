"""Settings -> a running server."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from assistant.errors import ServerError
from assistant.settings import Settings
from assistant.store.database import Store, purge_daily
from assistant.web.server.index_reload import load_snapshot, watch_index
from assistant.web.site.branding import Branding, make_branding
from assistant.web.site.site import ANSWER_THREADS, Site
from assistant.web.site.worker_pool import REQUESTS_PER_WORKER
from assistant.web.telemetry.traces import make_traces

# Gradio and huggingface_hub ask these hosts of their own accord; read when they are imported.
_OFFLINE_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}
# Questions run beside each other, each on one thread; read when FAISS is imported.
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")

_GRACE = 5  # seconds that open streams, then workers, get when the server is stopped
_KEEP_ALIVE = 75  # seconds; longer than clients and proxies keep an idle line, or a request meets one that closes


def serve(settings: Settings) -> None:
    """Load everything, say where, and serve until interrupted.

    Raises:
        ServerError: the port is taken, or the address isn't one of this machine.
        SettingsError: the look of the pages can't be made from the settings, or one needs what isn't installed.
        ModelError, IndexStateError, CorpusError, StoreError: see `make_site`.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    look = make_branding(settings.organisation, settings.accent, settings.logo)
    listener = _listen(settings.host, settings.port)
    site = make_site(settings, look)
    os.environ.update(_OFFLINE_ENVIRONMENT)
    import uvicorn

    from assistant.web.server.middleware_stack import build_server_app

    stack = build_server_app(site, settings)
    if settings.log_requests:
        log_to_stderr()
    host, port = listener.getsockname()[:2]
    print(f"assistant: ready on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            stack,
            log_level="warning",
            server_header=False,
            access_log=False,
            timeout_graceful_shutdown=_GRACE,
            timeout_keep_alive=_KEEP_ALIVE,
            proxy_headers=False,  # `ReverseProxyMiddleware` reads them, from the proxies that the settings name
        )
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn stops, then raises it again: close what is open
    stop = threading.Event()
    watch_index(site, settings, stop)
    if site.store:
        purge_daily(site.store, stop)
    try:
        server.run(sockets=[listener])
    finally:
        stop.set()
        site.threads.shutdown(wait=False, cancel_futures=True)
        if site.snapshot.workers:
            site.snapshot.workers.close(_GRACE)
        if site.store:
            site.store.close()
        if site.traces:
            site.traces.close()


def log_to_stderr() -> None:
    """Write the lines of `RequestLogMiddleware` as they are, to where a service manager gathers them."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("assistant.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def make_site(settings: Settings, branding: Branding) -> Site:
    """Everything the pages show.

    Raises:
        ModelError, IndexStateError, CorpusError, StoreError, SettingsError: what it is made from can't be used.
    """
    edition = load_snapshot(settings, lambda line: print(line, file=sys.stderr))
    if edition.workers:
        edition.workers.wait()
    store = Store(settings.database, settings.store_questions, settings.keep_days) if settings.database else None
    threads = ThreadPoolExecutor(max(ANSWER_THREADS, REQUESTS_PER_WORKER * settings.workers), "answer")
    return Site(edition, branding, store, traces=make_traces(os.environ), threads=threads)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, taken before anything slow, so that a busy port is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sets TCP_NODELAY; without, a small answer waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
