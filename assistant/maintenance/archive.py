"""Reads and writes the backup file format: a compressed tar archive with a checksum for every file."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from assistant.errors import BackupError

FORMAT_VERSION, CONTENTS_FILE = 1, "backup.json"


class ArchiveWriter:
    """Adds files to a tar archive and records the SHA-256 digest of each file in `digests`."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive, self.digests = archive, dict[str, str]()

    def add_file(self, path: Path, name: str) -> None:
        """Add a file. It is read only once, so the digest matches the archived content even if the file changes."""
        try:
            with path.open("rb") as file:
                info = self._archive.gettarinfo(arcname=name, fileobj=file)
                hashing_file = _HashingReader(file)
                self._archive.addfile(info, hashing_file)  # read() is the only method that tarfile calls
        except FileNotFoundError:
            return  # the file has been deleted since the folder was listed
        self.digests[name] = hashing_file.hexdigest()

    def add_folder(self, folder: Path, name: str) -> None:
        """Add all the files in `folder` and its subfolders, except symbolic links and anything hidden."""
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in relative.parts):
                self.add_file(path, f"{name}/{relative.as_posix()}")

    def add_text(self, text: str, name: str) -> None:
        """Add a UTF-8 file with the given content."""
        data = text.encode("utf-8")
        self.digests[name] = hashlib.sha256(data).hexdigest()
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(data), int(datetime.now(UTC).timestamp())
        self._archive.addfile(info, io.BytesIO(data))


class _HashingReader:
    """Reads from a file and computes a hash of everything that it reads."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def unpacked_backup(source: Path) -> Iterator[tuple[Path, str]]:
    """Unpack a backup into a temporary folder and check every file.

    Yields the folder, and the name of the index generation in the backup ("" if there is none).

    Raises:
        BackupError: the file is missing or damaged, is not a backup, or was made by an incompatible version of this
            program.
    """
    if not source.is_file():
        raise BackupError(f"no backup file {str(source)!r}; create one: assistant backup FILE.tar.gz")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            with tarfile.open(source, "r:gz") as archive:
                for member in archive:
                    _unpack_member(archive, member, folder)
            contents = json.loads((folder / CONTENTS_FILE).read_text(encoding="utf-8"))
            files, generation = dict(contents["files"]), str(contents["generation"])
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{str(source)!r} is not a complete backup ({type(error).__name__}: {error})") from None
        if contents.get("format") != FORMAT_VERSION:
            raise BackupError(
                f"{str(source)!r} was made by an incompatible version of this program ({contents.get('version')})"
            )
        for name, digest in files.items():
            path = folder / _safe_path(name)
            if not path.is_file() or _digest(path) != digest:
                raise BackupError(f"{name!r} in {str(source)!r} is damaged; use another backup")
        yield folder, generation if generation.isalnum() else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Unpack one member of the archive. Only regular files whose path is inside `folder` are accepted."""
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise tarfile.TarError(f"{member.name!r} is not a regular file")
    path = folder / _safe_path(member.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _safe_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise BackupError(f"unsafe path in the backup: {name!r}")
    return path
