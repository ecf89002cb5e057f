from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.web.middleware.rate_limits import RateLimitMiddleware
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.server.app import create_app
from assistant.web.site.site import Site
from tests.servers import running

# What a schema can't say: that a question needs a letter, that the last message is the user's.
LEFT_OUT = "positive_data_acceptance"


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """A real server, quick since its encoder counts words."""
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=0)
    guarded = SecurityMiddleware(app, "/chat", (), "en")
    with running(guarded) as address:
        yield f"http://{address}"


def test_whatever_the_document_allows_or_forbids_is_answered_as_it_says(address: str, tmp_path: Path) -> None:
    """1,500 and more requests; 10,000 are asked by `python -m benchmarks.interface`."""
    command = [
        Path(sys.executable).parent / "st", "run", f"{address}/api/openapi.json", "--checks", "all",
        "--exclude-checks", LEFT_OUT, "--max-examples", "60", "--no-color", "--continue-on-failure", "--seed", "1",
        "--phases", "examples,coverage,fuzzing,stateful",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    said = re.search(r"(\d+) generated", done.stdout)
    assert done.returncode == 0, done.stdout[-5000:]
    assert said
    assert int(said.group(1)) >= 1000


def test_the_document_is_one_that_tools_take(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        document = client.get("/api/openapi.json").json()
        again = client.get("/api/openapi.json").json()
    assert document == again
    assert document["openapi"].startswith("3.1")
    ask = document["paths"]["/api/v1/ask"]["post"]["responses"]
    assert set(ask) == {"200", "400", "401", "403", "413", "422", "429", "503"}
    assert list(ask["422"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize(("language", "heading"), [("en", "For programs"), ("sv", "För program")])
def test_the_page_of_the_interface_shows_all_of_it(site: Site, language: str, heading: str) -> None:
    with TestClient(create_app(site)) as client:
        page = client.get(f"/api/?lang={language}").text
    assert f"<h1>{heading}</h1>" in page
    assert "<code>POST /api/v1/ask</code>" in page
    assert 'href="#type-AskRequest"' in page
    assert 'id="type-AskRequest"' in page
    assert "http://" not in page.replace("http://testserver", "")
    assert "cdn" not in page


def test_an_error_of_the_openai_interface_has_its_shape_and_says_what_is_allowed(site: Site) -> None:
    with TestClient(create_app(site)) as client:
        response = client.request("TRACE", "/v1/models")
        assert (response.status_code, response.headers["allow"]) == (405, "GET")
        assert response.json()["error"]["type"] == "invalid_request_error"
        assert client.get("/v1/nothing").json()["error"]["message"] == "Not Found"
