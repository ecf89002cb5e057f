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
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.servers import running_server

# This check is left out because a schema can't express some rules, such as the need for a letter in a question.
EXCLUDED_CHECK = "positive_data_acceptance"


@pytest.fixture
def server_url(site: Site) -> Iterator[str]:
    """The URL of a real server, which is fast because it uses a fake encoder."""
    app = create_app(site)
    app.add_middleware(RateLimitMiddleware, per_minute=0)
    with running_server(SecurityMiddleware(app, "/chat", (), "en")) as address:
        yield f"http://{address}"


def test_server_conforms_to_its_openapi_document(server_url: str, tmp_path: Path) -> None:
    """Check the responses to at least 1,000 generated requests. `python -m benchmarks.interface` sends 10,000."""
    command = [
        Path(sys.executable).parent / "st", "run", f"{server_url}/api/openapi.json", "--checks", "all",
        "--exclude-checks", EXCLUDED_CHECK, "--max-examples", "60", "--no-color", "--continue-on-failure",
        "--seed", "1", "--phases", "examples,coverage,fuzzing,stateful",
    ]  # fmt: skip
    completed = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    generated = re.search(r"(\d+) generated", completed.stdout)
    assert completed.returncode == 0, completed.stdout[-5000:]
    assert generated
    assert int(generated.group(1)) >= 1000


def test_document_describes_every_route_and_error(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert document == client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/ask", "/api/v1/passages/{passage_id}", "/api/v1/documents", "/readyz"} <= document["paths"].keys()
    responses = document["paths"]["/api/v1/ask"]["post"]["responses"]
    assert set(responses) == {"200", "400", "401", "403", "413", "422", "429", "503"}
    assert list(responses["422"]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_openai_routes_list_both_error_formats(client: TestClient) -> None:
    responses = client.get("/api/openapi.json").json()["paths"]["/v1/models"]["get"]["responses"]
    assert responses["401"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }


@pytest.mark.parametrize("language", ["en", "sv"])
def test_page_shows_the_whole_api_without_external_files(client: TestClient, language: str) -> None:
    page = client.get(f"/api/?lang={language}").text
    assert f"<h1>{translate(language, 'api_heading')}</h1>" in page
    assert "<code>POST /api/v1/ask</code>" in page
    assert 'href="#type-AskRequest"' in page
    assert 'id="type-AskRequest"' in page
    assert "http://" not in page.replace("http://testserver", "")
    assert "cdn" not in page
