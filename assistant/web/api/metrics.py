"""The route `/metrics`, which returns the server's metrics in the Prometheus text format."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.responses import Response

from assistant.web.api.permissions import PermissionCheck
from assistant.web.shared.site import Site


def add_metrics_route(app: FastAPI, site: Site, permission_check: PermissionCheck) -> None:
    """Register `/metrics`, which only requests that pass `permission_check` may use."""

    @app.get("/metrics", include_in_schema=False, dependencies=[Depends(permission_check)])
    def metrics() -> Response:
        generation = site.assistant.index.manifest.generation
        return Response(site.metrics.prometheus_text(generation), media_type="text/plain; version=0.0.4; charset=utf-8")
