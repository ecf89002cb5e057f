"""One file with all that can't be made anew: texts, live index, settings, what is stored; and back from it."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assistant import __version__
from assistant.errors import BackupError
from assistant.index.generations import (
    build_lock,
    current_generation,
    live_generation_folder,
)
from assistant.index.manifest import read_manifest, verify_files
from assistant.maintenance.archive import _CONTENTS, _FORMAT, _Archive
from assistant.settings import SETTINGS_FILE, Settings
from assistant.store.database import Store
from assistant.store.export import export_rows


def create_backup(settings: Settings, target: Path, folder: Path = Path()) -> int:
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


def _write(archive: _Archive, settings: Settings, folder: Path) -> None:
    generation = ""
    if current_generation(settings.index):
        with build_lock(settings.index):  # no build takes the generation away meanwhile
            live = live_generation_folder(settings.index)
            verify_files(live, read_manifest(live))
            generation = current_generation(settings.index) or ""
            archive.add_folder(live, f"index/{generation}")
    if settings.corpus.is_dir():
        archive.add_folder(settings.corpus, "corpus")
    for path, name in ((folder / SETTINGS_FILE, "settings/" + SETTINGS_FILE), (settings.probes, "probes/probes.jsonl")):
        if path.is_file():
            archive.add_file(path, name)
    if settings.database:
        store = Store(settings.database)
        tables: dict[str, list[str]] = {}
        for table, line in export_rows(store):
            tables.setdefault(table, []).append(line)
        store.close()
        for table, lines in tables.items():
            archive.add_text("\n".join(lines), f"database/{table}.jsonl")
    contents = {
        "format": _FORMAT, "version": __version__, "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": generation, "files": dict(archive.digests),
    }  # fmt: skip
    archive.add_text(json.dumps(contents, indent=1), _CONTENTS)


@contextmanager
def _store(settings: Settings) -> Iterator[Store | None]:
    store = Store(settings.database) if settings.database else None
    try:
        yield store
    finally:
        if store:
            store.close()
