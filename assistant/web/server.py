"""Settings -> a running server."""

from __future__ import annotations

import errno
import os
import socket
import sys

from assistant.errors import ServerError
from assistant.examples import example_questions
from assistant.factory import make_assistant
from assistant.settings import Settings

# Gradio and huggingface_hub ask these hosts of their own accord; read when they are imported.
_SILENCE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SHARE": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


def serve(settings: Settings) -> None:
    """Load everything, say where, and serve until interrupted.

    Raises:
        ServerError: the port is taken, or the address isn't one of this machine.
        ModelError, IndexStateError: see `make_assistant`.
    """
    listener = _listen(settings.host, settings.port)
    assistant = make_assistant(settings, lambda line: print(line, file=sys.stderr))
    os.environ.update(_SILENCE)
    import uvicorn
    from fastapi.middleware.cors import CORSMiddleware

    from assistant.web.api import create_app
    from assistant.web.page import PATH, mount
    from assistant.web.security import Guard

    app = create_app(assistant)
    app = mount(app, assistant, example_questions(assistant))
    app.add_middleware(
        CORSMiddleware, allow_origins=list(settings.allowed_origins), allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", "Accept"],
    )  # fmt: skip
    guarded = Guard(app, PATH, settings.allowed_origins, settings.language)  # outside of all, errors included
    host, port = listener.getsockname()[:2]
    print(f"assistant: ready on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", server_header=False, access_log=False))
    server.run(sockets=[listener])


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
