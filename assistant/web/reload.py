"""A running server takes a new index without dropping a request; one that fails its checks it leaves alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from assistant.embedding.encoder import Encoder
from assistant.errors import AssistantError
from assistant.factory import make_assistant, with_guide
from assistant.index.store import current_generation, indexed_at
from assistant.onboarding.roles import read_roles
from assistant.settings import Settings
from assistant.web.site import Edition, Site

_SECONDS = 2.0  # between looks at which generation is live
_REFUSED = "a newer index is refused; the server's log says why"
_LOG = logging.getLogger(__name__)


def make_edition(
    settings: Settings, report: Callable[[str], None] = lambda _: None, encoder: Encoder | None = None
) -> Edition:
    """The live generation, loaded and verified, with its guide and roles.

    Raises:
        ModelError, IndexStateError, CorpusError: what it is made from can't be used.
    """
    assistant, guide = with_guide(settings, make_assistant(settings, report, encoder))
    roles = read_roles(settings.corpus, list(assistant.index.documents))
    built = datetime.fromtimestamp(indexed_at(settings.index)).strftime("%Y-%m-%d")
    return Edition(assistant, guide, roles, built)


def follow(site: Site, settings: Settings, stop: threading.Event, seconds: float = _SECONDS) -> threading.Thread:
    """Look every `seconds` until `stop` is set, in a thread of its own, and give `site` what is new."""

    def run() -> None:
        refused: tuple[str, float] | None = None
        while not stop.wait(seconds):
            try:
                refused = _look(site, settings, refused)
            except Exception as error:  # the thread goes on whatever happens: without it removed texts would stay
                site.problem = _REFUSED
                _LOG.warning("the index can't be looked at: %s: %s", type(error).__name__, error)

    thread = threading.Thread(target=run, name="reload", daemon=True)
    thread.start()
    return thread


def _look(site: Site, settings: Settings, refused: tuple[str, float] | None) -> tuple[str, float] | None:
    """Take the live generation when it is another, and return the one that was refused, with its date.

    A generation is named by its content: mended, it has the same name and another date.
    """
    live = current_generation(settings.index)
    if live is None or live == site.assistant.index.manifest.generation:
        site.problem = ""
        return None
    state = (live, indexed_at(settings.index))
    if state == refused:
        return refused
    try:
        site.edition = make_edition(settings, encoder=site.assistant.encoder)
    except (AssistantError, ValueError) as error:
        site.problem = _REFUSED
        _LOG.warning("generation %s is not taken: %s", live, error)
        return state
    site.problem = ""
    _LOG.warning("now answering from generation %s", live)
    return None
