"""Unanswered questions, those that mean the same together: what the owners of the texts should write next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.embedding.encoder import Encoder
from assistant.index.calibration import QUESTIONS
from assistant.store.tables import AnswerRow

_MOST = 500  # of the newest
# Cosine distance of vectors with the mean of neutral questions taken off. Chosen on 19 questions of eight
# meanings in two languages (adjusted Rand index 0.64); it rather divides too much than mixes meanings.
_APART = 0.5


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that mean the same, or, without their text, those nearest to one passage."""

    questions: tuple[str, ...]  # the most frequent first; () where no text is stored
    count: int
    verdicts: dict[str, int]
    nearest: dict[str, Any] | None
    newest: str


def group_unanswered(rows: Sequence[AnswerRow], encoder: Encoder) -> list[Group]:
    """Groups of refused questions, the largest first."""
    rows = list(rows)[:_MOST]
    with_text = [row for row in rows if row.question]
    groups = _by_meaning(with_text, encoder) + _by_passage([row for row in rows if not row.question])
    made = [_group(members) for members in groups]
    return sorted(made, key=lambda group: (-group.count, group.questions))


def _by_meaning(rows: Sequence[AnswerRow], encoder: Encoder) -> list[list[AnswerRow]]:
    """Average linkage over the questions' vectors, equal words counted once."""
    texts = sorted({_asked(row) for row in rows})
    labels = _labels(texts, encoder)
    groups: dict[int, list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault(labels[_asked(row)], []).append(row)
    return list(groups.values())


def _labels(texts: Sequence[str], encoder: Encoder) -> dict[str, int]:
    if len(texts) < 2:
        return dict.fromkeys(texts, 0)
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    neutral = [question for questions in QUESTIONS.values() for question in questions]
    vectors = encoder.encode_questions(texts).vectors - encoder.encode_questions(neutral).vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9)
    clustering = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=_APART)
    return dict(zip(texts, clustering.fit(vectors).labels_.tolist(), strict=True))


def _by_passage(rows: Sequence[AnswerRow]) -> list[list[AnswerRow]]:
    groups: dict[str, list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault((row.nearest or {}).get("passage_id", ""), []).append(row)
    return list(groups.values())


def _asked(row: AnswerRow) -> str:
    return row.resolved_question or row.question or ""


def _group(members: Sequence[AnswerRow]) -> Group:
    texts = [_asked(row) for row in members if row.question]
    verdicts = [row.verdict for row in members]
    return Group(
        questions=tuple(sorted(set(texts), key=lambda text: (-texts.count(text), text))),
        count=len(members),
        verdicts={verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
        nearest=next((row.nearest for row in members if row.nearest), None),
        newest=max(row.asked_at for row in members).strftime("%Y-%m-%d"),
    )
