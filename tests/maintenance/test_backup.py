from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import BackupError
from assistant.index.generations import current_generation
from assistant.maintenance.archive import unpacked_backup
from assistant.maintenance.backup import create_backup
from assistant.settings import Settings
from tests.maintenance.conftest import settings_in


def test_a_backup_holds_everything_that_cannot_be_rebuilt(installation: Settings, tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    assert create_backup(installation, target, installation.corpus.parent) == target.stat().st_size
    generation = current_generation(installation.index)
    with unpacked_backup(target) as (folder, name):
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        contents = json.loads((folder / "backup.json").read_text())
    assert name == generation
    assert {file for file in files if not file.startswith("index/")} == {
        "backup.json", "corpus/alpha.md", "corpus/sub/gamma.md", "database/answers.jsonl", "database/api_keys.jsonl",
        "database/feedback.jsonl", "probes/probes.jsonl", "settings/assistant.toml",
    }  # fmt: skip
    assert f"index/{generation}/manifest.json" in files
    assert set(contents["files"]) == files - {"backup.json"}


def test_only_the_owner_can_read_a_backup(backup: Path) -> None:
    assert os.stat(backup).st_mode & 0o077 == 0


def test_an_existing_file_is_not_overwritten(installation: Settings, backup: Path) -> None:
    content = backup.read_bytes()
    with pytest.raises(BackupError, match="already exists"):
        create_backup(installation, backup)
    assert backup.read_bytes() == content


def test_a_file_that_grows_during_the_backup_does_not_damage_it(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gettarinfo = tarfile.TarFile.gettarinfo

    def grow_after_stat(self: tarfile.TarFile, *arguments: Any, **options: Any) -> tarfile.TarInfo:
        info = gettarinfo(self, *arguments, **options)
        if info.name == "probes/probes.jsonl":
            with installation.probes.open("a") as file:
                file.write('{"id": "2"}\n')
        return info

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", grow_after_stat)
    create_backup(installation, tmp_path / "b.tar.gz", installation.corpus.parent)
    with unpacked_backup(tmp_path / "b.tar.gz") as (folder, _):
        assert (folder / "probes" / "probes.jsonl").read_text() == '{"id": "1"}\n'


def test_nothing_to_back_up_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        create_backup(settings_in(tmp_path / "nowhere"), tmp_path / "b.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_backup_leaves_no_file_behind(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(tarfile.TarFile, "addfile", fail)
    with pytest.raises(OSError, match="disk full"):
        create_backup(installation, tmp_path / "backups" / "b.tar.gz")
    assert list((tmp_path / "backups").iterdir()) == []
