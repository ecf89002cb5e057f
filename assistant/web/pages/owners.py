"""The owners' page, which shows usage, unanswered questions and feedback, and exports of the questions and feedback."""

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
from assistant.store.question_groups import MAX_GROUPED_QUESTIONS, QuestionGrouper
from assistant.store.tables import AnswerRow, FeedbackRow
from assistant.web.api.permissions import PermissionCheck
from assistant.web.shared.rendering import render_page
from assistant.web.shared.request_context import requested_language
from assistant.web.shared.site import Site

_MAX_ITEMS = 50  # the page shows at most this many question groups, and at most this many feedback items
_BAR_SPACING, _CHART_HEIGHT = 18, 160  # pixels
_FEEDBACK_FIELDS = ("feedback_id", "given_at", "rating", "reasons", "comment", "closed_at")
_ANSWER_FIELDS = (
    "answer_id", "asked_at", "verdict", "language", "confidence", "generation", "question", "answer",
)  # fmt: skip
_COLUMNS = (*_FEEDBACK_FIELDS, *_ANSWER_FIELDS, "quotes")


@dataclass(frozen=True, slots=True)
class UsageChartBar:
    """A segment of the usage chart, which represents one day's answers with one verdict. Coordinates are in pixels."""

    day: str
    verdict: str
    count: int
    x: float
    y: float
    height: float


def add_owner_routes(
    app: FastAPI, site: Site, store: Store, require_document_owner: PermissionCheck, probes: Path
) -> None:
    """Add `/owners/` and the routes under it, all of which check requests with `require_document_owner`.

    New probes are saved in the file `probes`.
    """
    grouper = QuestionGrouper(site.assistant.encoder)

    @app.get(
        "/owners/", response_class=HTMLResponse, include_in_schema=False, dependencies=[Depends(require_document_owner)]
    )
    def owners(request: Request) -> HTMLResponse:
        unanswered = store.list_answers([Verdict.UNCLEAR.value, Verdict.NOT_COVERED.value])
        usage = store.daily_usage()
        return render_page(
            site, request, "owners.html", groups=grouper.group_questions(unanswered)[:_MAX_ITEMS],
            max_grouped_questions=MAX_GROUPED_QUESTIONS, items=store.list_feedback(_MAX_ITEMS),
            usage=_count_by_day(usage), bars=_chart_bars(usage), chart_height=_CHART_HEIGHT, verdicts=list(Verdict),
            passages=site.assistant.index.row_by_passage_id, probes=probes,
        )  # fmt: skip

    _add_actions(app, store, require_document_owner, probes)
    _add_exports(app, store, require_document_owner)


def _add_actions(app: FastAPI, store: Store, require_document_owner: PermissionCheck, probes: Path) -> None:
    def find(feedback_id: int) -> FeedbackRow:
        row = store.find_feedback(feedback_id)
        if row is None:
            raise HTTPException(404, "no such feedback; it may have been deleted")
        return row

    def redirect_back(request: Request) -> RedirectResponse:
        language = requested_language(request.scope)
        return RedirectResponse("../../" + (f"?lang={language}" if language else ""), 303)

    @app.post(
        "/owners/feedback/{feedback_id}/close", include_in_schema=False, dependencies=[Depends(require_document_owner)]
    )
    def close(request: Request, feedback_id: int) -> RedirectResponse:
        find(feedback_id)
        store.close_feedback(feedback_id)
        return redirect_back(request)

    @app.post(
        "/owners/feedback/{feedback_id}/probe", include_in_schema=False, dependencies=[Depends(require_document_owner)]
    )
    def probe(
        request: Request,
        feedback_id: int,
        answerable: Annotated[bool, Form()] = False,
        words: Annotated[str, Form(max_length=MAX_QUESTION_CHARACTERS)] = "",
    ) -> RedirectResponse:
        answer = find(feedback_id).answer
        if answerable and not words.strip():
            raise HTTPException(422, "a probe with an expected answer needs words from the expected quote")
        if not answer.question:
            raise HTTPException(409, "the question was not stored; see the setting 'store_questions'")
        try:
            question = answer.resolved_question or answer.question
            expected = [words.strip()] if words.strip() else []
            add_probe(probes, f"answer-{answer.answer_id}", question, answerable, expected)
        except StoreError as error:
            raise HTTPException(503, str(error)) from None
        store.close_feedback(feedback_id)
        return redirect_back(request)


def _add_exports(app: FastAPI, store: Store, require_document_owner: PermissionCheck) -> None:
    @app.get("/owners/feedback.csv", include_in_schema=False, dependencies=[Depends(require_document_owner)])
    def feedback_csv() -> StreamingResponse:
        return _download(_csv_lines(store.list_feedback()), "text/csv; charset=utf-8", "feedback.csv")

    @app.get("/owners/feedback.jsonl", include_in_schema=False, dependencies=[Depends(require_document_owner)])
    def feedback_jsonl() -> StreamingResponse:
        lines = (
            json.dumps(_feedback_record(row), ensure_ascii=False, default=str) + "\n" for row in store.list_feedback()
        )
        return _download(lines, "application/jsonl; charset=utf-8", "feedback.jsonl")

    @app.get("/owners/unanswered.jsonl", include_in_schema=False, dependencies=[Depends(require_document_owner)])
    def unanswered_jsonl() -> StreamingResponse:
        rows = store.list_answers([Verdict.UNCLEAR.value, Verdict.NOT_COVERED.value])
        lines = (json.dumps(_unanswered_record(row), ensure_ascii=False, default=str) + "\n" for row in rows)
        return _download(lines, "application/jsonl; charset=utf-8", "unanswered.jsonl")


def _download(lines: Iterator[str], media_type: str, file_name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type=media_type, headers=headers)


def _feedback_record(row: FeedbackRow) -> dict[str, Any]:
    answer = row.answer
    feedback_values = {name: getattr(row, name) for name in _FEEDBACK_FIELDS}
    answer_values = {name: getattr(answer, name) for name in _ANSWER_FIELDS}
    return {**feedback_values, **answer_values, "quotes": [citation["quote"] for citation in answer.citations]}


def _unanswered_record(row: AnswerRow) -> dict[str, Any]:
    return {
        "asked_at": row.asked_at, "verdict": row.verdict, "language": row.language, "question": row.question,
        "nearest": row.nearest,
    }  # fmt: skip


def _csv_lines(rows: Sequence[FeedbackRow]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in _feedback_record(row).values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> str:
    """Format a value as a CSV cell.

    A leading apostrophe keeps spreadsheets from running the text as a formula (OWASP, "CSV Injection").
    """
    text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _count_by_day(usage: Sequence[tuple[str, str, int]]) -> dict[str, Counter[str]]:
    days: dict[str, Counter[str]] = {}
    for day, verdict, count in usage:
        days.setdefault(day, Counter())[verdict] = count
    return days


def _chart_bars(usage: Sequence[tuple[str, str, int]]) -> list[UsageChartBar]:
    """Lay out the usage chart, which has one column per day with one bar per verdict, stacked on top of each other."""
    days = _count_by_day(usage)
    max_count = max((sum(counts.values()) for counts in days.values()), default=1)
    bars = []
    for number, (day, counts) in enumerate(days.items()):
        top = float(_CHART_HEIGHT)
        for verdict in Verdict:
            height = round(_CHART_HEIGHT * counts[verdict.value] / max_count, 1)
            top -= height
            bars.append(
                UsageChartBar(day, verdict.value, counts[verdict.value], number * _BAR_SPACING, round(top, 1), height)
            )
    return bars
