"""Measures answers per second over HTTP with 1, 8, 32 and 128 clients, and compares them with in-process rates.

    python -m benchmarks.throughput [--rounds 5] [--seconds 6] [--workers 0 2]

Every round runs these measurements one after the other:

- In-process: one assistant answers on as many threads as the server uses, without HTTP, pages or a database.
- Full load: clients ask without a pause. A client whose question is rejected waits for the time given in Retry-After. A
  different number is added to each question so that no answer comes from the cache.
- Half load: questions are asked at random times, at half the measured capacity, and their latency is measured.
- Cached answers: twelve questions are repeated continuously.

The clients run on the same machine as the server.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from matplotlib.figure import Figure

from assistant.conversation.assistant import Assistant
from assistant.settings import Settings, load_settings
from assistant.web.server.index_reload import load_snapshot
from benchmarks.serving import serving

_CLIENTS = (1, 8, 32, 128)
_THREADS = 16  # as many as the server uses


@dataclass
class Responses:
    """The latency of each answer in seconds, and the number of responses with each HTTP status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds within which the fraction `share` (0 to 1) of the answers arrived."""
        return 1000 * sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


def measure_in_process(assistant: Assistant, questions: Iterator[str], seconds: float) -> float:
    """Return how many answers per second several threads get from the same assistant."""
    deadline = time.monotonic() + seconds

    def work(_: int) -> int:
        count = 0
        while time.monotonic() < deadline:
            assistant.ask(next(questions))
            count += 1
        return count

    with ThreadPoolExecutor(_THREADS) as pool:
        return sum(pool.map(work, range(_THREADS))) / seconds


async def _ask(session: aiohttp.ClientSession, url: str, question: str, responses: Responses) -> float:
    """Ask a question. Returns how many seconds to wait before the next question: 0 if this one was answered."""
    start = time.perf_counter()
    async with session.post(f"{url}/api/v1/ask", json={"question": question}) as response:
        await response.read()
        responses.statuses[response.status] += 1
        if response.status == 200:
            responses.seconds.append(time.perf_counter() - start)
            return 0.0
        return float(response.headers["retry-after"])


async def ask_continuously(url: str, clients: int, seconds: float, questions: Iterator[str]) -> Responses:
    """Run `clients` clients in parallel. Each client asks one question after another."""
    responses, deadline = Responses(), time.monotonic() + seconds

    async def run_client(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < deadline:
            await asyncio.sleep(await _ask(session, url, next(questions), responses))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(run_client(session) for _ in range(clients)))
    return responses


async def ask_at_random_times(url: str, rate: float, seconds: float, questions: Iterator[str]) -> Responses:
    """Ask `rate` questions per second at random times, without waiting for earlier answers."""
    responses, deadline, tasks = Responses(), time.monotonic() + seconds, []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        while time.monotonic() < deadline:
            tasks.append(asyncio.create_task(_ask(session, url, next(questions), responses)))
            await asyncio.sleep(random.expovariate(rate))
        await asyncio.gather(*tasks)
    return responses


def measure(settings: Settings, workers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Run all measurements on a server with `workers` worker processes. Returns medians over the rounds."""
    snapshot = load_snapshot(settings.model_copy(update={"workers": 0}))
    suggested = [item.question for item in snapshot.introduction.suggested_questions]
    questions = map("{} ({})".format, itertools.cycle(suggested), itertools.count())  # thread-safe, unlike a generator
    ratios: dict[int, list[float]] = {count: [] for count in _CLIENTS}
    rates: dict[int, list[float]] = {count: [] for count in _CLIENTS}
    latencies, cached_rates, statuses = [], [], Counter[int]()
    with serving(ASSISTANT_WORKERS=str(workers)) as (url, _):
        asyncio.run(ask_continuously(url, 8, seconds, questions))  # warm-up
        measure_in_process(snapshot.assistant, questions, seconds)
        for _ in range(rounds):
            in_process_rate = measure_in_process(snapshot.assistant, questions, seconds)
            for clients in _CLIENTS:
                responses = asyncio.run(ask_continuously(url, clients, seconds, questions))
                statuses += responses.statuses
                rates[clients].append(len(responses.seconds) / seconds)
                ratios[clients].append(rates[clients][-1] / in_process_rate)
            half_load = asyncio.run(ask_at_random_times(url, rates[32][-1] / 2, 2 * seconds, questions))
            statuses += half_load.statuses
            latencies.append((half_load.percentile(0.5), half_load.percentile(0.99)))
            repeated = asyncio.run(ask_continuously(url, 8, seconds / 2, itertools.cycle(suggested[:12])))
            cached_rates.append(2 * len(repeated.seconds) / seconds)
    results: dict[str, Any] = {
        "workers": workers,
        "in-process": statistics.median(rate / ratio for rate, ratio in zip(rates[32], ratios[32], strict=True)),
        "clients": {count: _spread(rates[count]) | {"ratio": _spread(ratios[count])} for count in _CLIENTS},
        "half load, median ms": statistics.median(median for median, _ in latencies),
        "half load, 99 % / median": _spread([tail / median for median, tail in latencies]),
        "cached answers a second": statistics.median(cached_rates), "statuses": dict(statuses),
    }  # fmt: skip
    return results


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "from": min(values), "to": max(values)}


def draw(results: list[dict[str, Any]], file: Path) -> None:
    """Plot answers per second against the number of clients, with the in-process rate for comparison."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for server in results:
        name = f"HTTP, {server['workers']} worker processes" if server["workers"] else "HTTP, the server itself"
        rates = [server["clients"][count] for count in _CLIENTS]
        medians = [rate["median"] for rate in rates]
        errors = [[rate["median"] - rate["from"] for rate in rates], [rate["to"] - rate["median"] for rate in rates]]
        axes.errorbar(_CLIENTS, medians, errors, marker="o", capsize=3, label=name)
    axes.axhline(
        statistics.median(server["in-process"] for server in results), color="gray", ls="--", label="in-process"
    )
    axes.set(xscale="log", xlabel="clients", ylabel="answers a second", xticks=_CLIENTS, xticklabels=_CLIENTS)
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(file)


def main() -> None:
    """Print the results and write them to a file, together with a plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = []
    for workers in options.workers:
        results.append(measure(load_settings({}), workers, options.rounds, options.seconds))
        print(json.dumps(results[-1]), flush=True)
    (options.out / "throughput.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    draw(results, options.out / "throughput.svg")


if __name__ == "__main__":
    main()
