"""`/metrics`, for a Prometheus that may read them."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.responses import Response

from assistant.web.api.permissions import PermissionCheck
from assistant.web.site.site import Site


def add_metrics(app: FastAPI, site: Site, allowed: PermissionCheck) -> None:
    """Add `/metrics`, for whoever passes `allowed`."""

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(allowed)])
    def metrics() -> Response:
        generation = site.assistant.index.manifest.generation
        return Response(site.metrics.exposition(generation), media_type="text/plain; version=0.0.4; charset=utf-8")
