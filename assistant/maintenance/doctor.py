"""`assistant doctor`: is everything there, whole and fitting? Each finding says what to do."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.corpus.reading import read_corpus
from assistant.embedding.encoder import Encoder
from assistant.errors import AssistantError
from assistant.index.loading import load_index
from assistant.index.manifest import document_digest
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is in order, and how it stands or what to do."""

    subject: str
    ok: bool
    text: str


def run_checks(settings: Settings, load_model: Callable[[], Encoder]) -> Iterator[Finding]:
    """Check Python, corpus, model, index and database, one after the other; `load_model` loads the model."""
    yield Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} (3.11 or newer is needed)")
    yield _finding_or_error("corpus", lambda: _corpus(settings))
    yield _finding_or_error("model", lambda: _model(load_model))
    yield _finding_or_error("index", lambda: _index(settings, load_model))
    yield _finding_or_error("database", lambda: _database(settings))


def _finding_or_error(subject: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except AssistantError as error:
        return Finding(subject, False, str(error))


def _corpus(settings: Settings) -> Finding:
    reading = read_corpus(settings.corpus, settings.max_file_bytes)
    return Finding("corpus", True, f"{sum(1 for _ in reading)} documents in {str(settings.corpus)!r}")


def _model(load_model: Callable[[], Encoder]) -> Finding:
    encoder = load_model()
    return Finding(
        "model", True, f"{encoder.name!r}, {encoder.dimension} dimensions, reads {encoder.max_tokens} tokens"
    )


def _database(settings: Settings) -> Finding:
    if not settings.database:
        return Finding("database", True, "none: no feedback is stored")
    from assistant.store.database import Store

    store = Store(settings.database)
    count = len(store.feedback())
    store.close()
    return Finding("database", True, f"{count} pieces of feedback")


def _index(settings: Settings, load_model: Callable[[], Encoder]) -> Finding:
    manifest = load_index(settings.index, load_model()).manifest
    text = f"generation {manifest.generation}, {manifest.passages} passages of {len(manifest.documents)} documents"
    reading = read_corpus(settings.corpus, settings.max_file_bytes, skip_unreadable=True)
    now = {document.document_id: document_digest(document) for document in reading}
    if now != manifest.documents:
        return Finding("index", False, text + "; the corpus has changed since, bring it up to date: assistant index")
    return Finding("index", True, text + ", up to date with the corpus")
