"""The routes of the widget `<gms-assistant>`: its script, which also has a versioned URL, and a documentation page."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from assistant.onboarding.questions import select_example_questions
from assistant.web.shared.rendering import render_page
from assistant.web.shared.request_context import request_language
from assistant.web.shared.site import Site

WIDGET_VERSION = 1  # the version of the widget's interface, which is part of the script's versioned URL
_SCRIPT_FILE = Path(__file__).parent / "widget.js"
# Pages from any origin may load the script, but only the allowed origins may send questions to the API.
_HEADERS = {
    "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Origin",
    "Cache-Control": "public, max-age=300",
}  # fmt: skip


def integrity_hash(script: bytes) -> str:
    """Return the hash of `script` for the HTML attribute `integrity` (W3C, "Subresource Integrity")."""
    return "sha384-" + base64.b64encode(hashlib.sha384(script).digest()).decode()


def add_widget_routes(app: FastAPI, site: Site) -> None:
    """Add `/widget.js`, `/widget/1/widget.js` and the page `/widget/`."""
    script = _SCRIPT_FILE.read_bytes()
    etag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'

    @app.get("/widget.js", include_in_schema=False)
    @app.get(f"/widget/{WIDGET_VERSION}/widget.js", include_in_schema=False)
    def widget_script(request: Request) -> Response:
        headers = {**_HEADERS, "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)

    @app.get("/widget/", response_class=HTMLResponse, include_in_schema=False)
    def widget_page(request: Request) -> HTMLResponse:
        language = request_language(request.scope, site.assistant.default_language)
        suggestions = json.dumps(
            select_example_questions(site.introduction.suggested_questions, language, 3), ensure_ascii=False
        )
        base_url = str(request.base_url).rstrip("/")
        return render_page(
            site, request, "widget.html", base_url=base_url, version=WIDGET_VERSION, integrity=integrity_hash(script),
            suggestions=suggestions,
        )  # fmt: skip
