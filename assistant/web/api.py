"""The FastAPI app: JSON and SSE under `/api/v1`, reading pages under `/sources`, health checks.

The widget and other programs talk to this, never to Gradio's own endpoints.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from assistant import __version__
from assistant.errors import AssistantError
from assistant.index.loaded import Index
from assistant.schema import Passage
from assistant.web.access.roles import metrics_check, owner_check
from assistant.web.asking import add_ask
from assistant.web.feedback import add_feedback
from assistant.web.metrics import add_metrics
from assistant.web.openai import add_openai, openai_error
from assistant.web.openapi import add_openapi
from assistant.web.owners import add_owners
from assistant.web.paths import own_path
from assistant.web.problems import problem_response
from assistant.web.reading import Offset, add_reading
from assistant.web.search import add_search
from assistant.web.site import Site, fragment_url, page
from assistant.web.tour import add_tour
from assistant.web.widget import add_widget

STATIC = Path(__file__).parent / "static"
_SURROUNDINGS = 600  # characters before and after a passage


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
    add_ask(app, site)
    _add_texts(app, site)
    add_feedback(app, site)
    add_search(app, site)
    add_reading(app, site)
    add_tour(app, site)
    add_widget(app, site)
    add_openai(app, site)
    add_openapi(app, site)
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
        edition = site.edition
        checks = {
            "index": site.problem or "ok",
            "store": "ok" if site.store else "off",
            "workers": edition.workers.state() if edition.workers else "off",
        }
        return Readiness(status="ready", generation=edition.assistant.index.manifest.generation, checks=checks)


def _add_texts(app: FastAPI, site: Site) -> None:
    def find(index: Index, passage_id: str) -> Passage:
        row = index.rows.get(passage_id)
        if row is None:
            raise HTTPException(404, "no such passage; the text may have changed since it was cited")
        return index.passages[row]

    @app.get("/api/v1/passages/{passage_id}", tags=["texts"])
    def passage(
        passage_id: str,
        start: Offset | None = None,
        end: Offset | None = None,
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
        index = site.assistant.index
        return [
            DocumentResponse(
                document_id=item.document_id, title=item.title, url=item.url, language=item.language,
                source=item.source, characters=len(item.text), passages=len(range(*index.rows_of(item.document_id))),
            )
            for item in index.documents.values()
        ]  # fmt: skip


def _problem_of(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def problem(request: Request, error: Exception) -> Response:
        """A page for people, problem details for programs."""
        assert isinstance(error, StarletteHTTPException)  # registered for it alone
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if error.status_code in {403, 404} and wants_page:
            return page(site, request, "error.html", status=error.status_code, allowed=error.status_code == 404)
        if own_path(request.scope).startswith("/v1/"):
            made = openai_error(error.status_code, str(error.detail))
        else:
            made = problem_response(error.status_code, "Not answered", str(error.detail))
        made.headers.update(error.headers or {})
        return made

    return problem


async def _unavailable(_: Request, error: Exception) -> Response:
    """The index can't be answered from, say because a file of it was damaged while the server ran."""
    return problem_response(503, "Not available", str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """What is wrong with a request, without an echo of what was sent."""
    assert isinstance(error, RequestValidationError)  # registered for it alone
    complaints = [f"{_place(item)}: {item['msg']}" for item in error.errors()]
    detail = "; ".join(complaints[:5])
    if own_path(request.scope).startswith("/v1/"):
        return openai_error(422, detail)
    return problem_response(422, "The request doesn't fit", detail)


def _place(item: Any) -> str:
    """Where a complaint belongs; a name that isn't ours is the sender's own word."""
    parts = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    return ".".join(str(part) for part in parts)
