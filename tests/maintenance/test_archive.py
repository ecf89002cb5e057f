from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from assistant.errors import BackupError
from assistant.maintenance.archive import CONTENTS_FILE, FORMAT_VERSION, ArchiveWriter, unpacked_backup
from tests.maintenance.conftest import rewrite_archive


def write_archive(path: Path, folder: Path | None = None, **contents: object) -> Path:
    """Write an archive of one text file, to which `folder` is added if given."""
    with tarfile.open(path, "w:gz") as archive:
        writer = ArchiveWriter(archive)
        writer.add_text("Åre", "corpus/a.md")
        if folder:
            writer.add_folder(folder, "corpus")
        listed = {"format": FORMAT_VERSION, "generation": "abc123", "files": dict(writer.digests), **contents}
        writer.add_text(json.dumps(listed), CONTENTS_FILE)
    return path


def test_files_are_unpacked_with_their_generation(tmp_path: Path) -> None:
    with unpacked_backup(write_archive(tmp_path / "a.tar.gz")) as (folder, generation):
        assert (folder / "corpus" / "a.md").read_text(encoding="utf-8") == "Åre"
        assert generation == "abc123"
    assert not folder.exists()


def test_writer_records_the_digest_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_bytes(b"text")
    with tarfile.open(fileobj=io.BytesIO(), mode="w") as archive:
        writer = ArchiveWriter(archive)
        writer.add_text("Åre", "a.md")
        writer.add_file(tmp_path / "b.md", "sub/b.md")
        writer.add_file(tmp_path / "missing.md", "missing.md")
    assert writer.digests == {
        "a.md": hashlib.sha256("Åre".encode()).hexdigest(),
        "sub/b.md": hashlib.sha256(b"text").hexdigest(),
    }


def test_hidden_files_and_links_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("x")
    (folder / ".hidden").write_text("x")
    (folder / "link.md").symlink_to("/etc/passwd")
    (folder / "b.md").write_text("b")
    with unpacked_backup(write_archive(tmp_path / "a.tar.gz", folder)) as (unpacked, _):
        files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert files == {"corpus/a.md", "corpus/b.md", CONTENTS_FILE}


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.tar.gz", format=FORMAT_VERSION + 1, version="9.9")
    with pytest.raises(BackupError, match=r"incompatible version of this program \(9\.9\)"), unpacked_backup(path):
        pass


def test_a_generation_name_that_is_a_path_is_ignored(tmp_path: Path) -> None:
    with unpacked_backup(write_archive(tmp_path / "a.tar.gz", generation="../../evil")) as (_, generation):
        assert generation == ""


def test_a_changed_file_is_reported_as_damaged(backup: Path) -> None:
    changed = rewrite_archive(backup, lambda name, data: (name, b"Other." if name.endswith("gamma.md") else data))
    with pytest.raises(BackupError, match=r"'corpus/sub/gamma\.md' in .* is damaged"), unpacked_backup(changed):
        pass


def test_a_truncated_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    truncated = tmp_path / "short.tar.gz"
    truncated.write_bytes(backup.read_bytes()[:-2000])
    with pytest.raises(BackupError, match="is not a complete backup"), unpacked_backup(truncated):
        pass


def test_a_file_that_is_not_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("a text")
    with (
        pytest.raises(BackupError, match="is not a complete backup"),
        unpacked_backup(tmp_path / "text.tar.gz"),
    ):
        pass


@pytest.mark.parametrize("name", ["../evil.md", "/tmp/evil.md", "corpus/../../evil.md", "corpus\\..\\evil.md"])
def test_a_path_outside_the_backup_is_refused(backup: Path, name: str) -> None:
    changed = rewrite_archive(backup, lambda old, data: (name if old.endswith("alpha.md") else old, data))
    with pytest.raises(BackupError, match="unsafe path in the backup"), unpacked_backup(changed):
        pass


def test_a_link_in_a_backup_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "link.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo("corpus/passwords.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(BackupError, match="is not a regular file"), unpacked_backup(path):
        pass
