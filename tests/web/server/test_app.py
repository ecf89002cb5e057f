from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant import __version__
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site

OWNER = {"Authorization": "Basic " + base64.b64encode(b"owner:rain").decode()}


def test_the_app_serves_api_pages_and_health_checks(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        document = client.get("/api/openapi.json").json()
        paths = ("/healthz", "/readyz", "/api/", "/texts/", "/search/", "/start/", "/widget.js", "/static/site.css")
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    assert document["info"]["version"] == __version__
    assert {"/api/v1/ask", "/api/v1/passages/{passage_id}", "/api/v1/documents", "/readyz"} <= document["paths"].keys()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_fastapi_pages_that_load_foreign_scripts_are_disabled(site: Site, path: str) -> None:
    with TestClient(create_app(site)) as client:
        assert client.get(path).status_code == 404


def test_a_password_opens_the_owners_page_and_the_metrics(site: Site, tmp_path: Path) -> None:
    with TestClient(create_app(site, "rain", tmp_path / "probes.jsonl")) as client:
        for path in ("/owners/", "/metrics"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers=OWNER).status_code == 200


def test_without_owners_there_is_no_owners_page(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        assert client.get("/owners/").status_code == 404


def test_without_a_store_there_is_no_owners_page(site: Site) -> None:
    with TestClient(create_app(replace(site, store=None), "rain", owners_sign_in=True)) as client:
        assert client.get("/owners/", headers=OWNER).status_code == 404


def test_owners_who_sign_in_need_no_password(site: Site) -> None:
    with TestClient(create_app(site, owners_sign_in=True)) as client:
        assert client.get("/owners/").status_code == 403  # the page exists, but this user isn't an owner
