"""The search page, without a script."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from assistant.conversation.question import MOST_CHARACTERS
from assistant.web.api.search import FOUND, search
from assistant.web.site.rendering import page
from assistant.web.site.request_context import page_language
from assistant.web.site.site import Site


def add_search_page(app: FastAPI, site: Site) -> None:
    """Add `/search/`."""

    @app.get("/search/", response_class=HTMLResponse, include_in_schema=False)
    def search_page(request: Request) -> HTMLResponse:
        asked = request.query_params.get("q", "")[:MOST_CHARACTERS]
        language = page_language(request.scope, site.assistant.language)
        found = search(site.assistant, asked, FOUND, language)
        return page(site, request, "search.html", asked=asked, found=found)
