"""A running server takes a new index without dropping a request; one that fails its checks it leaves alone."""

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
from assistant.factory import make_assistant, make_encoder, with_introduction
from assistant.index.generations import current_generation, indexed_at
from assistant.onboarding.roles import read_roles
from assistant.schema import SuggestedQuestion
from assistant.settings import Settings
from assistant.web.site.site import Site, Snapshot
from assistant.web.site.worker_pool import WorkerPool

_SECONDS = 2.0  # between looks at which generation is live
_REFUSED = "a newer index is refused; the server's log says why"
_LOG = logging.getLogger(__name__)


def load_snapshot(
    settings: Settings, report: Callable[[str], None] = lambda _: None, encoder: Encoder | None = None
) -> Snapshot:
    """The live generation, loaded and verified, with its guide, roles and worker processes.

    Raises:
        ModelError, IndexStateError, CorpusError: what it is made from can't be used.
    """
    threads = 1 if encoder else settings.threads  # a server that answers meanwhile keeps the others for that
    encoder = encoder or BatchingEncoder(make_encoder(settings, 1, report), settings.threads)
    assistant, guide = with_introduction(settings, make_assistant(settings, encoder=encoder), threads)
    roles = read_roles(settings.corpus, list(assistant.index.documents))
    built = datetime.fromtimestamp(indexed_at(settings.index)).strftime("%Y-%m-%d")
    make = partial(_make_worker_assistant, settings, assistant.questions)
    workers = WorkerPool(assistant, make, settings.workers) if settings.workers else None
    return Snapshot(assistant, guide, roles, built, workers)


def _make_worker_assistant(settings: Settings, questions: tuple[SuggestedQuestion, ...]) -> Assistant:
    """The assistant of a worker process: one pass of the model at a time, since the others run theirs."""
    encoder = BatchingEncoder(make_encoder(settings, 1))
    return replace(make_assistant(settings, encoder=encoder, thorough=False), questions=questions)


def watch_index(site: Site, settings: Settings, stop: threading.Event, seconds: float = _SECONDS) -> threading.Thread:
    """Look every `seconds` until `stop` is set, in a thread of its own, and give `site` what is new."""

    def run() -> None:
        refused: tuple[str, float] | None = None
        while not stop.wait(seconds):
            try:
                refused = _reload_if_changed(site, settings, refused)
            except Exception as error:  # the thread goes on whatever happens: without it removed texts would stay
                site.reload_problem = _REFUSED
                _LOG.warning("the index can't be looked at: %s: %s", type(error).__name__, error)

    thread = threading.Thread(target=run, name="reload", daemon=True)
    thread.start()
    return thread


def _reload_if_changed(site: Site, settings: Settings, refused: tuple[str, float] | None) -> tuple[str, float] | None:
    """Take the live generation when it is another, and return the one that was refused, with its date.

    A generation is named by its content: mended, it has the same name and another date.
    """
    live = current_generation(settings.index)
    if live is None or live == site.assistant.index.manifest.generation:
        site.reload_problem = ""
        return None
    state = (live, indexed_at(settings.index))
    if state == refused:
        return refused
    before = site.snapshot
    try:
        site.snapshot = load_snapshot(settings, encoder=before.assistant.encoder)
    except (AssistantError, ValueError) as error:
        site.reload_problem = _REFUSED
        _LOG.warning("generation %s is not taken: %s", live, error)
        return state
    site.reload_problem = ""
    _LOG.warning("now answering from generation %s", live)
    if before.workers:
        before.workers.close()
    return None
