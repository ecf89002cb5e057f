"""The backup file: a tar archive with checksums."""

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

_FORMAT, _CONTENTS = 1, "backup.json"


class _Archive:
    """A tar file with a list of what was put in."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive, self.digests = archive, dict[str, str]()

    def add_file(self, path: Path, name: str) -> None:
        """A file as it is now: read once, so that its hash is that of what was written, whoever writes meanwhile."""
        try:
            with path.open("rb") as file:
                info = self._archive.gettarinfo(arcname=name, fileobj=file)
                hashed = _Hashed(file)
                self._archive.addfile(info, hashed)  # it is read from, no more
        except FileNotFoundError:
            return  # deleted since it was listed
        self.digests[name] = hashed.hexdigest()

    def add_folder(self, folder: Path, name: str) -> None:
        """The files below `folder`, but for hidden ones and links."""
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder)
            if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in inner.parts):
                self.add_file(path, f"{name}/{inner.as_posix()}")

    def add_text(self, text: str, name: str) -> None:
        data = text.encode("utf-8")
        self.digests[name] = hashlib.sha256(data).hexdigest()
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(data), int(datetime.now(UTC).timestamp())
        self._archive.addfile(info, io.BytesIO(data))


class _Hashed:
    """A file whose hash is known when it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def _unpacked(source: Path) -> Iterator[tuple[Path, str]]:
    """What a backup holds, in a folder that is gone afterwards, and its generation; every file is checked."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        try:
            with tarfile.open(source, "r:gz") as archive:
                for member in archive:
                    _unpack(archive, member, folder)
            contents = json.loads((folder / _CONTENTS).read_text(encoding="utf-8"))
            files, generation = dict(contents["files"]), str(contents["generation"])
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"{str(source)!r} is no whole backup ({type(error).__name__}: {error})") from None
        if contents.get("format") != _FORMAT:
            raise BackupError(
                f"{str(source)!r} was made by another version of this program ({contents.get('version')})"
            )
        for name, digest in files.items():
            path = folder / _safe(name)
            if not path.is_file() or _digest(path) != digest:
                raise BackupError(f"{name!r} in {str(source)!r} is damaged; take another backup")
        yield folder, generation if generation.isalnum() else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One member; only plain files with names that stay inside are taken."""
    content = archive.extractfile(member) if member.isreg() else None
    if content is None:
        raise tarfile.TarError(f"{member.name!r} is no plain file")
    path = folder / _safe(member.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise BackupError(f"a name in the backup leads out of it: {name!r}")
    return path
