"""The owners' page: what was not answered, what people said, and how much is asked."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from assistant.conversation.question import MAX_QUESTION_CHARACTERS
from assistant.errors import StoreError
from assistant.schema import Verdict
from assistant.store.database import Store
from assistant.store.probes import add_probe
from assistant.store.question_groups import MAX_GROUPED, QuestionGrouper
from assistant.store.tables import AnswerRow, FeedbackRow
from assistant.web.api.permissions import PermissionCheck
from assistant.web.site.rendering import render_page
from assistant.web.site.request_context import language_parameter
from assistant.web.site.site import Site

_SHOWN, _BAR, _HEIGHT = 50, 18, 160  # groups and feedback on the page; pixels of the plot
_COLUMNS = (
    "feedback_id", "given_at", "rating", "reasons", "comment", "closed_at", "answer_id", "asked_at", "verdict",
    "language", "confidence", "generation", "question", "answer", "quotes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a day's column: answers of one verdict."""

    day: str
    verdict: str
    count: int
    x: float
    y: float
    height: float


def add_owners(app: FastAPI, site: Site, store: Store, owner: PermissionCheck, probes: Path) -> None:
    """Add `/owners/`, for whoever passes `owner`."""
    grouping = QuestionGrouper(site.assistant.encoder)

    @app.get("/owners/", response_class=HTMLResponse, include_in_schema=False, dependencies=[Depends(owner)])
    def owners(request: Request) -> HTMLResponse:
        refused = store.answers([Verdict.UNCLEAR.value, Verdict.NOT_COVERED.value])
        usage = store.usage()
        return render_page(
            site, request, "owners.html", groups=grouping.groups(refused)[:_SHOWN], newest=MAX_GROUPED,
            items=store.feedback(_SHOWN), bars=_bars(usage), usage=_by_day(usage), verdicts=list(Verdict),
            height=_HEIGHT, passages=site.assistant.index.rows, probes=probes,
        )  # fmt: skip

    _add_actions(app, store, owner, probes)
    _add_exports(app, store, owner)


def _add_actions(app: FastAPI, store: Store, owner: PermissionCheck, probes: Path) -> None:
    def found(feedback_id: int) -> FeedbackRow:
        row = store.one_feedback(feedback_id)
        if row is None:
            raise HTTPException(404, "no such feedback; it may have been deleted")
        return row

    def back(request: Request) -> RedirectResponse:
        chosen = language_parameter(request.scope)
        return RedirectResponse("../../" + (f"?lang={chosen}" if chosen else ""), 303)

    @app.post("/owners/feedback/{feedback_id}/close", include_in_schema=False, dependencies=[Depends(owner)])
    def close(request: Request, feedback_id: int) -> RedirectResponse:
        found(feedback_id)
        store.close_feedback(feedback_id)
        return back(request)

    @app.post("/owners/feedback/{feedback_id}/probe", include_in_schema=False, dependencies=[Depends(owner)])
    def probe(
        request: Request,
        feedback_id: int,
        answerable: Annotated[bool, Form()] = False,
        words: Annotated[str, Form(max_length=MAX_QUESTION_CHARACTERS)] = "",
    ) -> RedirectResponse:
        row = found(feedback_id).given_for
        if answerable and not words.strip():
            raise HTTPException(422, "a probe that should be answered needs words of the right quote")
        if not row.question:
            raise HTTPException(409, "the question's text was not stored; see the setting store_questions")
        try:
            asked = row.resolved_question or row.question
            add_probe(probes, f"answer-{row.answer_id}", asked, answerable, [words.strip()] if words.strip() else [])
        except StoreError as error:
            raise HTTPException(503, str(error)) from None
        store.close_feedback(feedback_id)
        return back(request)


def _add_exports(app: FastAPI, store: Store, owner: PermissionCheck) -> None:
    @app.get("/owners/feedback.csv", include_in_schema=False, dependencies=[Depends(owner)])
    def as_csv() -> StreamingResponse:
        return _download(_csv(store.feedback()), "text/csv; charset=utf-8", "feedback.csv")

    @app.get("/owners/feedback.jsonl", include_in_schema=False, dependencies=[Depends(owner)])
    def as_jsonl() -> StreamingResponse:
        lines = (json.dumps(_record(row), ensure_ascii=False, default=str) + "\n" for row in store.feedback())
        return _download(lines, "application/jsonl; charset=utf-8", "feedback.jsonl")

    @app.get("/owners/unanswered.jsonl", include_in_schema=False, dependencies=[Depends(owner)])
    def unanswered() -> StreamingResponse:
        rows = store.answers([Verdict.UNCLEAR.value, Verdict.NOT_COVERED.value])
        lines = (json.dumps(_refused(row), ensure_ascii=False, default=str) + "\n" for row in rows)
        return _download(lines, "application/jsonl; charset=utf-8", "unanswered.jsonl")


def _download(lines: Iterator[str], kind: str, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type=kind, headers=headers)


def _record(row: FeedbackRow) -> dict[str, Any]:
    answer = row.given_for
    own = {name: getattr(row, name) for name in _COLUMNS[:6]}
    of_answer = {name: getattr(answer, name) for name in _COLUMNS[6:-1]}
    return {**own, **of_answer, "quotes": [citation["quote"] for citation in answer.citations]}


def _refused(row: AnswerRow) -> dict[str, Any]:
    return {
        "asked_at": row.asked_at, "verdict": row.verdict, "language": row.language, "question": row.question,
        "nearest": row.nearest,
    }  # fmt: skip


def _csv(rows: Sequence[FeedbackRow]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in _record(row).values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> str:
    """A value as a cell; one that a spreadsheet would take for a formula is made text (OWASP, "CSV Injection")."""
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _by_day(usage: Sequence[tuple[str, str, int]]) -> dict[str, Counter[str]]:
    days: dict[str, Counter[str]] = {}
    for day, verdict, count in usage:
        days.setdefault(day, Counter())[verdict] = count
    return days


def _bars(usage: Sequence[tuple[str, str, int]]) -> list[Bar]:
    """The plot: a column for each day, its verdicts one on the other."""
    days = _by_day(usage)
    most = max((sum(counts.values()) for counts in days.values()), default=1)
    bars = []
    for number, (day, counts) in enumerate(days.items()):
        top = float(_HEIGHT)
        for verdict in Verdict:
            height = round(_HEIGHT * counts[verdict.value] / most, 1)
            top -= height
            bars.append(Bar(day, verdict.value, counts[verdict.value], number * _BAR, round(top, 1), height))
    return bars
