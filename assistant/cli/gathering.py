"""Commands that maintain the corpus: `add`, `refresh` and `lint`."""

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
    from assistant.corpus.gathering.gatherer import Gatherer, SourceChange

_UPDATE_HINT = "to update the index, run: assistant index"


def add(settings: Settings, options: argparse.Namespace) -> int:
    """Add web pages, the pages listed in sitemaps, and files to the corpus."""
    gatherer, fetcher = _make_gatherer(settings, options)
    try:
        counts = _print_changes(gatherer.add_sources(options.sources, options.max_pages, print_status))
    finally:
        fetcher.close()
    if counts["added"] or counts["changed"]:
        print(_UPDATE_HINT)
    if not counts:
        print("nothing added: the sitemap lists no pages")
    return 1 if counts["failed"] == sum(counts.values()) else 0


def refresh(settings: Settings, options: argparse.Namespace) -> int:
    """Fetch the sources again, print and apply the changes, and update the index."""
    from assistant.cli.administration import index

    gatherer, fetcher = _make_gatherer(settings, options)
    try:
        counts = _print_changes(gatherer.refresh_documents(options.remove_gone, not options.dry_run))
    finally:
        fetcher.close()
    if not counts:
        print("no document was added from a URL; add one: assistant add https://…")
    failed = bool(counts) and counts["failed"] == sum(counts.values())
    if options.dry_run or not counts:
        return int(failed)
    # Update the index even if nothing has changed, because the update after an earlier refresh may have failed.
    index_options = argparse.Namespace(
        rollback=False, skip_unreadable=options.skip_unreadable, rebuild=False, watch=False
    )
    return index(settings, index_options) or int(failed)


def lint(settings: Settings, options: argparse.Namespace) -> int:
    """Find problems in documents, for the owners of the documents to review."""
    from assistant.factory import make_assistant
    from assistant.maintenance.lint import lint_corpus

    counts: Counter[str] = Counter()
    for finding in lint_corpus(make_assistant(settings, print_status), date.today(), options.days, progress_bar):
        counts[finding.kind] += 1
        if options.json:
            print(json.dumps(asdict(finding), ensure_ascii=False))
        else:
            print(f"{finding.kind:13} {' and '.join(finding.places)}: {finding.text}")
    if not options.json:
        print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "no problems found")
    return 1 if counts else 0


def _make_gatherer(settings: Settings, options: argparse.Namespace) -> tuple[Gatherer, Fetcher]:
    from assistant.corpus.gathering.fetcher import Fetcher
    from assistant.corpus.gathering.gatherer import Gatherer

    fetcher = Fetcher(options.allow_private, settings.max_file_bytes)
    settings.corpus.mkdir(parents=True, exist_ok=True)
    return Gatherer(settings.corpus, fetcher, date.today().isoformat(), settings.max_file_bytes), fetcher


def _print_changes(changes: Iterable[SourceChange]) -> Counter[str]:
    """Print each change as it arrives. Finally, print and return the number of changes of each kind."""
    counts: Counter[str] = Counter()
    for change in changes:
        counts[change.change_kind] += 1
        target = f" -> {change.corpus_path}" if change.corpus_path else ""
        reason = f": {change.description}" if change.description and change.change_kind != "changed" else ""
        print(f"{change.change_kind:9} {change.source}{target}{reason}")
        if change.change_kind == "changed" and change.description:
            print("\n".join("    " + line for line in change.description.splitlines()))
    if counts:
        print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return counts
