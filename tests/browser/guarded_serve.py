"""`assistant serve` with every name look-up and connection of the process written to a file.

With SLOW_SECONDS in the environment an answer takes that long, as one of a language model does.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any


def main() -> int:
    log = Path(sys.argv[1])

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.getaddrinfo":
            host = arguments[0]
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")

    sys.addaudithook(note)
    if "SLOW_SECONDS" in os.environ:
        _slow_down(float(os.environ["SLOW_SECONDS"]))
    from assistant.cli.main import main as assistant

    return assistant(["serve", *sys.argv[2:]])


def _slow_down(seconds: float) -> None:
    from assistant.conversation.assistant import Assistant

    quick = Assistant.trace

    def trace(self: Assistant, *arguments: Any, **more: Any) -> Any:
        time.sleep(seconds if threading.current_thread() is not threading.main_thread() else 0)  # not while starting
        return quick(self, *arguments, **more)

    Assistant.trace = trace  # type: ignore[method-assign]  # this process only


if __name__ == "__main__":
    raise SystemExit(main())
