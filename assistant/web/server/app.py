"""The FastAPI app: JSON and SSE under `/api/v1`, reading pages under `/sources`, health checks.

The widget and other programs talk to this, never to Gradio's own endpoints.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from assistant import __version__
from assistant.web.api.ask import add_ask
from assistant.web.api.documents import add_documents
from assistant.web.api.errors import add_error_handlers
from assistant.web.api.feedback import add_feedback
from assistant.web.api.health import add_health
from assistant.web.api.metrics import add_metrics
from assistant.web.api.openai import add_openai
from assistant.web.api.openapi import add_openapi
from assistant.web.api.permissions import require_metrics_reader, require_owner
from assistant.web.api.search import add_search
from assistant.web.pages.home import STATIC, add_home
from assistant.web.pages.introduction import add_introduction
from assistant.web.pages.owners import add_owners
from assistant.web.pages.reading import add_reading
from assistant.web.pages.search import add_search_page
from assistant.web.site.site import Site
from assistant.web.widget.widget import add_widget


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
    add_error_handlers(app, site)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_home(app, site)
    add_health(app, site)
    add_ask(app, site)
    add_documents(app, site)
    add_feedback(app, site)
    add_search(app, site)
    add_search_page(app, site)
    add_reading(app, site)
    add_introduction(app, site)
    add_widget(app, site)
    add_openai(app, site)
    add_openapi(app, site)
    add_metrics(app, site, require_metrics_reader(owners_password))
    if site.store and (owners_password or owners):
        add_owners(app, site, site.store, require_owner(owners_password), probes)
    return app
