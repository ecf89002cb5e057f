"""An answer with the stages that led to it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answering.answerability import Decision
from assistant.answering.features import Features
from assistant.answering.sentence_selection import ScoredSentence
from assistant.retrieval.query import Query
from assistant.schema import Answer, Passage, RetrievedPassage


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question: passages, their sentences weighed, and those that would be quoted."""

    query: Query
    retrieved: tuple[RetrievedPassage, ...]
    sentences: tuple[ScoredSentence, ...]
    selected: tuple[ScoredSentence, ...]
    features: Features | None


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer with every stage that led to it; the others are None for talk about the assistant."""

    answer: Answer
    evidence: Evidence | None = None
    decision: Decision | None = None

    @property
    def nearest(self) -> Passage | None:
        """The passage nearest to the question, None where nothing was looked for or found."""
        return self.evidence.retrieved[0].passage if self.evidence and self.evidence.retrieved else None
