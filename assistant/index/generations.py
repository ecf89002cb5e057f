"""The index folder: generations side by side, one of them live.

    index/generations/<name>/   immutable; see `manifest`
    index/current               the name of the live generation
    index/previous              the name of the one before, to roll back to
    index/guides/<name>.json    see `introductions`
    index/checked.json          see `integrity`
    index/vectors-1.sqlite      see `storage.vector_cache`

A generation is built in a hidden folder, synced to disk and renamed; then `current` is replaced by
a rename. A crash at any instant leaves the old or the new generation live.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import IndexDamagedError, IndexStateError
from assistant.index import integrity
from assistant.index.manifest import MANIFEST_FILE, read_manifest, verify_files

_GENERATIONS, _CURRENT, _PREVIOUS, _LOCK = "generations", "current", "previous", "lock"
_SET_ASIDE = ".aside-"  # in front of the name of a generation that is being replaced by itself


def current_generation(index: Path) -> str | None:
    """The name of the live generation, None when nothing was built yet."""
    return _read_pointer(index / _CURRENT)


def generation_folder(index: Path, name: str) -> Path:
    """Where generation `name` lies."""
    return index / _GENERATIONS / name


def live_generation_folder(index: Path) -> Path:
    """The folder of the live generation.

    Raises:
        IndexStateError: there is no index.
        IndexDamagedError: `current` names a generation that isn't there.
    """
    name = current_generation(index)
    if name is None:
        raise IndexStateError(f"no index in {str(index)!r}; build it: assistant index")
    folder = generation_folder(index, name)
    aside = folder.with_name(f"{_SET_ASIDE}{name}")
    if not folder.is_dir() and aside.is_dir():  # a rebuild is between two renames, or was killed there
        return aside
    if not folder.is_dir():
        raise IndexDamagedError(f"generation {name!r} is missing in {str(index)!r}; rebuild: assistant index --rebuild")
    return folder


def indexed_at(index: Path) -> float:
    """When the live generation was built, seconds since the epoch.

    Raises:
        IndexStateError: there is none.
    """
    return (live_generation_folder(index) / MANIFEST_FILE).stat().st_mtime


@contextmanager
def build_lock(index: Path) -> Iterator[None]:
    """Hold the index folder for one build.

    Raises:
        IndexStateError: another build is running.
    """
    from filelock import FileLock, Timeout

    index.mkdir(parents=True, exist_ok=True)
    lock = FileLock(index / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise IndexStateError(f"another build is writing {str(index)!r}; wait for it, then: assistant index") from None
    try:
        _clean_up_after_crash(index)
        yield
    finally:
        lock.release()


@contextmanager
def scratch_folder(index: Path) -> Iterator[Path]:
    """A hidden folder beside the generations, gone afterwards unless it was published."""
    parent = index / _GENERATIONS
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_generation(index: Path, scratch: Path, name: str) -> None:
    """Make the finished `scratch` the live generation `name`; keep the one before, drop older ones."""
    _sync_tree(scratch)
    folder = generation_folder(index, name)
    aside = folder.with_name(f"{_SET_ASIDE}{name}")
    if folder.exists():  # it is rebuilt: kept until the new one stands in its place
        folder.rename(aside)
    scratch.rename(folder)
    _sync(folder.parent)
    set_live_generation(index, name)
    shutil.rmtree(aside, ignore_errors=True)


def set_live_generation(index: Path, name: str) -> None:
    """Point `current` at the existing generation `name`, remember the one before, drop older ones."""
    before = current_generation(index)
    if before and before != name:
        _write_pointer(index / _PREVIOUS, before)
    _write_pointer(index / _CURRENT, name)
    kept = {name, _read_pointer(index / _PREVIOUS)}
    for folder in (index / _GENERATIONS).iterdir():
        if folder.name not in kept and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)


def roll_back(index: Path) -> str:
    """Make the generation before the live one live again, and return its name.

    Raises:
        IndexStateError: there is none, or it is damaged.
    """
    if not index.is_dir():
        raise IndexStateError(f"no index in {str(index)!r}; build it: assistant index")
    with build_lock(index):
        name = _read_pointer(index / _PREVIOUS)
        if name is None or not generation_folder(index, name).is_dir():
            raise IndexStateError(f"no earlier generation in {str(index)!r}; build one: assistant index")
        verify_files(generation_folder(index, name), read_manifest(generation_folder(index, name)))
        set_live_generation(index, name)
        return name


def is_intact(index: Path, name: str) -> bool:
    """Whether generation `name` is there and every file is what its manifest says."""
    folder = generation_folder(index, name)
    if not folder.is_dir():
        return False
    try:
        verify_files(folder, read_manifest(folder))
    except IndexDamagedError:
        return False
    return True


def _clean_up_after_crash(index: Path) -> None:
    """Clear away what a killed build left; a generation it had put aside goes back to its place."""
    for folder in (index / _GENERATIONS).glob(f"{_SET_ASIDE}*"):
        place = folder.with_name(folder.name.removeprefix(_SET_ASIDE))
        if place.exists():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder.rename(place)
    for folder in (index / _GENERATIONS).glob(".building-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for name in (_CURRENT, _PREVIOUS, integrity.VERIFIED_FILE):
        for scratch in index.glob(f".{name}-*"):
            scratch.unlink(missing_ok=True)


def _read_pointer(path: Path) -> str | None:
    try:
        name = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return name if name.isalnum() else None  # a name, never a path


def _write_pointer(path: Path, name: str) -> None:
    scratch = path.with_name(f".{path.name}-{os.getpid()}")
    with scratch.open("w", encoding="ascii") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    _sync(path.parent)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
