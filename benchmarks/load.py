"""Overloads the server, and checks that it answers or rejects every request properly and that memory stays flat.

    python -m benchmarks.load [MINUTES]

First, the server's capacity is measured: the number of answers per second when 8 clients ask without a pause. Then,
for five minutes, 200 clients between them ask twice that number of questions per second. A different number is added
to each question so that no answer comes from the cache.
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

from assistant.factory import attach_introduction, make_assistant
from assistant.settings import load_settings
from benchmarks.serving import serving

_CLIENTS, _WARM_UP_SECONDS = 200, 60.0
_CAPACITY_CLIENTS, _CAPACITY_SECONDS = 8, 20.0
_MAX_MEMORY_GROWTH = 10  # %


class LoadGenerator:
    """Simulates the clients of a server and records the responses that they receive.

    Attributes:
        responses: the number of responses of each kind.
        seconds: the latency of each answer, in seconds.
    """

    def __init__(self, url: str, questions: list[str]) -> None:
        self._address, self._questions = f"{url}/api/v1/ask", itertools.cycle(questions)
        self._numbers = itertools.count()
        self.responses: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def ask(self, client: httpx2.AsyncClient) -> None:
        """Ask one question and record the response."""
        start = time.perf_counter()
        try:
            body = {"question": f"{next(self._questions)} ({next(self._numbers)})"}
            response = await client.post(self._address, json=body)
        except httpx2.HTTPError as error:
            self.responses[f"no answer: {type(error).__name__}"] += 1
            return
        if response.status_code == 200 and response.json()["verdict"]:
            self.responses["answered"] += 1
            self.seconds.append(time.perf_counter() - start)
        elif response.status_code in {429, 503} and response.headers.get("retry-after"):
            self.responses["rejected with the time to wait"] += 1
        else:
            self.responses[f"improper: {response.status_code}"] += 1

    async def run(self, clients: int, seconds: float, pause: float) -> None:
        """Run clients in parallel for `seconds`. Each pauses for `pause` seconds on average after every question."""
        deadline = time.monotonic() + seconds

        async def run_client() -> None:
            async with httpx2.AsyncClient(timeout=60) as client:
                await asyncio.sleep(random.random() * pause)
                while time.monotonic() < deadline:
                    await self.ask(client)
                    if pause:
                        await asyncio.sleep(random.expovariate(1 / pause))

        await asyncio.gather(*(run_client() for _ in range(clients)))


async def _sample_memory(pid: int, seconds: float) -> list[tuple[float, float]]:
    """Measure the resident memory every five seconds. Returns the elapsed seconds and the megabytes each time."""
    start, samples = time.monotonic(), []
    while time.monotonic() - start < seconds:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        samples.append((time.monotonic() - start, int(resident.split()[1]) / 1024))
        await asyncio.sleep(5)
    return samples


async def _measure(url: str, pid: int, questions: list[str], seconds: float) -> bool:
    """Run the benchmark. Returns False if any request received no proper response or memory grew too much."""
    baseline = LoadGenerator(url, questions)
    await baseline.run(_CAPACITY_CLIENTS, _CAPACITY_SECONDS, 0.0)
    capacity = baseline.responses["answered"] / _CAPACITY_SECONDS
    print(f"{_CAPACITY_CLIENTS} clients without a pause: {capacity:.1f} answers a second, "
          f"median {1000 * statistics.median(baseline.seconds):.0f} ms")  # fmt: skip
    load = LoadGenerator(url, questions)
    pause = _CLIENTS / (2 * capacity)
    _, memory = await asyncio.gather(load.run(_CLIENTS, seconds, pause), _sample_memory(pid, seconds))
    asked = sum(load.responses.values())
    print(f"{_CLIENTS} clients for {seconds:.0f} s: {asked / seconds:.1f} questions a second")
    for kind, count in load.responses.most_common():
        print(f"  {kind}: {count} ({100 * count / asked:.1f} %)")
    percentiles = statistics.quantiles(load.seconds, n=100)
    print(f"  answered in {1000 * percentiles[49]:.0f} ms (median), {1000 * percentiles[98]:.0f} ms (99 %)")
    warm = [megabytes for elapsed, megabytes in memory if elapsed >= min(_WARM_UP_SECONDS, seconds / 3)]
    growth = 100 * (max(warm) / warm[0] - 1)
    print(f"  resident memory after warm-up {warm[0]:.0f} MB, at most {max(warm):.0f} MB ({growth:+.1f} %)")
    afterwards = LoadGenerator(url, questions)
    await afterwards.run(1, 2.0, 0.1)
    print(f"  afterwards: {dict(afterwards.responses)}")
    return growth <= _MAX_MEMORY_GROWTH and not any(
        kind.startswith(("no answer", "improper")) for kind in load.responses
    )


def main() -> int:
    """Print the results. Returns 1 if any request received no proper response or memory grew by more than a tenth."""
    seconds = 60 * float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    settings = load_settings(os.environ)
    _, introduction = attach_introduction(settings, make_assistant(settings))
    questions = [item.question for item in introduction.suggested_questions] + [
        "How do I bake bread?",
        "Vad kostar det?",
    ]
    with serving() as (url, pid):
        return 0 if asyncio.run(_measure(url, pid, questions, seconds)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
