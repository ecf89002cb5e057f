from __future__ import annotations

import base64
from datetime import datetime

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from assistant.store.api_keys import ApiKey
from assistant.web.api.permissions import PermissionCheck, require_document_owner, require_metrics_reader
from assistant.web.shared.identity import ANONYMOUS, Identity

PASSWORD = "rain and snow"
OWNER = Identity("anna", is_document_owner=True)
USER = Identity("bo")


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def program(*scopes: str) -> Identity:
    return Identity(api_key=ApiKey("1", "monitoring", frozenset(scopes), None, datetime(2026, 1, 1), None))


def client_as(identity: Identity, check: PermissionCheck) -> TestClient:
    """Return a client whose requests carry `identity`. The app has a single route, which is guarded by `check`."""
    app = FastAPI()

    @app.get("/", dependencies=[Depends(check)])
    def guarded() -> str:
        return "permitted"

    async def identified(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"] = {"identity": identity}
        await app(scope, receive, send)

    return TestClient(identified)


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_signed_in_owner_is_admitted(password: str) -> None:
    response = client_as(OWNER, require_document_owner(password)).get("/")
    assert (response.status_code, response.json()) == (200, "permitted")


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_signed_in_user_is_rejected_even_with_the_password(password: str) -> None:
    assert (
        client_as(USER, require_document_owner(password)).get("/", headers=basic("owner", PASSWORD)).status_code == 403
    )


def test_anonymous_request_is_rejected_if_no_password_is_set() -> None:
    assert client_as(ANONYMOUS, require_document_owner("")).get("/", headers=basic("owner", "")).status_code == 403


def test_anonymous_request_needs_the_owner_name_and_password() -> None:
    client = client_as(ANONYMOUS, require_document_owner(PASSWORD))
    assert client.get("/", headers=basic("owner", PASSWORD)).status_code == 200
    for headers in ({}, basic("owner", "wrong"), basic("anna", PASSWORD), basic("owner", "")):
        response = client.get("/", headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Basic realm="owners"'


def test_metrics_are_open_to_owners_and_keys_with_the_metrics_scope() -> None:
    assert client_as(OWNER, require_metrics_reader("")).get("/").status_code == 200
    assert client_as(program("metrics"), require_metrics_reader("")).get("/").status_code == 200
    for identity in (program("ask", "texts"), USER, ANONYMOUS):
        assert client_as(identity, require_metrics_reader("")).get("/").status_code == 403
