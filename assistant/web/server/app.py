"""The FastAPI app: the API under `/api/v1` (JSON and event streams), all pages except the chat, and the health checks.

The widget and other programs use this API, never Gradio's own endpoints.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from assistant import __version__
from assistant.web.api.ask import add_ask_route
from assistant.web.api.documents import add_document_routes
from assistant.web.api.errors import add_error_handlers
from assistant.web.api.feedback import add_feedback_routes
from assistant.web.api.health import add_health_routes
from assistant.web.api.metrics import add_metrics_route
from assistant.web.api.openai import add_openai_routes
from assistant.web.api.openapi import add_openapi_page
from assistant.web.api.permissions import require_document_owner, require_metrics_reader
from assistant.web.api.search import add_search_route
from assistant.web.pages.home import STATIC_FOLDER, add_home_routes
from assistant.web.pages.introduction import add_introduction_routes
from assistant.web.pages.owners import add_owner_routes
from assistant.web.pages.reading import add_reading_routes
from assistant.web.pages.search import add_search_page
from assistant.web.shared.site import Site
from assistant.web.widget.widget import add_widget_routes


def create_app(
    site: Site, owners_password: str = "", probes_path: Path = Path("probes.jsonl"), owners_sign_in: bool = False
) -> FastAPI:
    """Create the app for `site`, without the chat page.

    Args:
        site: the state shared by all routes.
        owners_password: the password for the owners' page and the metrics, or "" if there is none.
        probes_path: the file in which owners save probes.
        owners_sign_in: whether owners can be recognised because they have signed in. The owners' page exists only if
            there is a store and owners can be recognised in this way or by a password.
    """
    app = FastAPI(
        title="Collaboration assistant", version=__version__, openapi_url="/api/openapi.json",
        docs_url=None, redoc_url=None,  # FastAPI's own documentation pages would load scripts from other hosts
    )  # fmt: skip
    add_error_handlers(app, site)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    add_home_routes(app, site)
    add_health_routes(app, site)
    add_ask_route(app, site)
    add_document_routes(app, site)
    add_feedback_routes(app, site)
    add_search_route(app, site)
    add_search_page(app, site)
    add_reading_routes(app, site)
    add_introduction_routes(app, site)
    add_widget_routes(app, site)
    add_openai_routes(app, site)
    add_openapi_page(app, site)
    add_metrics_route(app, site, require_metrics_reader(owners_password))
    if site.store and (owners_password or owners_sign_in):
        add_owner_routes(app, site, site.store, require_document_owner(owners_password), probes_path)
    return app
