"""What the pages are made from: the assistant, its guide, the store, the look; and how they are rendered."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TypeVar

from assistant.conversation.assistant import Assistant
from assistant.onboarding.introduction import Introduction
from assistant.onboarding.partner_diagram import Diagram, draw_diagram
from assistant.onboarding.roles import Role
from assistant.onboarding.summaries import DocumentSummary
from assistant.store.database import Store
from assistant.web.site.answer_cache import AnswerCache, AnswerResult, answer_question
from assistant.web.site.branding import Branding
from assistant.web.site.worker_pool import WorkerPool
from assistant.web.telemetry.metrics import Metrics
from assistant.web.telemetry.traces import Traces

T = TypeVar("T")
ANSWER_THREADS = 16  # as many vectors as are made together


@dataclass(frozen=True)
class Snapshot:
    """What one generation of the index gives; replaced as a whole by the next.

    `built` is its day; `workers` answer in its assistant's place, None when it answers itself.
    """

    assistant: Assistant
    introduction: Introduction
    roles: tuple[Role, ...] = ()
    built: str = ""
    workers: WorkerPool | None = None

    @cached_property
    def answers(self) -> AnswerCache:
        """What answers: `workers`, else the assistant itself."""
        return AnswerCache(
            self.assistant, self.workers.ask if self.workers else partial(answer_question, self.assistant)
        )

    @cached_property
    def picture(self) -> Diagram:
        """Who works with whom."""
        return draw_diagram(self.introduction.connections)

    @cached_property
    def summaries(self) -> dict[str, DocumentSummary]:
        """What each text is about, by document."""
        return {text.document_id: text for text in self.introduction.texts}


@dataclass
class Site:
    """Everything the pages show: the live edition, how it looks, and where it is remembered.

    A request takes `edition` once, so that a new one that comes meanwhile doesn't mix with it. `store`
    is None when nothing is stored; `problem` says why a newer index wasn't taken; `traces` is None when no
    collector is named. `threads` wait for the answers to programs: a fixed number, whoever goes away.
    """

    snapshot: Snapshot
    branding: Branding
    store: Store | None = None
    reload_problem: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces | None = None
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(ANSWER_THREADS, "answer"))

    @property
    def assistant(self) -> Assistant:
        """The assistant of the live edition."""
        return self.snapshot.assistant

    @property
    def introduction(self) -> Introduction:
        """The guide of the live edition."""
        return self.snapshot.introduction

    def record(self, given: AnswerResult, snapshot: Snapshot, channel: str, keep: bool = True) -> str:
        """Count and write that an answer was given, and return its id; "" when nothing is stored."""
        answer = given.answer
        self.metrics.count_answer(answer, channel)
        if self.traces:
            self.traces.record_answer(answer)
        if self.store is None:
            return ""
        generation = snapshot.assistant.index.manifest.generation
        return self.store.record(answer, generation, channel, given.nearest, keep)
