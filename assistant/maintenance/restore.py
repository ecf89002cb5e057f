"""Restores the documents, index, settings, probes and database rows from a backup."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import BackupError
from assistant.index.generations import (
    build_lock,
    is_generation_intact,
    publish_generation,
    scratch_folder,
    set_live_generation,
)
from assistant.index.manifest import read_manifest, verify_files
from assistant.maintenance.archive import unpacked_backup
from assistant.settings import SETTINGS_FILE, Settings
from assistant.store.database import Store
from assistant.store.export import import_rows
from assistant.store.tables import ApiKeyRow, Base


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """The index generation that was restored ("" if none), the numbers of restored documents and rows, and notes."""

    generation: str
    document_count: int
    database_row_count: int
    notes_for_operator: tuple[str, ...]


def restore_settings(source: Path, folder: Path = Path()) -> bool:
    """Restore `assistant.toml` into `folder` unless `folder` already has one. Returns whether the file was restored.

    The settings determine where everything else is restored to, so this function must be called first.

    Raises:
        BackupError: `source` is not a backup, or is damaged.
    """
    if (folder / SETTINGS_FILE).exists():
        return False
    with unpacked_backup(source) as (contents, _):
        if not (contents / "settings" / SETTINGS_FILE).is_file():
            return False
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / SETTINGS_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # may contain secrets
        with os.fdopen(handle, "wb") as file:
            file.write((contents / "settings" / SETTINGS_FILE).read_bytes())
        return True


def restore_backup(settings: Settings, source: Path, force: bool = False) -> RestoreReport:
    """Restore a backup. Its database rows are added to the existing rows.

    Args:
        settings: the locations to restore to. Load the settings only after calling `restore_settings`.
        source: the file written by `create_backup`.
        force: whether to replace existing documents; they are moved to a folder next to the corpus.

    Raises:
        BackupError: the file is not a backup or is damaged, or the corpus already has documents.
        IndexStateError: a build is running.
        StoreError: the database can't be used or rejects a row.
    """
    with unpacked_backup(source) as (contents, generation):
        corpus, documents = settings.corpus, contents / "corpus"
        occupied = documents.is_dir() and corpus.is_dir() and any(corpus.iterdir())
        if occupied and not force:
            raise BackupError(
                f"{str(corpus)!r} already has documents; use another folder (--corpus DIR), "
                "or move them aside with --force"
            )
        # Opening the database or locking the index can fail, so both are done before anything is restored.
        with _open_store(settings) as store, build_lock(settings.index):
            notes = []
            if generation:
                _restore_index(settings.index, contents / "index" / generation, generation)
            rows, keys = _restore_rows(store, contents / "database") if store else (0, 0)
            if keys:
                notes.append(
                    f"API keys restored: {keys}, including any revoked since the backup; "
                    "to check them, run: assistant key list"
                )
            if occupied:
                notes.append(f"the previous documents are in {str(_move_aside(corpus))!r}")
            if documents.is_dir():
                shutil.copytree(documents, corpus, dirs_exist_ok=True)
            if (contents / "probes" / "probes.jsonl").is_file():
                if settings.probes.exists():
                    notes.append(f"{str(settings.probes)!r} already exists and was not changed")
                else:
                    settings.probes.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(contents / "probes" / "probes.jsonl", settings.probes)
        document_count = sum(path.is_file() for path in documents.rglob("*"))
        return RestoreReport(generation, document_count, rows, tuple(notes))


@contextmanager
def _open_store(settings: Settings) -> Iterator[Store | None]:
    store = Store(settings.database) if settings.database else None
    try:
        yield store
    finally:
        if store:
            store.close()


def _move_aside(corpus: Path) -> Path:
    """Move everything in the corpus folder to a new folder next to it, and return the new folder.

    The corpus folder itself stays in place, because it may be a mount point or may be watched for changes.
    """
    aside = corpus.with_name(f"{corpus.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    aside.mkdir()
    for path in corpus.iterdir():
        shutil.move(path, aside / path.name)
    return aside


def _restore_index(index: Path, source: Path, generation: str) -> None:
    """Publish the restored generation in the same way as a new build, so that a running server loads it."""
    if is_generation_intact(index, generation):
        set_live_generation(index, generation)
        return
    with scratch_folder(index) as scratch:
        shutil.copytree(source, scratch, dirs_exist_ok=True)
        verify_files(scratch, read_manifest(scratch))
        publish_generation(index, scratch, generation)


def _restore_rows(store: Store, folder: Path) -> tuple[int, int]:
    """Import all rows. Returns the number of rows added and the number of API keys among them."""
    added = {
        table.name: import_rows(store, table.name, path.read_text(encoding="utf-8").split("\n"))
        for table in Base.metadata.sorted_tables
        for path in [folder / f"{table.name}.jsonl"]
        if path.exists()
    }
    return sum(added.values()), added.get(ApiKeyRow.__tablename__, 0)
