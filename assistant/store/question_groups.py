"""Unanswered questions, those that mean the same together: what the owners of the texts should write next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.embedding.encoder import Encoder
from assistant.index.search.neutral_texts import NEUTRAL_QUESTIONS
from assistant.store.tables import AnswerRow

MAX_GROUPED = 500  # of the newest
# Cosine distance of vectors with the mean of neutral questions taken off. Chosen on 19 questions of eight
# meanings in two languages (adjusted Rand index 0.64); it rather divides too much than mixes meanings.
_APART = 0.5


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that mean the same, or, without their text, those nearest to one passage."""

    questions: tuple[str, ...]  # the most frequent first; () where no text is stored
    count: int
    verdicts: dict[str, int]
    nearest: dict[str, Any] | None
    newest: str


class QuestionGrouper:
    """Groups refused questions; vectors of questions that were seen before are kept in memory.

    Args:
        encoder: makes the vectors.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Any] = {}
        self._centre: Any = None

    def groups(self, rows: Sequence[AnswerRow]) -> list[QuestionGroup]:
        """Groups of the newest refused questions, the largest first."""
        rows = list(rows)[:MAX_GROUPED]
        with_text = [row for row in rows if row.question]
        groups = self._by_meaning(with_text) + _by_passage([row for row in rows if not row.question])
        return sorted((_group(members) for members in groups), key=lambda group: (-group.count, group.questions))

    def _by_meaning(self, rows: Sequence[AnswerRow]) -> list[list[AnswerRow]]:
        """Average linkage over the questions' vectors, equal words counted once."""
        texts = sorted({_asked(row) for row in rows})
        labels = self._labels(texts)
        groups: dict[int, list[AnswerRow]] = {}
        for row in rows:
            groups.setdefault(labels[_asked(row)], []).append(row)
        return list(groups.values())

    def _labels(self, texts: Sequence[str]) -> dict[str, int]:
        if len(texts) < 2:
            return dict.fromkeys(texts, 0)
        import numpy as np
        from sklearn.cluster import AgglomerativeClustering

        if self._centre is None:
            neutral = [question for questions in NEUTRAL_QUESTIONS.values() for question in questions]
            self._centre = self._encoder.encode_questions(neutral).vectors.mean(axis=0)
        new = [text for text in texts if text not in self._vectors]
        known = {text: self._vectors[text] for text in texts if text in self._vectors}
        made = self._encoder.encode_questions(new).vectors if new else ()
        self._vectors = {**known, **dict(zip(new, made, strict=True))}  # only what is looked at stays
        vectors = np.stack([self._vectors[text] for text in texts]) - self._centre
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9)
        clustering = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=_APART
        )
        return dict(zip(texts, clustering.fit(vectors).labels_.tolist(), strict=True))


def _by_passage(rows: Sequence[AnswerRow]) -> list[list[AnswerRow]]:
    groups: dict[str, list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault((row.nearest or {}).get("passage_id", ""), []).append(row)
    return list(groups.values())


def _asked(row: AnswerRow) -> str:
    return row.resolved_question or row.question or ""


def _group(members: Sequence[AnswerRow]) -> QuestionGroup:
    texts = [_asked(row) for row in members if row.question]
    verdicts = [row.verdict for row in members]
    return QuestionGroup(
        questions=tuple(sorted(set(texts), key=lambda text: (-texts.count(text), text))),
        count=len(members),
        verdicts={verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        nearest=next((row.nearest for row in members if row.nearest), None),
        newest=max(row.asked_at for row in members).strftime("%Y-%m-%d"),
    )
