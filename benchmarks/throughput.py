"""Answers a second over HTTP, at 1, 8, 32 and 128 clients, beside the same questions in-process.

    python -m benchmarks.throughput [--rounds 5] [--seconds 6] [--workers 0 2]

Each round does all of it, one after the other: in-process (threads over one assistant, as the server has them,
without HTTP, page and store), then clients that ask without a pause and wait as long as a refusal says. Each question
has a number, so that none is answered from those kept. Then questions at random times, half as many as it can
answer, and how long they took; and twelve questions asked again and again. Clients run on the same machine.
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
_THREADS = 16  # as the server's


@dataclass
class Seen:
    """What clients saw: how long answers took, in seconds, and how often each status came."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def at(self, share: float) -> float:
        """The time in milliseconds within which this share was answered."""
        return 1000 * sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


def in_process(assistant: Assistant, questions: Iterator[str], seconds: float) -> float:
    """Answers a second of threads over one assistant."""
    until = time.monotonic() + seconds

    def work(_: int) -> int:
        made = 0
        while time.monotonic() < until:
            assistant.ask(next(questions))
            made += 1
        return made

    with ThreadPoolExecutor(_THREADS) as pool:
        return sum(pool.map(work, range(_THREADS))) / seconds


async def _ask(session: aiohttp.ClientSession, url: str, question: str, seen: Seen) -> float:
    """Ask once; the seconds to wait before the next, 0 when it was answered."""
    begun = time.perf_counter()
    async with session.post(f"{url}/api/v1/ask", json={"question": question}) as response:
        await response.read()
        seen.statuses[response.status] += 1
        if response.status == 200:
            seen.seconds.append(time.perf_counter() - begun)
            return 0.0
        return float(response.headers["retry-after"])


async def without_pause(url: str, clients: int, seconds: float, questions: Iterator[str]) -> Seen:
    """`clients` that ask one question after the other."""
    seen, until = Seen(), time.monotonic() + seconds

    async def one(session: aiohttp.ClientSession) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(await _ask(session, url, next(questions), seen))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(one(session) for _ in range(clients)))
    return seen


async def at_random(url: str, rate: float, seconds: float, questions: Iterator[str]) -> Seen:
    """`rate` questions a second at random times, whether those before are answered or not."""
    seen, until, asked = Seen(), time.monotonic() + seconds, []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        while time.monotonic() < until:
            asked.append(asyncio.create_task(_ask(session, url, next(questions), seen)))
            await asyncio.sleep(random.expovariate(rate))
        await asyncio.gather(*asked)
    return seen


def measured(settings: Settings, workers: int, rounds: int, seconds: float) -> dict[str, Any]:
    """All figures for a server with so many worker processes, medians over the rounds."""
    edition = load_snapshot(settings.model_copy(update={"workers": 0}))
    suggested = [item.question for item in edition.introduction.questions]
    questions = map("{} ({})".format, itertools.cycle(suggested), itertools.count())  # unlike a generator, for threads
    ratios: dict[int, list[float]] = {count: [] for count in _CLIENTS}
    rates: dict[int, list[float]] = {count: [] for count in _CLIENTS}
    tails, kept, statuses = [], [], Counter[int]()
    with serving(ASSISTANT_WORKERS=str(workers)) as (url, _):
        asyncio.run(without_pause(url, 8, seconds, questions))  # warms both up
        in_process(edition.assistant, questions, seconds)
        for _ in range(rounds):
            alone = in_process(edition.assistant, questions, seconds)
            for clients in _CLIENTS:
                seen = asyncio.run(without_pause(url, clients, seconds, questions))
                statuses += seen.statuses
                rates[clients].append(len(seen.seconds) / seconds)
                ratios[clients].append(rates[clients][-1] / alone)
            half = asyncio.run(at_random(url, rates[32][-1] / 2, 2 * seconds, questions))
            statuses += half.statuses
            tails.append((half.at(0.5), half.at(0.99)))
            again = asyncio.run(without_pause(url, 8, seconds / 2, itertools.cycle(suggested[:12])))
            kept.append(2 * len(again.seconds) / seconds)
    found: dict[str, Any] = {
        "workers": workers, "in-process": statistics.median(rates[32][at] / ratios[32][at] for at in range(rounds)),
        "clients": {count: _spread(rates[count]) | {"ratio": _spread(ratios[count])} for count in _CLIENTS},
        "half load, median ms": statistics.median(middle for middle, _ in tails),
        "half load, 99 % / median": _spread([tail / middle for middle, tail in tails]),
        "kept answers a second": statistics.median(kept), "statuses": dict(statuses),
    }  # fmt: skip
    return found


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "from": min(values), "to": max(values)}


def draw(found: list[dict[str, Any]], file: Path) -> None:
    """Answers a second by number of clients, and in-process."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    for server in found:
        name = f"HTTP, {server['workers']} worker processes" if server["workers"] else "HTTP, the server itself"
        rates = [server["clients"][count] for count in _CLIENTS]
        middle = [rate["median"] for rate in rates]
        errors = [[rate["median"] - rate["from"] for rate in rates], [rate["to"] - rate["median"] for rate in rates]]
        axes.errorbar(_CLIENTS, middle, errors, marker="o", capsize=3, label=name)
    axes.axhline(statistics.median(server["in-process"] for server in found), color="gray", ls="--", label="in-process")
    axes.set(xscale="log", xlabel="clients", ylabel="answers a second", xticks=_CLIENTS, xticklabels=_CLIENTS)
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(file)


def main() -> None:
    """Print the figures, and write them and their picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2])
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = []
    for workers in options.workers:
        found.append(measured(load_settings({}), workers, options.rounds, options.seconds))
        print(json.dumps(found[-1]), flush=True)
    (options.out / "throughput.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    draw(found, options.out / "throughput.svg")


if __name__ == "__main__":
    main()
