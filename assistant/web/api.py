"""The FastAPI app: JSON and SSE under `/api/v1`, reading pages under `/sources`, health checks.

The widget and other programs talk to this, never to Gradio's own endpoints.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from assistant import __version__
from assistant.chat import MOST_CHARACTERS, MOST_TURNS
from assistant.errors import AssistantError, QuestionError
from assistant.index.loaded import Index
from assistant.retrieval import Filter
from assistant.schema import Answer, Passage, Turn, answer_as_dict
from assistant.web.access.roles import metrics_check, owner_check
from assistant.web.feedback import add_feedback
from assistant.web.metrics import add_metrics
from assistant.web.openai import add_openai, openai_error
from assistant.web.owners import add_owners
from assistant.web.reading import add_reading
from assistant.web.search import add_search
from assistant.web.site import Site, fragment_url, page
from assistant.web.tour import add_tour
from assistant.web.widget import add_widget

STATIC = Path(__file__).parent / "static"
_SURROUNDINGS = 600  # characters before and after a passage


class AskedTurn(BaseModel):
    """An earlier turn of the conversation, as the answers to it gave it back."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    resolved_question: str = Field("", max_length=2 * MOST_CHARACTERS)


class AskFilter(BaseModel):
    """Which texts to answer from: documents or folders of the corpus, and a language code."""

    model_config = ConfigDict(extra="forbid")

    documents: list[Annotated[str, Field(max_length=1000)]] = Field(default=[], max_length=100)
    language: str | None = Field(None, pattern="^[a-z]{2}$")


class AskRequest(BaseModel):
    """A question, and the turns before it, oldest first."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    history: list[AskedTurn] = Field(default=[], max_length=MOST_TURNS)
    filter: AskFilter = AskFilter()
    store: bool = Field(True, description="false: the question's text is not stored, even where others are")


class PassageResponse(BaseModel):
    """A passage with its surroundings: `before + text + after` is a stretch of the document."""

    passage_id: str
    document_id: str
    title: str
    url: str | None
    language: str
    heading: list[str]
    text: str
    before: str
    after: str
    start: int
    end: int
    retrieved: str | None
    changed: str
    public_url: str | None


class DocumentResponse(BaseModel):
    """A document of the corpus."""

    document_id: str
    title: str
    url: str | None
    language: str
    source: str | None
    characters: int
    passages: int


class Readiness(BaseModel):
    """That the server answers, from which generation, and what was checked: "ok", "off" or what is wrong."""

    status: str
    generation: str
    checks: dict[str, str]


def create_app(
    site: Site, owners_password: str = "", probes: Path = Path("probes.jsonl"), owners: bool = False
) -> FastAPI:
    """The app that shows `site`, without the Gradio page.

    With a password, or with `owners` who are known by signing in, it has an owners' page.
    """
    app = FastAPI(
        title="Collaboration assistant", version=__version__, openapi_url="/api/openapi.json",
        docs_url=None, redoc_url=None,  # their pages load scripts from other hosts
    )  # fmt: skip
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StarletteHTTPException, _problem_of(site))
    app.add_exception_handler(AssistantError, _unavailable)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _add_pages(app, site)
    _add_ask(app, site)
    _add_texts(app, site)
    add_feedback(app, site)
    add_search(app, site)
    add_reading(app, site)
    add_tour(app, site)
    add_widget(app, site)
    add_openai(app, site)
    add_metrics(app, site, metrics_check(owners_password))
    if site.store and (owners_password or owners):
        add_owners(app, site, site.store, owner_check(owners_password), probes)
    return app


def _add_pages(app: FastAPI, site: Site) -> None:
    @app.get("/", include_in_schema=False)
    def start() -> RedirectResponse:
        return RedirectResponse("chat/")

    @app.get("/about/", include_in_schema=False)
    def about(request: Request) -> HTMLResponse:
        return page(site, request, "about.html")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return Response((STATIC / "icon.svg").read_bytes(), media_type="image/svg+xml")

    @app.get("/logo", include_in_schema=False)
    def logo() -> Response:
        if site.look.logo is None:
            raise HTTPException(404, "this server has no logo")
        return Response(site.look.logo, media_type=site.look.logo_type)

    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """The process is up."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> Readiness:
        """The index is loaded and verified: the server starts to listen only then."""
        checks = {"index": site.problem or "ok", "store": "ok" if site.store else "off"}
        return Readiness(status="ready", generation=site.assistant.index.manifest.generation, checks=checks)


def _add_ask(app: FastAPI, site: Site) -> None:
    @app.post(
        "/api/v1/ask", tags=["answers"], response_model=Answer,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    def ask(request: Request, body: AskRequest) -> Any:
        """Answer a question; with `Accept: text/event-stream` as the events meta, citations, delta, done."""
        history = [Turn(turn.question, turn.resolved_question) for turn in body.history]
        try:
            only = Filter(tuple(body.filter.documents), body.filter.language)
            edition = site.edition
            answer = edition.assistant.ask(body.question, history, only)
        except QuestionError as error:
            raise HTTPException(422, str(error)) from None
        answer = replace(answer, answer_id=site.record(answer, edition, "api", body.store))
        if "text/event-stream" in request.headers.get("accept", ""):
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_events(answer), media_type="text/event-stream", headers=headers)
        return JSONResponse(answer_as_dict(answer), headers={"Cache-Control": "no-store"})


def _events(answer: Answer) -> Iterator[str]:
    """The events of a streamed answer; the deltas joined are the text of the answer."""
    whole: Any = answer_as_dict(answer)
    about = ("resolved_question", "language", "verdict", "abstained", "confidence", "answer_id")
    yield _event("meta", {key: whole[key] for key in about})
    yield _event("citations", {"citations": whole["citations"], "closest": whole["closest"]})
    words = answer.answer.split(" ")
    for number, word in enumerate(words):
        yield _event("delta", {"text": word if number == 0 else " " + word})
    yield _event("done", whole)


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _add_texts(app: FastAPI, site: Site) -> None:
    def find(index: Index, passage_id: str) -> Passage:
        row = index.rows.get(passage_id)
        if row is None:
            raise HTTPException(404, "no such passage; the text may have changed since it was cited")
        return index.passages[row]

    @app.get("/api/v1/passages/{passage_id}", tags=["texts"])
    def passage(
        passage_id: str,
        start: Annotated[int | None, Query(ge=0)] = None,
        end: Annotated[int | None, Query(ge=0)] = None,
    ) -> PassageResponse:
        """A passage with its surroundings; the public address leads to the quote at `start` to `end`."""
        assistant = site.assistant
        index = assistant.index
        found = find(index, passage_id)
        document = index.documents[found.document_id]
        quote = found.text
        if start is not None and end is not None and found.start <= start < end <= found.end:
            quote = document.text[start:end]
        keep = ("passage_id", "document_id", "title", "url", "language", "text", "start", "end")
        values = asdict(found)
        return PassageResponse(
            **{key: values[key] for key in keep},
            heading=list(found.heading),
            before=document.text[max(0, found.start - _SURROUNDINGS) : found.start],
            after=document.text[found.end : found.end + _SURROUNDINGS],
            retrieved=document.retrieved,
            changed=assistant.changed(found.document_id),
            public_url=fragment_url(found.url, quote) if found.url else None,
        )

    @app.get("/api/v1/documents", tags=["texts"])
    def documents() -> list[DocumentResponse]:
        """The documents of the corpus."""
        edition = site.edition
        return [
            DocumentResponse(
                document_id=item.document_id, title=item.title, url=item.url, language=item.language,
                source=item.source, characters=len(item.text), passages=len(edition.passages.get(item.document_id, ())),
            )
            for item in edition.assistant.index.documents.values()
        ]  # fmt: skip


def _problem_response(status: int, title: str, detail: str) -> JSONResponse:
    """Problem details, RFC 9457."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(content, status_code=status, media_type="application/problem+json")


def _problem_of(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def problem(request: Request, error: Exception) -> Response:
        """A page for people, problem details for programs."""
        assert isinstance(error, StarletteHTTPException)  # registered for it alone
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if error.status_code in {403, 404} and wants_page:
            return page(site, request, "error.html", status=error.status_code, allowed=error.status_code == 404)
        made = _problem_response(error.status_code, "Not answered", str(error.detail))
        made.headers.update(error.headers or {})
        return made

    return problem


async def _unavailable(_: Request, error: Exception) -> Response:
    """The index can't be answered from, say because a file of it was damaged while the server ran."""
    return _problem_response(503, "Not available", str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """What is wrong with a request, without an echo of what was sent."""
    assert isinstance(error, RequestValidationError)  # registered for it alone
    complaints = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    detail = "; ".join(complaints[:5])
    if request.url.path.startswith("/v1/"):
        return openai_error(422, detail)
    return _problem_response(422, "The request doesn't fit", detail)
