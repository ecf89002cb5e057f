"""Runs `assistant serve`, and records in a file every host that the server looks up or connects to.

If the environment variable SLOW_SECONDS is set, each answer is delayed by that many seconds.
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

    def log_host(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.getaddrinfo":
            host = arguments[0]
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")

    sys.addaudithook(log_host)
    if "SLOW_SECONDS" in os.environ:
        _slow_down(float(os.environ["SLOW_SECONDS"]))
    from assistant.cli.main import main as assistant

    return assistant(["serve", *sys.argv[2:]])


def _slow_down(seconds: float) -> None:
    from assistant.conversation.assistant import Assistant

    undelayed_trace = Assistant.trace

    def trace(self: Assistant, *args: Any, **kwargs: Any) -> Any:
        in_main_thread = threading.current_thread() is threading.main_thread()
        time.sleep(0 if in_main_thread else seconds)  # start-up questions, asked in the main thread, aren't delayed
        return undelayed_trace(self, *args, **kwargs)

    Assistant.trace = trace  # type: ignore[method-assign]  # the method is replaced in this process only


if __name__ == "__main__":
    raise SystemExit(main())
