"""Tests that every channel gives the same answers whether the index is compressed or flat."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.cli.main import main
from assistant.index.generations import live_generation_folder
from assistant.index.manifest import read_manifest
from assistant.index.search import dense
from assistant.settings import Settings
from assistant.web.server.app import create_app
from assistant.web.server.index_reload import load_snapshot
from assistant.web.shared.branding import make_branding
from assistant.web.shared.site import Site
from tests.conftest import CACHE

TOWNS = "Lund Umeå Uppsala Gävle Växjö Kiruna Visby Falun Borås Ystad".split()
SUBJECTS = "anatomy statistics nursing pharmacy genetics ethics radiology surgery virology nutrition".split()
QUESTIONS = (
    "Who teaches virology in Kiruna in spring?",
    "Vem undervisar i etik i Gävle på hösten?",
    "How old is Rome?",
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder that contains 200 documents."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for town in TOWNS:
        for subject in SUBJECTS:
            for season in ("spring", "autumn"):
                text = f"# {town}\n\nThe hospital in {town} teaches {subject} every {season}."
                (folder / f"{town}-{subject}-{season}.md").write_text(text, encoding="utf-8")
    return folder


def build(corpus: Path, index: Path) -> str:
    """Build an index of `corpus` and return the type of FAISS index that it uses."""
    assert main(["index", "--corpus", str(corpus), "--index", str(index)]) == 0
    return read_manifest(live_generation_folder(index)).search.index_factory


@pytest.mark.real
def test_compressed_index_gives_the_same_answers_as_a_flat_index(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    flat, compressed = tmp_path / "flat", tmp_path / "compressed"
    assert build(corpus, flat) == "Flat"
    compressed.mkdir()
    shutil.copy(flat / "vectors-1.sqlite", compressed)
    monkeypatch.setattr(dense, "MAX_FLAT_PASSAGES", 100)
    monkeypatch.setattr(dense, "MAX_PASSAGES_WITHOUT_LISTS", 100)
    assert build(corpus, compressed) == "IVF64,RaBitQfs"

    settings = Settings(corpus=corpus, index=compressed, cache=CACHE)
    site = Site(load_snapshot(settings), make_branding("", "#0b4f6c", None))
    with TestClient(create_app(site)) as client:
        for question in QUESTIONS:
            answers = []
            for index in (flat, compressed):
                capsys.readouterr()
                assert main(["ask", "--json", question, "--corpus", str(corpus), "--index", str(index)]) == 0
                answers.append(json.loads(capsys.readouterr().out))
            answers.append(client.post("/api/v1/ask", json={"question": question}).json())
            for answer in answers:
                del answer["timings_ms"], answer["suggestions"]
                for citation in answer["citations"]:  # the scores depend on which sentences the reader has read
                    del citation["score"]
            assert answers[1] == answers[0]
            assert answers[2] == answers[0]
            assert bool(answers[0]["citations"]) == ("Rome" not in question)
