"""Starts the server: opens the port, loads the index, opens the store and serves requests."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from assistant.errors import ServerStartError
from assistant.settings import Settings
from assistant.store.database import Store, start_daily_purge
from assistant.web.server.index_reload import load_snapshot, watch_index
from assistant.web.shared.branding import Branding, make_branding
from assistant.web.shared.site import ANSWER_THREADS, Site
from assistant.web.shared.worker_pool import REQUESTS_PER_WORKER
from assistant.web.telemetry.traces import make_trace_exporter

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

# These variables keep Gradio and huggingface_hub from contacting other hosts. They must be set before the two packages
# are imported.
_OFFLINE_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}
# Questions are answered in parallel, each on a single thread, so libraries must not start threads of their own. These
# variables must be set before FAISS is imported.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")

_SHUTDOWN_SECONDS = 5  # how long open streams have to finish; after that, the workers have the same time
# The server keeps idle connections open for longer than clients and proxies do. Otherwise, a client could send a
# request just as the server closes the connection.
_KEEP_ALIVE_SECONDS = 75


def serve(settings: Settings) -> None:
    """Start the server and serve requests until the process is interrupted.

    Raises:
        ServerStartError: the server can't listen on its address and port, for instance because the port is in use, or
            the threads for the worker processes can't be started.
        SettingsError: branding or `rate_storage` is invalid, or a setting needs a package that is not installed.
        ModelError, IndexStateError, CorpusError, StoreError: see `make_site`.
    """
    for name in _THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    branding = make_branding(settings.organisation, settings.accent, settings.logo)
    listener = _listen(settings.host, settings.port)
    site = make_site(settings, branding)
    os.environ.update(_OFFLINE_ENVIRONMENT)
    from assistant.web.server.middleware_stack import build_server_app

    server = _make_uvicorn_server(build_server_app(site, settings))
    if settings.log_requests:
        _log_requests_to_stderr()
    host, port = listener.getsockname()[:2]
    print(f"assistant: ready on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    # After uvicorn has stopped, it raises SIGTERM again. This handler then makes the process exit normally, so that the
    # clean-up below runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stop = threading.Event()
    watch_index(site, settings, stop)
    if site.store:
        start_daily_purge(site.store, stop)
    try:
        server.run(sockets=[listener])
    finally:
        stop.set()
        site.answer_executor.shutdown(wait=False, cancel_futures=True)
        if site.snapshot.worker_pool:
            site.snapshot.worker_pool.close(_SHUTDOWN_SECONDS)
        if site.store:
            site.store.close()
        if site.trace_exporter:
            site.trace_exporter.close()


def _make_uvicorn_server(app: ASGIApp) -> uvicorn.Server:
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            access_log=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            proxy_headers=False,  # `ReverseProxyMiddleware` handles these headers
        )
    )


def _log_requests_to_stderr() -> None:
    """Write the log lines of `RequestLogMiddleware` unchanged to stderr, from where service managers collect them."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("assistant.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def make_site(settings: Settings, branding: Branding) -> Site:
    """Load the live index, wait until its workers have started, and open the store.

    Raises:
        ModelError, IndexStateError, CorpusError: see `load_snapshot`.
        StoreError: the database can't be used.
        SettingsError: traces are enabled but OpenTelemetry is not installed.
    """
    snapshot = load_snapshot(settings, lambda line: print(line, file=sys.stderr))
    if snapshot.worker_pool:
        snapshot.worker_pool.wait_until_started()
    store = Store(settings.database, settings.store_questions, settings.keep_days) if settings.database else None
    executor = ThreadPoolExecutor(max(ANSWER_THREADS, REQUESTS_PER_WORKER * settings.workers), "answer")
    return Site(snapshot, branding, store, trace_exporter=make_trace_exporter(os.environ), answer_executor=executor)


def _listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. This is done before anything slow, so that a port in use is reported at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is given because asyncio sets TCP_NODELAY only then. Without TCP_NODELAY, small responses are delayed
    # by 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerStartError(
                f"port {port} on {host!r} is in use; stop the other program or use another port: "
                f"assistant serve --port {port + 1} (or ASSISTANT_PORT={port + 1} make run)"
            ) from None
        raise ServerStartError(
            f"cannot listen on {host!r}, port {port} ({error.strerror}); change --host or --port"
        ) from None
    return listener
