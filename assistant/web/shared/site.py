"""The state of a running server: the live snapshot, branding, store, metrics and traces."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial

from assistant.conversation.assistant import Assistant
from assistant.onboarding.introduction import Introduction
from assistant.onboarding.partner_diagram import PartnerDiagram, lay_out_partner_diagram
from assistant.onboarding.roles import Role
from assistant.onboarding.summaries import DocumentSummary
from assistant.store.database import Store
from assistant.web.shared.answer_cache import AnswerCache, AnswerResult, answer_question
from assistant.web.shared.branding import Branding
from assistant.web.shared.worker_pool import WorkerPool
from assistant.web.telemetry.metrics import Metrics
from assistant.web.telemetry.traces import TraceExporter

ANSWER_THREADS = 16  # the same as the encoder's batch size


@dataclass(frozen=True)
class IndexSnapshot:
    """Everything that belongs to the live generation. When a new generation goes live, the whole snapshot is replaced.

    Attributes:
        assistant: the assistant that answers from this generation.
        introduction: the content of the introduction pages.
        roles: the roles a user can select in the introduction.
        build_date: the date on which the index was built, `YYYY-MM-DD`.
        worker_pool: the worker processes that answer questions, or None if the server process answers them.
    """

    assistant: Assistant
    introduction: Introduction
    roles: tuple[Role, ...] = ()
    build_date: str = ""
    worker_pool: WorkerPool | None = None

    @cached_property
    def answer_cache(self) -> AnswerCache:
        """The answer cache. It passes new questions to `worker_pool`, or to the assistant if there is no pool."""
        return AnswerCache(
            self.assistant, self.worker_pool.ask if self.worker_pool else partial(answer_question, self.assistant)
        )

    @cached_property
    def partner_diagram(self) -> PartnerDiagram:
        """The diagram of the partners and the connections between them."""
        return lay_out_partner_diagram(self.introduction.partner_connections)

    @cached_property
    def summary_by_document_id(self) -> dict[str, DocumentSummary]:
        """The summary of each document, by document id."""
        return {summary.document_id: summary for summary in self.introduction.summaries}


@dataclass
class Site:
    """The state shared by all routes.

    Each request reads `snapshot` only once, so that its response never mixes two generations.

    Attributes:
        snapshot: the live snapshot, which is replaced when a new index is loaded.
        branding: the look of the pages.
        store: the database, or None if nothing is stored.
        reload_problem: why a newer index could not be loaded, or "" if there is no problem.
        metrics: the metrics of this process.
        trace_exporter: the object that sends traces, or None if no trace collector is configured.
        answer_executor: the threads that handle questions from programs. The number of threads is fixed, because work
            on an answer continues even after the client disconnects.
    """

    snapshot: IndexSnapshot
    branding: Branding
    store: Store | None = None
    reload_problem: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    trace_exporter: TraceExporter | None = None
    answer_executor: Executor = field(default_factory=lambda: ThreadPoolExecutor(ANSWER_THREADS, "answer"))

    @property
    def assistant(self) -> Assistant:
        """The live snapshot's assistant."""
        return self.snapshot.assistant

    @property
    def introduction(self) -> Introduction:
        """The live snapshot's introduction."""
        return self.snapshot.introduction

    def record_answer(
        self, result: AnswerResult, snapshot: IndexSnapshot, channel: str, store_question: bool = True
    ) -> str:
        """Record an answer in the metrics, traces and store. Return the answer's id, or "" if it is not stored."""
        answer = result.answer
        self.metrics.count_answer(answer, channel)
        if self.trace_exporter:
            self.trace_exporter.record_answer(answer)
        if self.store is None:
            return ""
        generation = snapshot.assistant.index.manifest.generation
        return self.store.record_answer(answer, generation, channel, result.nearest_passage, store_question)
