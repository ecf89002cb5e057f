"""`assistant doctor`: checks that the corpus, model, index and database are present, intact and consistent."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.corpus.corpus_reader import read_corpus
from assistant.embedding.encoder import Encoder
from assistant.errors import AssistantError
from assistant.index.loading import load_index
from assistant.index.manifest import document_digest
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. `detail` describes what was found or, if the check failed, says what to do."""

    check_name: str
    passed: bool
    detail: str


def run_checks(settings: Settings, load_model: Callable[[], Encoder]) -> Iterator[CheckResult]:
    """Check Python, the corpus, the embedding model (loaded with `load_model`), the index and the database."""
    yield CheckResult("python", sys.version_info >= (3, 11), f"{platform.python_version()} (3.11 or newer required)")
    yield _run_check("corpus", lambda: _check_corpus(settings))
    yield _run_check("model", lambda: _check_model(load_model))
    yield _run_check("index", lambda: _check_index(settings, load_model))
    yield _run_check("database", lambda: _check_database(settings))


def _run_check(name: str, check: Callable[[], CheckResult]) -> CheckResult:
    try:
        return check()
    except AssistantError as error:
        return CheckResult(name, False, str(error))


def _check_corpus(settings: Settings) -> CheckResult:
    reading = read_corpus(settings.corpus, settings.max_file_bytes)
    return CheckResult("corpus", True, f"{sum(1 for _ in reading)} documents in {str(settings.corpus)!r}")


def _check_model(load_model: Callable[[], Encoder]) -> CheckResult:
    encoder = load_model()
    return CheckResult(
        "model", True, f"{encoder.name!r}, {encoder.dimension} dimensions, up to {encoder.max_tokens} tokens"
    )


def _check_database(settings: Settings) -> CheckResult:
    if not settings.database:
        return CheckResult("database", True, "disabled; no feedback is stored")
    from assistant.store.database import Store

    store = Store(settings.database)
    count = len(store.list_feedback())
    store.close()
    return CheckResult("database", True, f"feedback entries: {count}")


def _check_index(settings: Settings, load_model: Callable[[], Encoder]) -> CheckResult:
    manifest = load_index(settings.index, load_model()).manifest
    detail = f"generation {manifest.generation}, {manifest.passages} passages in {len(manifest.documents)} documents"
    reading = read_corpus(settings.corpus, settings.max_file_bytes, skip_unreadable=True)
    current = {document.document_id: document_digest(document) for document in reading}
    if current != manifest.documents:
        return CheckResult("index", False, detail + "; out of date: the corpus has changed; run: assistant index")
    return CheckResult("index", True, detail + ", up to date")
