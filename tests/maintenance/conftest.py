"""An installation with documents, an index, a database, probes and settings, and a backup of that installation."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.corpus.corpus_reader import read_corpus
from assistant.index.build import build_index
from assistant.maintenance.backup import create_backup
from assistant.schema import Answer, Verdict
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.store.database import Store
from tests.conftest import TEXT
from tests.fakes import BagOfWords

ANSWER = Answer(
    question="What is Åre?", resolved_question="What is Åre?", language="en", verdict=Verdict.UNCLEAR, abstained=True,
    answer="No answer was found.", confidence=0.1, timings_ms={"total": 1.0},
)  # fmt: skip
MemberChange = Callable[[str, bytes], tuple[str, bytes] | None]


def settings_in(folder: Path, database: str = "") -> Settings:
    """Return the settings for an installation in `folder`."""
    return Settings(
        corpus=folder / "corpus", index=folder / "index", probes=folder / "data" / "probes.jsonl",
        database=database or f"sqlite:///{folder / 'data' / 'store.sqlite'}",
    )  # fmt: skip


def rewrite_archive(backup: Path, change: MemberChange) -> Path:
    """Write a changed copy of a backup and return the path of the copy.

    `change` is called with the name and content of each member. It returns the new name and content, or None to leave
    the member out.
    """
    copy = backup.with_name("rewritten.tar.gz")
    with tarfile.open(backup) as old, tarfile.open(copy, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            assert content
            changed = change(member.name, content.read())
            if changed is not None:
                member.name, data = changed
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return copy


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    """The settings of an example installation.

    The installation has two documents, their index, an answer with feedback, an API key, a probe and a settings file.
    """
    folder = tmp_path / "old"
    settings = settings_in(folder)
    (folder / "corpus" / "sub").mkdir(parents=True)
    (folder / "corpus" / "alpha.md").write_text(TEXT)
    (folder / "corpus" / "sub" / "gamma.md").write_text("Gamma University teaches statistics.")
    (folder / "corpus" / ".hidden").write_text("not a document")
    build_index(list(read_corpus(settings.corpus, 10_000)), BagOfWords(), settings.index)
    store = Store(settings.database, store_questions=True)
    store.add_feedback(store.record_answer(ANSWER, "g", "page", None), "bad", ["incomplete"], "Åre!")
    ApiKeyStore(store).create_key("report", ["ask"])
    store.close()
    settings.probes.write_text('{"id": "1"}\n')
    (folder / "assistant.toml").write_text('organisation = "Example"\n')
    return settings


@pytest.fixture
def backup(installation: Settings, tmp_path: Path) -> Path:
    """A backup of `installation`."""
    target = tmp_path / "backups" / "a.tar.gz"
    create_backup(installation, target, installation.corpus.parent)
    return target
