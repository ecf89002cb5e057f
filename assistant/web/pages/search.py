"""The search page, which works without JavaScript."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.conversation.question import MAX_QUESTION_CHARACTERS
from assistant.web.api.search import DEFAULT_HIT_COUNT, search_passages
from assistant.web.shared.rendering import render_page
from assistant.web.shared.request_context import request_language
from assistant.web.shared.site import Site


def add_search_page(app: FastAPI, site: Site) -> None:
    """Add `/search/`."""

    @app.get("/search/", response_class=HTMLResponse, include_in_schema=False)
    def search_page(request: Request) -> HTMLResponse:
        question = request.query_params.get("q", "")[:MAX_QUESTION_CHARACTERS]
        language = request_language(request.scope, site.assistant.default_language)
        hits = search_passages(site.assistant, question, DEFAULT_HIT_COUNT, language)
        return render_page(site, request, "search.html", question=question, hits=hits)
