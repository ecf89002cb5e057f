"""The search page, without a script."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.conversation.question import MAX_QUESTION_CHARACTERS
from assistant.web.api.search import DEFAULT_HITS, search_passages
from assistant.web.site.rendering import render_page
from assistant.web.site.request_context import request_language
from assistant.web.site.site import Site


def add_search_page(app: FastAPI, site: Site) -> None:
    """Add `/search/`."""

    @app.get("/search/", response_class=HTMLResponse, include_in_schema=False)
    def search_page(request: Request) -> HTMLResponse:
        asked = request.query_params.get("q", "")[:MAX_QUESTION_CHARACTERS]
        language = request_language(request.scope, site.assistant.language)
        found = search_passages(site.assistant, asked, DEFAULT_HITS, language)
        return render_page(site, request, "search.html", asked=asked, found=found)
