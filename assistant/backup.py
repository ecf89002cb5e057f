"""One file with all that can't be made anew: texts, live index, settings, what is stored; and back from it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from assistant import __version__
from assistant.errors import BackupError
from assistant.index.manifest import read_manifest, verify_files
from assistant.index.store import current_generation, is_whole, live_folder, locked, make_live, publish, scratch_folder
from assistant.settings import FILE, Settings
from assistant.store.copying import add_lines, lines_of
from assistant.store.database import Store
from assistant.store.tables import Base, KeyRow

_FORMAT, _CONTENTS = 1, "backup.json"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: the generation ("" for none), texts, rows, and what was left as it was."""

    generation: str
    texts: int
    rows: int
    kept: tuple[str, ...]


def back_up(settings: Settings, target: Path, folder: Path = Path()) -> int:
    """Write the file `target` and return its size in bytes; a server may run meanwhile.

    Args:
        settings: what to save: corpus, index, database, probes.
        target: a `.tar.gz` that isn't there yet. It holds what the settings file holds, secrets included.
        folder: where `assistant.toml` lies.

    Raises:
        BackupError: the file is there already, or there is nothing to save.
    """
    if target.exists():
        raise BackupError(f"{str(target)!r} is there already; name another file, or delete it first")
    if not settings.corpus.is_dir() and current_generation(settings.index) is None:
        raise BackupError(
            f"there is neither a corpus {str(settings.corpus)!r} nor an index {str(settings.index)!r} to save; run it "
            "where the server runs, with its settings, or name them: --corpus DIR --index DIR"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            _write(_Archive(archive), settings, folder)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target.stat().st_size


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


def _write(archive: _Archive, settings: Settings, folder: Path) -> None:
    generation = ""
    if current_generation(settings.index):
        with locked(settings.index):  # no build takes the generation away meanwhile
            live = live_folder(settings.index)
            verify_files(live, read_manifest(live))
            generation = current_generation(settings.index) or ""
            archive.add_folder(live, f"index/{generation}")
    if settings.corpus.is_dir():
        archive.add_folder(settings.corpus, "corpus")
    for path, name in ((folder / FILE, "settings/" + FILE), (settings.probes, "probes/probes.jsonl")):
        if path.is_file():
            archive.add_file(path, name)
    if settings.database:
        store = Store(settings.database)
        tables: dict[str, list[str]] = {}
        for table, line in lines_of(store):
            tables.setdefault(table, []).append(line)
        store.close()
        for table, lines in tables.items():
            archive.add_text("\n".join(lines), f"database/{table}.jsonl")
    contents = {
        "format": _FORMAT, "version": __version__, "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": generation, "files": dict(archive.digests),
    }  # fmt: skip
    archive.add_text(json.dumps(contents, indent=1), _CONTENTS)


def restore_settings(source: Path, folder: Path = Path()) -> bool:
    """Put `assistant.toml` back into `folder` unless one is there; it names where all else goes.

    Raises:
        BackupError: `source` is no backup, or damaged.
    """
    if (folder / FILE).exists():
        return False
    with _unpacked(source) as (found, _):
        if not (found / "settings" / FILE).is_file():
            return False
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it may hold secrets
        with os.fdopen(handle, "wb") as file:
            file.write((found / "settings" / FILE).read_bytes())
        return True


def restore(settings: Settings, source: Path, force: bool = False) -> Restored:
    """Put back what `source` holds; what is stored is added to what is there.

    Args:
        settings: where to, with what `restore_settings` put back.
        source: a file that `back_up` wrote.
        force: take the place of texts that are there; they are put aside, not deleted.

    Raises:
        BackupError: the file is none, or damaged, or would take the place of texts.
    """
    with _unpacked(source) as (found, generation):
        corpus, texts = settings.corpus, found / "corpus"
        occupied = texts.is_dir() and corpus.is_dir() and any(corpus.iterdir())
        if occupied and not force:
            raise BackupError(
                f"there are texts in {str(corpus)!r} already; name another folder (--corpus DIR), or put them aside: "
                "--force"
            )
        # What can refuse comes before anything is written: the database, then the lock of the index.
        with _store(settings) as store, locked(settings.index):
            kept = []
            if generation:
                _restore_index(settings.index, found / "index" / generation, generation)
            rows, keys = _restore_rows(store, found / "database") if store else (0, 0)
            if keys:
                kept.append(f"{keys} keys of programs came back; those that had been revoked, too: assistant key list")
            if occupied:
                kept.append(f"the texts that were there are in {str(_put_aside(corpus))!r}")
            if texts.is_dir():
                shutil.copytree(texts, corpus, dirs_exist_ok=True)
            if (found / "probes" / "probes.jsonl").is_file():
                if settings.probes.exists():
                    kept.append(f"{str(settings.probes)!r} is there and stays as it is")
                else:
                    settings.probes.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(found / "probes" / "probes.jsonl", settings.probes)
        return Restored(generation, sum(path.is_file() for path in texts.rglob("*")), rows, tuple(kept))


@contextmanager
def _store(settings: Settings) -> Iterator[Store | None]:
    store = Store(settings.database) if settings.database else None
    try:
        yield store
    finally:
        if store:
            store.close()


def _put_aside(corpus: Path) -> Path:
    """What is in the corpus folder, moved beside it; the folder itself stays, it may be watched or a mount."""
    aside = corpus.with_name(f"{corpus.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    aside.mkdir()
    for path in corpus.iterdir():
        shutil.move(path, aside / path.name)
    return aside


def _restore_index(index: Path, found: Path, generation: str) -> None:
    """Make the generation live, as a build would: a server takes it up."""
    if is_whole(index, generation):
        make_live(index, generation)
        return
    with scratch_folder(index) as scratch:
        shutil.copytree(found, scratch, dirs_exist_ok=True)
        verify_files(scratch, read_manifest(scratch))
        publish(index, scratch, generation)


def _restore_rows(store: Store, folder: Path) -> tuple[int, int]:
    """How many rows came back, and how many of them are keys."""
    added = {
        table.name: add_lines(store, table.name, path.read_text(encoding="utf-8").split("\n"))
        for table in Base.metadata.sorted_tables
        for path in [folder / f"{table.name}.jsonl"]
        if path.exists()
    }
    return sum(added.values()), added.get(KeyRow.__tablename__, 0)


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
