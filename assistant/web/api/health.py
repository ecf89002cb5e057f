"""`/healthz` and `/readyz`."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from assistant.web.site.site import Site


class Readiness(BaseModel):
    """That the server answers, from which generation, and what was checked: "ok", "off" or what is wrong."""

    status: str
    generation: str
    checks: dict[str, str]


def add_health(app: FastAPI, site: Site) -> None:
    """Add `/healthz` and `/readyz`."""

    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """The process is up."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> Readiness:
        """The index is loaded and verified: the server starts to listen only then."""
        edition = site.snapshot
        checks = {
            "index": site.reload_problem or "ok",
            "store": "ok" if site.store else "off",
            "workers": edition.workers.state() if edition.workers else "off",
        }
        return Readiness(status="ready", generation=edition.assistant.index.manifest.generation, checks=checks)
