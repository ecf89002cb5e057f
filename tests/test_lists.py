"""An index that lies in compressed lists answers through every channel as one that is compared vector by vector."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.cli.main import main
from assistant.index.generations import live_generation_folder
from assistant.index.manifest import read_manifest
from assistant.index.search import dense
from assistant.settings import Settings
from assistant.web.server.app import create_app
from assistant.web.server.index_reload import load_snapshot
from assistant.web.site.branding import make_branding
from assistant.web.site.site import Site
from tests.conftest import CACHE

_TOWNS = "Lund Umeå Uppsala Gävle Växjö Kiruna Visby Falun Borås Ystad".split()
_SUBJECTS = "anatomy statistics nursing pharmacy genetics ethics radiology surgery virology nutrition".split()
_SEASONS = ("spring", "autumn")
QUESTIONS = (
    "Who teaches virology in Kiruna in spring?",
    "Vem undervisar i etik i Gävle på hösten?",
    "How old is Rome?",
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for town in _TOWNS:
        for subject in _SUBJECTS:
            for season in _SEASONS:
                text = f"# {town}\n\nThe hospital in {town} teaches {subject} every {season}."
                (folder / f"{town}-{subject}-{season}.md").write_text(text, encoding="utf-8")
    return folder


def build(corpus: Path, index: Path) -> str:
    """Index the corpus, and say how it is searched."""
    assert main(["index", "--corpus", str(corpus), "--index", str(index)]) == 0
    return read_manifest(live_generation_folder(index)).search.kind


@pytest.mark.real
def test_an_index_in_lists_answers_everywhere_as_one_without(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    flat, lists = tmp_path / "flat", tmp_path / "lists"
    assert build(corpus, flat) == "Flat"
    lists.mkdir()
    shutil.copy(flat / "vectors-1.sqlite", lists)
    monkeypatch.setattr(dense, "MAX_FLAT", 100)
    monkeypatch.setattr(dense, "MAX_WITHOUT_LISTS", 100)
    assert build(corpus, lists) == "IVF64,RaBitQfs"

    settings = Settings(corpus=corpus, index=lists, cache=CACHE)
    site = Site(load_snapshot(settings), make_branding("", "#0b4f6c", None))
    with TestClient(create_app(site)) as client:
        for question in QUESTIONS:
            found = []
            for index in (flat, lists):
                capsys.readouterr()
                assert main(["ask", "--json", question, "--corpus", str(corpus), "--index", str(index)]) == 0
                found.append(json.loads(capsys.readouterr().out))
            found.append(client.post("/api/v1/ask", json={"question": question}).json())
            for answer in found:
                del answer["timings_ms"], answer["suggestions"]
            assert found[1] == found[0]
            assert found[2] == found[0]
            assert bool(found[0]["citations"]) == ("Rome" not in question)
