"""More clients than the server can serve: nobody is left without an answer or a refusal, and memory stays flat.

    python -m benchmarks.load [MINUTES]

First what it can do (answers per second to 8 clients that ask without a pause), then 200 clients that together ask
twice as much, for five minutes. Questions are those that the texts suggest, each with a number, so that none is
quite the one before.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import httpx2

from assistant.factory import make_assistant, with_introduction
from assistant.settings import load_settings
from benchmarks.serving import serving

_CLIENTS, _WARM_UP = 200, 60.0  # seconds
_CAPACITY_CLIENTS, _CAPACITY_SECONDS = 8, 20.0


class Load:
    """Clients of one server, and what they saw."""

    def __init__(self, url: str, questions: list[str]) -> None:
        self._address, self._questions = f"{url}/api/v1/ask", itertools.cycle(questions)
        self._numbers = itertools.count()
        self.seen: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def ask(self, client: httpx2.AsyncClient) -> None:
        """One question."""
        begun = time.perf_counter()
        try:
            asked = {"question": f"{next(self._questions)} ({next(self._numbers)})"}
            response = await client.post(self._address, json=asked)
        except httpx2.HTTPError as error:
            self.seen[f"no answer: {type(error).__name__}"] += 1
            return
        if response.status_code == 200 and response.json()["verdict"]:
            self.seen["answered"] += 1
            self.seconds.append(time.perf_counter() - begun)
        elif response.status_code in {429, 503} and response.headers.get("retry-after"):
            self.seen["refused with the time to wait"] += 1
        else:
            self.seen[f"improper: {response.status_code}"] += 1

    async def run(self, clients: int, seconds: float, pause: float) -> None:
        """`clients` at once for `seconds`; each asks, then waits `pause` seconds on average."""
        until = time.monotonic() + seconds

        async def one() -> None:
            async with httpx2.AsyncClient(timeout=60) as client:
                await asyncio.sleep(random.random() * pause)
                while time.monotonic() < until:
                    await self.ask(client)
                    if pause:
                        await asyncio.sleep(random.expovariate(1 / pause))

        await asyncio.gather(*(one() for _ in range(clients)))


async def _memory(pid: int, seconds: float) -> list[tuple[float, float]]:
    """Seconds since the beginning and resident megabytes, every five seconds."""
    begun, found = time.monotonic(), []
    while time.monotonic() - begun < seconds:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        found.append((time.monotonic() - begun, int(resident.split()[1]) / 1024))
        await asyncio.sleep(5)
    return found


async def _measure(url: str, pid: int, questions: list[str], seconds: float) -> bool:
    alone = Load(url, questions)
    await alone.run(_CAPACITY_CLIENTS, _CAPACITY_SECONDS, 0.0)
    capacity = alone.seen["answered"] / _CAPACITY_SECONDS
    print(f"{_CAPACITY_CLIENTS} clients without a pause: {capacity:.1f} answers a second, "
          f"median {1000 * statistics.median(alone.seconds):.0f} ms")  # fmt: skip
    load = Load(url, questions)
    pause = _CLIENTS / (2 * capacity)
    _, memory = await asyncio.gather(load.run(_CLIENTS, seconds, pause), _memory(pid, seconds))
    asked = sum(load.seen.values())
    print(f"{_CLIENTS} clients for {seconds:.0f} s: {asked / seconds:.1f} questions a second")
    for what, count in load.seen.most_common():
        print(f"  {what}: {count} ({100 * count / asked:.1f} %)")
    cuts = statistics.quantiles(load.seconds, n=100)
    print(f"  answered in {1000 * cuts[49]:.0f} ms (median), {1000 * cuts[98]:.0f} ms (99 %)")
    warm = [size for at, size in memory if at >= min(_WARM_UP, seconds / 3)]
    growth = 100 * (max(warm) / warm[0] - 1)
    print(f"  resident memory after warm-up {warm[0]:.0f} MB, at most {max(warm):.0f} MB ({growth:+.1f} %)")
    after = Load(url, questions)
    await after.run(1, 2.0, 0.1)
    print(f"  afterwards: {dict(after.seen)}")
    return growth <= 10 and not any(what.startswith(("no answer", "improper")) for what in load.seen)


def main() -> int:
    """Print all of it; 1 when somebody was left without an answer or memory grew by more than a tenth."""
    seconds = 60 * float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    settings = load_settings(os.environ)
    _, guide = with_introduction(settings, make_assistant(settings))
    questions = [item.question for item in guide.questions] + ["How do I bake bread?", "Vad kostar det?"]
    with serving() as (url, pid):
        return 0 if asyncio.run(_measure(url, pid, questions, seconds)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
