"""Reloads a running server's index without dropping requests. A new index that fails verification is not used."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from assistant.conversation.assistant import Assistant
from assistant.embedding.batching import BatchingEncoder
from assistant.embedding.encoder import Encoder
from assistant.errors import AssistantError
from assistant.factory import attach_introduction, make_assistant, make_encoder
from assistant.index.generations import current_generation, index_build_time
from assistant.onboarding.roles import read_roles
from assistant.schema import SuggestedQuestion
from assistant.settings import Settings
from assistant.web.shared.site import IndexSnapshot, Site
from assistant.web.shared.worker_pool import WorkerPool

_POLL_SECONDS = 2.0
_RELOAD_PROBLEM = "a newer index was rejected; see the server's log"
_LOG = logging.getLogger(__name__)


def load_snapshot(
    settings: Settings, report: Callable[[str], None] = lambda _: None, encoder: Encoder | None = None
) -> IndexSnapshot:
    """Load and verify the live generation and its introduction and roles, and start its workers.

    Args:
        settings: the configuration of the server.
        report: a function that is called with each progress message.
        encoder: the running server's encoder, or None to load the model.

    Raises:
        ModelError, IndexStateError, CorpusError: the model, the index or the roles, respectively, can't be used.
    """
    threads = 1 if encoder else settings.threads  # during a reload, the running server uses the other threads
    encoder = encoder or BatchingEncoder(make_encoder(settings, 1, report), settings.threads)
    assistant, introduction = attach_introduction(settings, make_assistant(settings, encoder=encoder), threads)
    roles = read_roles(settings.corpus, list(assistant.index.documents))
    build_date = datetime.fromtimestamp(index_build_time(settings.index)).strftime("%Y-%m-%d")
    make_worker_assistant = partial(_make_worker_assistant, settings, assistant.suggested_questions)
    workers = WorkerPool(assistant, make_worker_assistant, settings.workers) if settings.workers else None
    return IndexSnapshot(assistant, introduction, roles, build_date, workers)


def _make_worker_assistant(settings: Settings, questions: tuple[SuggestedQuestion, ...]) -> Assistant:
    """Create a worker process's assistant. Its model runs on a single thread, because there are several workers."""
    encoder = BatchingEncoder(make_encoder(settings, 1))
    return replace(make_assistant(settings, encoder=encoder, thorough=False), suggested_questions=questions)


def watch_index(
    site: Site, settings: Settings, stop: threading.Event, interval: float = _POLL_SECONDS
) -> threading.Thread:
    """Start a thread that checks every `interval` seconds for a new live generation and loads it into `site`.

    The thread ends when `stop` is set.
    """

    def run() -> None:
        rejected: tuple[str, float] | None = None
        while not stop.wait(interval):
            try:
                rejected = _reload_if_changed(site, settings, rejected)
            except Exception as error:  # keep checking; otherwise, deleted documents would stay visible
                site.reload_problem = _RELOAD_PROBLEM
                _LOG.warning("cannot check for a new index: %s: %s", type(error).__name__, error)

    thread = threading.Thread(target=run, name="reload", daemon=True)
    thread.start()
    return thread


def _reload_if_changed(site: Site, settings: Settings, rejected: tuple[str, float] | None) -> tuple[str, float] | None:
    """Load the live generation if the server is not using it yet.

    Args:
        site: the site to update.
        settings: the configuration of the server.
        rejected: the name and modification time of the last generation that could not be loaded, or None. The server
            does not try to load it again until it has been repaired. A generation's name is derived from its content,
            so a repaired generation keeps its name and only its modification time shows that it has been repaired.

    Returns:
        The name and modification time of the live generation if it could not be loaded, otherwise None.
    """
    live = current_generation(settings.index)
    if live is None or live == site.assistant.index.manifest.generation:
        site.reload_problem = ""
        return None
    candidate = (live, index_build_time(settings.index))
    if candidate == rejected:
        return rejected
    previous = site.snapshot
    try:
        site.snapshot = load_snapshot(settings, encoder=previous.assistant.encoder)
    except (AssistantError, ValueError) as error:
        site.reload_problem = _RELOAD_PROBLEM
        _LOG.warning("generation %s was rejected: %s", live, error)
        return candidate
    site.reload_problem = ""
    _LOG.warning("now answering from generation %s", live)
    if previous.worker_pool:
        previous.worker_pool.close()
    return None
