"""The widget: `<gms-assistant>` for any page, its versioned address, and a page that shows every option."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from assistant.onboarding.questions import example_questions
from assistant.web.site.rendering import render_page
from assistant.web.site.request_context import request_language
from assistant.web.site.site import Site

VERSION = 1  # of the element's attributes, events and methods; a page that embeds it names this version
_FILE = Path(__file__).parent / "widget.js"
# Any page may load the file; which page may ask is decided where it asks.
_HEADERS = {
    "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Origin",
    "Cache-Control": "public, max-age=300",
}  # fmt: skip


def integrity(script: bytes) -> str:
    """The hash by which a browser refuses another file than this one (W3C, "Subresource Integrity")."""
    return "sha384-" + base64.b64encode(hashlib.sha384(script).digest()).decode()


def add_widget(app: FastAPI, site: Site) -> None:
    """Add `/widget.js`, `/widget/1/widget.js` and the page `/widget/`."""
    script = _FILE.read_bytes()
    tag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'

    @app.get("/widget.js", include_in_schema=False)
    @app.get(f"/widget/{VERSION}/widget.js", include_in_schema=False)
    def widget(request: Request) -> Response:
        headers = {**_HEADERS, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    @app.get("/widget/", response_class=HTMLResponse, include_in_schema=False)
    def demo(request: Request) -> HTMLResponse:
        language = request_language(request.scope, site.assistant.language)
        suggestions = json.dumps(example_questions(site.introduction.questions, language, 3), ensure_ascii=False)
        base = str(request.base_url).rstrip("/")
        return render_page(
            site, request, "widget.html", base=base, version=VERSION, integrity=integrity(script),
            suggestions=suggestions,
        )  # fmt: skip
