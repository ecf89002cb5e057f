from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.corpus.reading import read_corpus
from assistant.errors import BackupError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import build_lock, current_generation
from assistant.index.loading import load_index
from assistant.maintenance.backup import create_backup
from assistant.maintenance.restore import restore_backup, restore_settings
from assistant.schema import Answer, Verdict
from assistant.settings import Settings
from assistant.store.api_keys import ApiKeyStore
from assistant.store.database import Store
from tests.conftest import TEXT
from tests.fakes import BagOfWords

ANSWER = Answer(
    question="What is Åre?", resolved_question="What is Åre?", language="en", verdict=Verdict.UNCLEAR, abstained=True,
    answer="The texts don't say.", confidence=0.1, timings_ms={"total": 1.0},
)  # fmt: skip


def settings_in(folder: Path, database: str = "") -> Settings:
    return Settings(
        corpus=folder / "corpus", index=folder / "index", probes=folder / "data" / "probes.jsonl",
        database=database or f"sqlite:///{folder / 'data' / 'store.sqlite'}",
    )  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    """A server's folder: two texts, an index of them, an answer with feedback, a key, a probe, settings."""
    folder = tmp_path / "old"
    settings = settings_in(folder)
    (folder / "corpus" / "sub").mkdir(parents=True)
    (folder / "corpus" / "alpha.md").write_text(TEXT)
    (folder / "corpus" / "sub" / "gamma.md").write_text("Gamma University teaches statistics.")
    (folder / "corpus" / ".hidden").write_text("not a text")
    build_index(list(read_corpus(settings.corpus, 10_000)), BagOfWords(), settings.index)
    store = Store(settings.database, store_questions=True)
    store.add_feedback(store.record(ANSWER, "g", "page", None), "bad", ["incomplete"], "Åre!")
    ApiKeyStore(store).create("report", ["ask"])
    store.close()
    settings.probes.write_text('{"id": "1"}\n')
    (folder / "assistant.toml").write_text('organisation = "Example"\n')
    return settings


@pytest.fixture
def backup(made: Settings, tmp_path: Path) -> Path:
    target = tmp_path / "backups" / "a.tar.gz"
    assert create_backup(made, target, made.corpus.parent) == target.stat().st_size
    return target


def test_all_of_it_comes_back_in_an_empty_place(made: Settings, backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    assert restore_settings(backup, tmp_path / "new")
    came = restore_backup(new, backup)
    assert (came.texts, came.rows) == (2, 3)
    assert came.kept == ("1 keys of programs came back; those that had been revoked, too: assistant key list",)
    assert came.generation == current_generation(made.index) == current_generation(new.index)
    assert load_index(new.index, BagOfWords()).texts == load_index(made.index, BagOfWords()).texts
    assert (new.corpus / "sub" / "gamma.md").read_text() == "Gamma University teaches statistics."
    assert not (new.corpus / ".hidden").exists()
    toml = tmp_path / "new" / "assistant.toml"
    assert toml.read_text() == 'organisation = "Example"\n'
    assert toml.stat().st_mode & 0o077 == 0
    assert not restore_settings(backup, tmp_path / "new")  # one that is there stays
    assert new.probes.read_text() == '{"id": "1"}\n'
    stores = [Store(made.database), Store(new.database)]
    first, second = ([(row.comment, row.given_for.question, row.given_at) for row in one.feedback()] for one in stores)
    assert first == second
    assert ApiKeyStore(stores[0]).all() == ApiKeyStore(stores[1]).all()
    for store in stores:
        store.close()


def test_what_is_stored_moves_from_one_kind_of_database_to_another(
    made: Settings, backup: Path, tmp_path: Path, postgres: str
) -> None:
    new = settings_in(tmp_path / "new", postgres)
    assert restore_backup(new, backup).rows == 3
    again = tmp_path / "again.tar.gz"
    create_backup(new, again, tmp_path / "new")
    assert restore_backup(settings_in(tmp_path / "third"), again).rows == 3
    store = Store(postgres, store_questions=True)
    store.add_feedback(store.record(ANSWER, "g", "page", None), "good", [], "")  # it goes on counting
    [row] = [row for row in store.feedback() if row.comment]
    assert (row.comment, row.given_for.question) == ("Åre!", "What is Åre?")
    for given in store.feedback():
        assert store.forget(given.answer_id)
    assert ApiKeyStore(store).revoke(ApiKeyStore(store).all()[0].key_id)
    store.close()


def test_a_second_time_adds_nothing_twice(made: Settings, backup: Path, tmp_path: Path) -> None:
    came = restore_backup(made, backup, force=True)
    assert (came.texts, came.rows) == (2, 0)
    assert len(came.kept) == 2
    aside = next(made.corpus.parent.glob("corpus.before-*"))
    assert (aside / "alpha.md").read_text() == TEXT
    assert "probes.jsonl' is there and stays as it is" in came.kept[1]


def test_texts_are_not_replaced_unasked(made: Settings, backup: Path) -> None:
    (made.corpus / "alpha.md").write_text("Written since.")
    with pytest.raises(BackupError, match=r"there are texts in .*--force"):
        restore_backup(made, backup)
    assert (made.corpus / "alpha.md").read_text() == "Written since."


def test_a_backup_is_for_its_owner_and_takes_no_files_place(made: Settings, backup: Path) -> None:
    assert os.stat(backup).st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="is there already"):
        create_backup(made, backup)


def changed(backup: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[str, bytes]]) -> Path:
    """The backup with its members changed."""
    other = backup.with_name("changed.tar.gz")
    with tarfile.open(backup) as old, tarfile.open(other, "w:gz") as new:
        for member in old:
            content = old.extractfile(member)
            assert content
            member.name, data = change(member, content.read())
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return other


def test_a_damaged_backup_is_refused_before_anything_is_written(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")

    def astrology(member: tarfile.TarInfo, data: bytes) -> tuple[str, bytes]:
        own = member.name.startswith("corpus/")
        return member.name, data.replace(b"statistics", b"astrology.") if own else data

    bad = changed(backup, astrology)
    with pytest.raises(BackupError, match=r"'corpus/sub/gamma\.md' in .* is damaged"):
        restore_backup(new, bad)
    short = tmp_path / "short.tar.gz"
    short.write_bytes(backup.read_bytes()[:-2000])
    with pytest.raises(BackupError, match="is no whole backup"):
        restore_backup(new, short)
    (tmp_path / "text.tar.gz").write_text("a text")
    with pytest.raises(BackupError, match="is no whole backup"):
        restore_backup(new, tmp_path / "text.tar.gz")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["../evil.md", "/tmp/evil.md", "corpus/../../evil.md", "corpus\\..\\evil.md"])
def test_a_name_never_leads_out_of_the_backup(backup: Path, tmp_path: Path, name: str) -> None:
    bad = changed(backup, lambda member, data: (name if member.name.endswith("alpha.md") else member.name, data))
    with pytest.raises(BackupError, match="leads out of it"):
        restore_backup(settings_in(tmp_path / "new"), bad)


def test_a_link_in_a_backup_is_not_followed(backup: Path, tmp_path: Path) -> None:
    bad = tmp_path / "link.tar.gz"
    with tarfile.open(bad, "w:gz") as archive:
        link = tarfile.TarInfo("corpus/passwords.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(BackupError, match="is no plain file"):
        restore_backup(settings_in(tmp_path / "new"), bad)


def test_feedback_of_two_servers_comes_together(made: Settings, backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    (tmp_path / "new").mkdir()
    store = Store(new.database, store_questions=True)
    store.add_feedback(store.record(ANSWER, "g", "page", None), "good", [], "our own")
    store.close()
    assert restore_backup(new, backup).rows == 3
    store = Store(new.database)
    assert {row.comment for row in store.feedback()} == {"our own", "Åre!"}
    store.close()


def test_feedback_without_its_answer_stops_nothing(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    without = tmp_path / "without.tar.gz"
    with tarfile.open(backup) as old, tarfile.open(without, "w:gz") as made:
        for member in old:
            content = old.extractfile(member)
            assert content
            data = content.read()
            if member.name == "database/answers.jsonl":
                continue
            if member.name == "backup.json":
                listed = json.loads(data)
                del listed["files"]["database/answers.jsonl"]
                data = json.dumps(listed).encode()
                member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    assert restore_backup(new, without).rows == 1  # the key


def test_a_build_that_is_running_stops_a_restore_before_it_writes(backup: Path, tmp_path: Path) -> None:
    new = settings_in(tmp_path / "new")
    with build_lock(new.index), pytest.raises(IndexStateError, match="another build"):
        restore_backup(new, backup)
    assert not new.corpus.exists()


def test_a_file_that_grows_meanwhile_spoils_no_backup(
    made: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gettarinfo = tarfile.TarFile.gettarinfo

    def growing(self: tarfile.TarFile, *arguments: Any, **more: Any) -> tarfile.TarInfo:
        info = gettarinfo(self, *arguments, **more)
        if info.name == "probes/probes.jsonl":
            with made.probes.open("a") as file:
                file.write('{"id": "2"}\n')
        return info

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", growing)
    create_backup(made, tmp_path / "b.tar.gz", made.corpus.parent)
    new = settings_in(tmp_path / "new")
    restore_backup(new, tmp_path / "b.tar.gz")
    assert new.probes.read_text() == '{"id": "1"}\n'


def test_nothing_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is neither a corpus"):
        create_backup(settings_in(tmp_path / "nowhere"), tmp_path / "b.tar.gz")
    assert list(tmp_path.iterdir()) == []
