"""The health checks `/healthz` and `/readyz`."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from assistant.web.shared.site import Site


class Readiness(BaseModel):
    """Whether the server is ready. The result of each check is "ok", "off" or a description of the problem."""

    status: str
    generation: str
    checks: dict[str, str]


def add_health_routes(app: FastAPI, site: Site) -> None:
    """Register `/healthz` and `/readyz`."""

    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """Report that the process is running."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> Readiness:
        """Report the live generation and the state of the index, the store and the worker processes.

        The server does not respond until it has verified the index.
        """
        snapshot = site.snapshot
        checks = {
            "index": site.reload_problem or "ok",
            "store": "ok" if site.store else "off",
            "workers": snapshot.worker_pool.health_status() if snapshot.worker_pool else "off",
        }
        return Readiness(status="ready", generation=snapshot.assistant.index.manifest.generation, checks=checks)
