"""Defines the trace of an answer: the answer together with the results of the stages that led to it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.answering.answerability import Decision
from assistant.answering.features import Features
from assistant.answering.reading import ReadingFeatures
from assistant.answering.sentence_selection import ScoredSentence
from assistant.retrieval.query import Query
from assistant.schema import Answer, Passage, RetrievedPassage


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence found for a question.

    Attributes:
        query: the encoded question.
        retrieved_passages: the retrieved passages, best first.
        scored_sentences: all sentences of the retrieved passages, best first.
        selected_sentences: the sentences, in reading order, that are quoted if the verdict is ANSWERED.
        best_sentence_features: the features of the best sentence; None if there are no sentences.
        reading_features: what the reader makes of the best sentences; None if it hasn't read any.
    """

    query: Query
    retrieved_passages: tuple[RetrievedPassage, ...]
    scored_sentences: tuple[ScoredSentence, ...]
    selected_sentences: tuple[ScoredSentence, ...]
    best_sentence_features: Features | None
    reading_features: ReadingFeatures | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """An answer with the results of the stages that led to it. For small talk, `evidence` and `decision` are None."""

    answer: Answer
    evidence: Evidence | None = None
    decision: Decision | None = None

    @property
    def nearest_passage(self) -> Passage | None:
        """The retrieved passage that ranks highest, or None if nothing was retrieved."""
        return (
            self.evidence.retrieved_passages[0].passage if self.evidence and self.evidence.retrieved_passages else None
        )
