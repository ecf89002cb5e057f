"""The commands that keep the corpus: add, refresh, lint, and watching for changes."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from assistant.cli.common import print_status, progress_bar
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.corpus.gathering.fetcher import Fetcher
    from assistant.corpus.gathering.gatherer import Change, Gatherer

_INDEX = "bring the index up to date: assistant index"


def add(settings: Settings, options: argparse.Namespace) -> int:
    """Bring pages, sitemaps and files into the corpus."""
    gatherer, fetcher = _gatherer(settings, options)
    try:
        counts = _print(gatherer.add(options.sources, options.most, print_status))
    finally:
        fetcher.close()
    if counts["added"] or counts["changed"]:
        print(_INDEX)
    if not counts:
        print("nothing there to add: a sitemap without pages")
    return 1 if counts["failed"] == sum(counts.values()) else 0


def refresh(settings: Settings, options: argparse.Namespace) -> int:
    """Look for changes at the sources, show them, and bring the index up to date."""
    from assistant.cli.operating import index

    gatherer, fetcher = _gatherer(settings, options)
    try:
        counts = _print(gatherer.refresh(options.remove_gone, not options.dry_run))
    finally:
        fetcher.close()
    if not counts:
        print("no text of the corpus came from an address; bring some in: assistant add https://…")
    failed = bool(counts) and counts["failed"] == sum(counts.values())
    if options.dry_run or not counts:
        return int(failed)
    # Also when nothing changed now: an update that failed after an earlier refresh is made up for.
    wanted = argparse.Namespace(rollback=False, skip_unreadable=options.skip_unreadable, rebuild=False, watch=False)
    return index(settings, wanted) or int(failed)


def lint(settings: Settings, options: argparse.Namespace) -> int:
    """Find what an owner of the texts should look at."""
    from assistant.factory import make_assistant
    from assistant.maintenance.lint import lint_corpus

    counts: Counter[str] = Counter()
    for found in lint_corpus(make_assistant(settings, print_status), date.today(), options.days, progress_bar):
        counts[found.kind] += 1
        if options.json:
            print(json.dumps(asdict(found), ensure_ascii=False))
        else:
            print(f"{found.kind:13} {' and '.join(found.places)}: {found.text}")
    if not options.json:
        print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing found")
    return 1 if counts else 0


def _gatherer(settings: Settings, options: argparse.Namespace) -> tuple[Gatherer, Fetcher]:
    from assistant.corpus.gathering.fetcher import Fetcher
    from assistant.corpus.gathering.gatherer import Gatherer

    fetcher = Fetcher(options.allow_private, settings.max_file_bytes)
    settings.corpus.mkdir(parents=True, exist_ok=True)
    return Gatherer(settings.corpus, fetcher, date.today().isoformat(), settings.max_file_bytes), fetcher


def _print(changes: Iterable[Change]) -> Counter[str]:
    """A line for each change as it comes, then how many there were of each kind."""
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.kind] += 1
        where = f" -> {change.path}" if change.path else ""
        reason = f": {change.text}" if change.text and change.kind != "changed" else ""
        print(f"{change.kind:9} {change.source}{where}{reason}")
        if change.kind == "changed" and change.text:
            print("\n".join("    " + line for line in change.text.splitlines()))
    if counts:
        print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return counts
