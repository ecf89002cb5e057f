"""Groups refused questions by meaning to show document owners what is missing from their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.embedding.centring_texts import NEUTRAL_QUESTIONS
from assistant.embedding.encoder import Encoder
from assistant.store.tables import AnswerRow

MAX_GROUPED_QUESTIONS = 500  # only the newest questions are grouped
# A threshold for the cosine distance between question vectors from which the mean vector of neutral questions has been
# subtracted. It was selected on 19 questions with eight meanings in two languages (adjusted Rand index 0.64). With this
# threshold, groups tend to be too small rather than too large.
_DISTANCE_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that have the same meaning or, if their text isn't stored, the same nearest passage."""

    questions: tuple[str, ...]  # most frequent first; () if their text isn't stored
    question_count: int
    verdict_counts: dict[str, int]
    nearest_passage: dict[str, Any] | None
    newest_date: str


class QuestionGrouper:
    """Groups refused questions. The vectors of the questions in the latest call are cached in memory.

    Args:
        encoder: embeds the questions.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Any] = {}
        self._mean_vector: Any = None

    def group_questions(self, rows: Sequence[AnswerRow]) -> list[QuestionGroup]:
        """Group the first `MAX_GROUPED_QUESTIONS` of `rows`, which must be sorted newest first.

        The groups are returned largest first.
        """
        rows = list(rows)[:MAX_GROUPED_QUESTIONS]
        with_text = [row for row in rows if row.question]
        groups = self._group_by_meaning(with_text) + _group_by_passage([row for row in rows if not row.question])
        return sorted(
            (_make_group(members) for members in groups), key=lambda group: (-group.question_count, group.questions)
        )

    def _group_by_meaning(self, rows: Sequence[AnswerRow]) -> list[list[AnswerRow]]:
        """Cluster the vectors of the questions by average linkage. Identical questions are clustered as one."""
        texts = sorted({_question_text(row) for row in rows})
        labels = self._cluster_labels(texts)
        groups: dict[int, list[AnswerRow]] = {}
        for row in rows:
            groups.setdefault(labels[_question_text(row)], []).append(row)
        return list(groups.values())

    def _cluster_labels(self, texts: Sequence[str]) -> dict[str, int]:
        if len(texts) < 2:
            return dict.fromkeys(texts, 0)
        import numpy as np
        from sklearn.cluster import AgglomerativeClustering

        if self._mean_vector is None:
            neutral = [question for questions in NEUTRAL_QUESTIONS.values() for question in questions]
            self._mean_vector = self._encoder.encode_questions(neutral).vectors.mean(axis=0)
        new = [text for text in texts if text not in self._vectors]
        cached = {text: self._vectors[text] for text in texts if text in self._vectors}
        encoded = self._encoder.encode_questions(new).vectors if new else ()
        self._vectors = {**cached, **dict(zip(new, encoded, strict=True))}  # the cache drops all other questions
        vectors = np.stack([self._vectors[text] for text in texts]) - self._mean_vector
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9)
        clustering = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=_DISTANCE_THRESHOLD
        )
        return dict(zip(texts, clustering.fit(vectors).labels_.tolist(), strict=True))


def _group_by_passage(rows: Sequence[AnswerRow]) -> list[list[AnswerRow]]:
    groups: dict[str, list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault((row.nearest or {}).get("passage_id", ""), []).append(row)
    return list(groups.values())


def _question_text(row: AnswerRow) -> str:
    return row.resolved_question or row.question or ""


def _make_group(members: Sequence[AnswerRow]) -> QuestionGroup:
    texts = [_question_text(row) for row in members if row.question]
    verdicts = [row.verdict for row in members]
    return QuestionGroup(
        questions=tuple(sorted(set(texts), key=lambda text: (-texts.count(text), text))),
        question_count=len(members),
        verdict_counts={verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        nearest_passage=next((row.nearest for row in members if row.nearest), None),
        newest_date=max(row.asked_at for row in members).strftime("%Y-%m-%d"),
    )
