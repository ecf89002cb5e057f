"""The index folder and the generations of the index in it, one of which is live.

    index/generations/<name>/   a generation, which is immutable; see `manifest`
    index/current               the name of the live generation
    index/previous              the name of the previous generation, to which `roll_back_generation` returns
    index/guides/<name>.json    a saved introduction; see `saved_introductions`
    index/checked.json          a record of intact files; see `integrity`
    index/vectors-1.sqlite      the cache of passage vectors; see `storage.vector_cache`

A generation is built in a hidden folder, which is then synced to disk and renamed. Then `current` is replaced
atomically. After a crash at any point, either the old or the new generation is live.
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
_ASIDE_PREFIX = ".aside-"  # marks a generation while a rebuild replaces it with one of the same name


def current_generation(index: Path) -> str | None:
    """Return the name of the live generation, or None if there is no index yet."""
    return _read_pointer(index / _CURRENT)


def generation_folder(index: Path, name: str) -> Path:
    """Return the folder of the generation `name`."""
    return index / _GENERATIONS / name


def live_generation_folder(index: Path) -> Path:
    """Return the folder of the live generation.

    Raises:
        IndexStateError: there is no index.
        IndexDamagedError: the folder of the live generation is missing.
    """
    name = current_generation(index)
    if name is None:
        raise IndexStateError(f"no index in {str(index)!r}; build it: assistant index")
    folder = generation_folder(index, name)
    aside = folder.with_name(f"{_ASIDE_PREFIX}{name}")
    if not folder.is_dir() and aside.is_dir():  # a rebuild is between its two renames, or was killed at that point
        return aside
    if not folder.is_dir():
        raise IndexDamagedError(
            f"generation {name!r} is missing in {str(index)!r}; rebuild it: assistant index --rebuild"
        )
    return folder


def index_build_time(index: Path) -> float:
    """Return the time at which the live generation was built, in seconds since the epoch.

    Raises:
        IndexStateError: there is no index.
    """
    return (live_generation_folder(index) / MANIFEST_FILE).stat().st_mtime


@contextmanager
def build_lock(index: Path) -> Iterator[None]:
    """Lock the index folder for the duration of a build, and clean up after any earlier build that crashed.

    Raises:
        IndexStateError: another build is running.
    """
    from filelock import FileLock, Timeout

    index.mkdir(parents=True, exist_ok=True)
    lock = FileLock(index / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise IndexStateError(
            f"another build is writing {str(index)!r}; wait until that build is done, then run: assistant index"
        ) from None
    try:
        _clean_up_after_crash(index)
        yield
    finally:
        lock.release()


@contextmanager
def scratch_folder(index: Path) -> Iterator[Path]:
    """Create a hidden folder for a new generation. Delete the folder afterwards unless it was published."""
    parent = index / _GENERATIONS
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_generation(index: Path, scratch: Path, name: str) -> None:
    """Publish the folder `scratch` as the live generation `name`. Keep the previous generation but no older ones."""
    _sync_tree(scratch)
    folder = generation_folder(index, name)
    aside = folder.with_name(f"{_ASIDE_PREFIX}{name}")
    if folder.exists():  # a rebuild: keep the old folder until the new one is in place
        folder.rename(aside)
    scratch.rename(folder)
    _sync(folder.parent)
    set_live_generation(index, name)
    shutil.rmtree(aside, ignore_errors=True)


def set_live_generation(index: Path, name: str) -> None:
    """Make the existing generation `name` live. Keep the previous generation but no older ones."""
    previous = current_generation(index)
    if previous and previous != name:
        _write_pointer(index / _PREVIOUS, previous)
    _write_pointer(index / _CURRENT, name)
    retained = {name, _read_pointer(index / _PREVIOUS)}
    for folder in (index / _GENERATIONS).iterdir():
        if folder.name not in retained and not folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)


def roll_back_generation(index: Path) -> str:
    """Make the previous generation live again and return its name. A second call undoes the first.

    Raises:
        IndexStateError: there is no index or no previous generation, or a build is running.
        IndexDamagedError: the previous generation is damaged.
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


def is_generation_intact(index: Path, name: str) -> bool:
    """Return whether the generation `name` exists and all its files match its manifest."""
    folder = generation_folder(index, name)
    if not folder.is_dir():
        return False
    try:
        verify_files(folder, read_manifest(folder))
    except IndexDamagedError:
        return False
    return True


def _clean_up_after_crash(index: Path) -> None:
    """Delete the temporary files of a killed build, and restore the generation that the build was replacing, if any."""
    for folder in (index / _GENERATIONS).glob(f"{_ASIDE_PREFIX}*"):
        target = folder.with_name(folder.name.removeprefix(_ASIDE_PREFIX))
        if target.exists():
            shutil.rmtree(folder, ignore_errors=True)
        else:
            folder.rename(target)
    for folder in (index / _GENERATIONS).glob(".building-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for name in (_CURRENT, _PREVIOUS, integrity.VERIFICATION_RECORD_FILE):
        for scratch in index.glob(f".{name}-*"):
            scratch.unlink(missing_ok=True)


def _read_pointer(path: Path) -> str | None:
    try:
        name = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return name if name.isalnum() else None  # a path is never accepted as a name


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
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
