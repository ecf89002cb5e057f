"""Fixtures and helper functions for tests that gather documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.corpus.gathering.fetcher import Fetcher
from assistant.corpus.gathering.gatherer import Gatherer, SourceChange


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """An empty corpus folder."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


@pytest.fixture
def gatherer(corpus: Path) -> Iterator[Gatherer]:
    """A gatherer that may fetch pages from the loopback address."""
    fetcher = Fetcher(allow_private=True, delay=0.0, timeout=5.0)
    yield Gatherer(corpus, fetcher, "2026-11-23", 1_000_000)
    fetcher.close()


def add(gatherer: Gatherer, *sources: str, max_pages: int = 100) -> tuple[list[SourceChange], list[str]]:
    """Add `sources` to the corpus. Return the changes and the reported messages."""
    messages: list[str] = []
    return list(gatherer.add_sources(sources, max_pages, messages.append)), messages


def add_one(gatherer: Gatherer, source: object) -> SourceChange:
    """Add a single page or file to the corpus."""
    (change,), _ = add(gatherer, str(source))
    return change


def files_in(folder: Path) -> list[str]:
    """Return the relative paths of all files in `folder` and its subfolders."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
