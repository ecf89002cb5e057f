"""The front page (which redirects to the chat), the page about the assistant, the icon and the logo."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from assistant.web.shared.rendering import render_page
from assistant.web.shared.site import Site

STATIC_FOLDER = Path(__file__).parents[1] / "static"


def add_home_routes(app: FastAPI, site: Site) -> None:
    """Add `/`, `/about/`, `/favicon.ico` and `/logo`."""

    @app.get("/", include_in_schema=False)
    def front_page() -> RedirectResponse:
        return RedirectResponse("chat/")

    @app.get("/about/", include_in_schema=False)
    def about(request: Request) -> HTMLResponse:
        return render_page(site, request, "about.html")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return Response((STATIC_FOLDER / "icon.svg").read_bytes(), media_type="image/svg+xml")

    @app.get("/logo", include_in_schema=False)
    def logo() -> Response:
        if site.branding.logo_bytes is None:
            raise HTTPException(404, "this server has no logo")
        return Response(site.branding.logo_bytes, media_type=site.branding.logo_media_type)
