"""A site with a single document, which is about the weather, and a client for its pages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.server.app import create_app
from assistant.web.shared.site import IndexSnapshot, Site
from tests.conftest import assistant_with_introduction, document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.onboarding.conftest import WEATHER

HTML = {"Accept": "text/html,*/*"}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"
PASSWORD = "rain and snow"
PUBLIC_URL = "https://example.org/rain"


@pytest.fixture(scope="session")
def weather_snapshot(tmp_path_factory: pytest.TempPathFactory) -> IndexSnapshot:
    """A snapshot of an index of one document, rain.md, which names organisations and has a date and a public URL."""
    item = document("rain.md", WEATHER, title="Rain", url=PUBLIC_URL, retrieved="2026-01-31")
    index = index_of([item], tmp_path_factory.mktemp("weather-pages"))
    assistant = Assistant(index, BagOfWords(), ANSWERABILITY, contact="the office")
    return IndexSnapshot(*assistant_with_introduction(assistant))


@pytest.fixture
def weather_site(site: Site, weather_snapshot: IndexSnapshot) -> Site:
    """A site that serves `weather_snapshot` and keeps the questions in its store."""
    return replace(site, snapshot=weather_snapshot)


@pytest.fixture
def probes_path(tmp_path: Path) -> Path:
    """The file to which the app used by `client` saves probes."""
    return tmp_path / "probes.jsonl"


@pytest.fixture
def client(weather_site: Site, probes_path: Path) -> Iterator[TestClient]:
    """A client for `weather_site` behind the security middleware. The origin intranet.example may embed the chat."""
    app = create_app(weather_site, PASSWORD, probes_path)
    protected = SecurityMiddleware(app, "/chat", ["https://intranet.example"], "en")
    with TestClient(protected, base_url="http://127.0.0.1") as client:
        yield client


def main_part(page: str) -> str:
    """Return only the main part of a page. The rest is left out because it contains strings that only scripts use."""
    return page.partition("<main")[2].partition("</main>")[0]


def owner_headers(password: str = PASSWORD) -> dict[str, str]:
    """Return the headers that a browser sends after an owner has entered `password`."""
    return {**HTML, "Authorization": "Basic " + base64.b64encode(f"owner:{password}".encode()).decode()}
