"""A test client for the whole app, which answers from two small documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from assistant.web.server.app import create_app
from assistant.web.shared.site import Site

QUESTION = "When was the Alpha Institute founded in Lund?"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    with TestClient(create_app(site), raise_server_exceptions=False) as client:
        yield client
