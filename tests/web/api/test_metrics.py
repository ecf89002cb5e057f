from __future__ import annotations

from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from assistant.web.api.metrics import add_metrics_route
from assistant.web.shared.site import Site


async def allow_with_token(request: Request) -> None:
    if request.headers.get("x-token") != "open":
        raise HTTPException(403)


def test_only_permitted_requests_receive_the_metrics(site: Site) -> None:
    app = FastAPI()
    add_metrics_route(app, site, allow_with_token)
    site.metrics.count_feedback("good")
    with TestClient(app) as client:
        assert client.get("/metrics").status_code == 403
        response = client.get("/metrics", headers={"X-Token": "open"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'assistant_feedback_total{rating="good"} 1.0' in response.text
    generation = site.assistant.index.manifest.generation
    assert f'assistant_index_info{{generation="{generation}"}} 1.0' in response.text
