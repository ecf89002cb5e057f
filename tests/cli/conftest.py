"""Fixtures that run commands in the test process.

Commands use either the real model with corpus/, or a fake model with a corpus made by the test.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.main import main
from assistant.embedding.encoder import Encoder
from tests.conftest import CACHE, ROOT
from tests.fakes import ANSWERABILITY, BagOfWords

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command without a database. Return the exit code, stdout and stderr."""
    monkeypatch.setenv("ASSISTANT_CACHE", str(CACHE))
    monkeypatch.setenv("ASSISTANT_DATABASE", "")

    def run_command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run_command


@pytest.fixture
def database(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new SQLite database, which commands then use."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    monkeypatch.setenv("ASSISTANT_DATABASE", url)
    return url


@pytest.fixture(scope="session")
def seed_options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Command-line options for using an index of corpus/ that was built with the real model."""
    options = ["--corpus", str(ROOT / "corpus"), "--index", str(tmp_path_factory.mktemp("seed-cli") / "index")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSISTANT_CACHE", str(CACHE))
        patch.setenv("ASSISTANT_DATABASE", "")
        assert main(["index", *options]) == 0
    return options


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make commands use a bag-of-words encoder and the answerability model for tests instead of the real models."""

    def load_encoder(*_: Any, **__: Any) -> Encoder:
        return BagOfWords()

    monkeypatch.setattr("assistant.factory.load_encoder", load_encoder)
    monkeypatch.setattr("assistant.factory.load_answerability_model", lambda *_, **__: ANSWERABILITY)
    monkeypatch.setattr("assistant.factory.make_reader", lambda *_: None)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """An empty corpus folder."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


@pytest.fixture
def run_here(run: Run, fake_model: None, corpus: Path, tmp_path: Path) -> Run:
    """A function that runs a command on `corpus` with the fake model."""
    options = ["--corpus", str(corpus), "--index", str(tmp_path / "index")]
    return lambda *arguments: run(*arguments, *options)
