"""What the pages are made from: the assistant, its guide, the store, the look; and how they are rendered."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from assistant.conversation.assistant import Assistant
from assistant.onboarding.introduction import Guide
from assistant.onboarding.partner_diagram import Picture, draw
from assistant.onboarding.roles import Role
from assistant.onboarding.summaries import TextSummary
from assistant.store.database import Store
from assistant.web.site.answer_cache import Answers, Given, asked
from assistant.web.site.branding import Look
from assistant.web.site.worker_pool import Workers
from assistant.web.telemetry.metrics import Metrics
from assistant.web.telemetry.traces import Traces

T = TypeVar("T")
THREADS = 16  # as many vectors as are made together


@dataclass(frozen=True)
class Edition:
    """What one generation of the index gives; replaced as a whole by the next.

    `built` is its day; `workers` answer in its assistant's place, None when it answers itself.
    """

    assistant: Assistant
    guide: Guide
    roles: tuple[Role, ...] = ()
    built: str = ""
    workers: Workers | None = None

    @cached_property
    def answers(self) -> Answers:
        """What answers: `workers`, else the assistant itself."""
        return Answers(self.assistant, self.workers.ask if self.workers else partial(asked, self.assistant))

    @cached_property
    def picture(self) -> Picture:
        """Who works with whom."""
        return draw(self.guide.connections)

    @cached_property
    def summaries(self) -> dict[str, TextSummary]:
        """What each text is about, by document."""
        return {text.document_id: text for text in self.guide.texts}


@dataclass
class Site:
    """Everything the pages show: the live edition, how it looks, and where it is remembered.

    A request takes `edition` once, so that a new one that comes meanwhile doesn't mix with it. `store`
    is None when nothing is stored; `problem` says why a newer index wasn't taken; `traces` is None when no
    collector is named. `threads` wait for the answers to programs: a fixed number, whoever goes away.
    """

    edition: Edition
    look: Look
    store: Store | None = None
    problem: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces | None = None
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "answer"))

    @property
    def assistant(self) -> Assistant:
        """The assistant of the live edition."""
        return self.edition.assistant

    @property
    def guide(self) -> Guide:
        """The guide of the live edition."""
        return self.edition.guide

    def record(self, given: Given, edition: Edition, channel: str, keep: bool = True) -> str:
        """Count and write that an answer was given, and return its id; "" when nothing is stored."""
        answer = given.answer
        self.metrics.answered(answer, channel)
        if self.traces:
            self.traces.answered(answer)
        if self.store is None:
            return ""
        generation = edition.assistant.index.manifest.generation
        return self.store.record(answer, generation, channel, given.nearest, keep)
