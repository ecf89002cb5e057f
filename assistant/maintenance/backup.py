"""Writes a backup of the documents, live index, settings, probes and database rows to one file."""

from __future__ import annotations

import json
import os
import tarfile
from contextlib import closing
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
from assistant.maintenance.archive import CONTENTS_FILE, FORMAT_VERSION, ArchiveWriter
from assistant.settings import SETTINGS_FILE, Settings
from assistant.store.database import Store
from assistant.store.export import export_rows


def create_backup(settings: Settings, target: Path, folder: Path = Path()) -> int:
    """Write a backup and return its size in bytes. A server may be running at the same time.

    Args:
        settings: the locations of the corpus, index, database and probes.
        target: the `.tar.gz` file to create. It will include the settings file, so it may contain secrets.
        folder: the folder that contains `assistant.toml`.

    Raises:
        BackupError: `target` already exists, or there is nothing to back up.
    """
    if target.exists():
        raise BackupError(f"{str(target)!r} already exists; choose another name or delete it first")
    if not settings.corpus.is_dir() and current_generation(settings.index) is None:
        raise BackupError(
            f"nothing to back up: there is no corpus {str(settings.corpus)!r} and no index {str(settings.index)!r}; "
            "run the command in the server's folder with its settings, or use --corpus DIR --index DIR"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            _write_contents(ArchiveWriter(archive), settings, folder)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _write_contents(archive: ArchiveWriter, settings: Settings, folder: Path) -> None:
    generation = ""
    if current_generation(settings.index):
        with build_lock(settings.index):  # prevents a build from deleting the live generation during the backup
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
        tables: dict[str, list[str]] = {}
        with closing(Store(settings.database)) as store:
            for table, line in export_rows(store):
                tables.setdefault(table, []).append(line)
        for table, lines in tables.items():
            archive.add_text("\n".join(lines), f"database/{table}.jsonl")
    contents = {
        "format": FORMAT_VERSION, "version": __version__, "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "generation": generation, "files": dict(archive.digests),
    }  # fmt: skip
    archive.add_text(json.dumps(contents, indent=1), CONTENTS_FILE)
