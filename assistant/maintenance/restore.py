"""A backup file -> documents, index, settings and stored rows."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.errors import BackupError
from assistant.index.generations import (
    build_lock,
    is_intact,
    publish_generation,
    scratch_folder,
    set_live_generation,
)
from assistant.index.manifest import read_manifest, verify_files
from assistant.maintenance.archive import _unpacked
from assistant.maintenance.backup import _store
from assistant.settings import SETTINGS_FILE, Settings
from assistant.store.database import Store
from assistant.store.export import import_rows
from assistant.store.tables import Base, KeyRow


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was put back: the generation ("" for none), texts, rows, and what was left as it was."""

    generation: str
    texts: int
    rows: int
    kept: tuple[str, ...]


def restore_settings(source: Path, folder: Path = Path()) -> bool:
    """Put `assistant.toml` back into `folder` unless one is there; it names where all else goes.

    Raises:
        BackupError: `source` is no backup, or damaged.
    """
    if (folder / SETTINGS_FILE).exists():
        return False
    with _unpacked(source) as (found, _):
        if not (found / "settings" / SETTINGS_FILE).is_file():
            return False
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / SETTINGS_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it may hold secrets
        with os.fdopen(handle, "wb") as file:
            file.write((found / "settings" / SETTINGS_FILE).read_bytes())
        return True


def restore_backup(settings: Settings, source: Path, force: bool = False) -> RestoreReport:
    """Put back what `source` holds; what is stored is added to what is there.

    Args:
        settings: where to, with what `restore_settings` put back.
        source: a file that `create_backup` wrote.
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
        with _store(settings) as store, build_lock(settings.index):
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
        return RestoreReport(generation, sum(path.is_file() for path in texts.rglob("*")), rows, tuple(kept))


def _put_aside(corpus: Path) -> Path:
    """What is in the corpus folder, moved beside it; the folder itself stays, it may be watched or a mount."""
    aside = corpus.with_name(f"{corpus.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    aside.mkdir()
    for path in corpus.iterdir():
        shutil.move(path, aside / path.name)
    return aside


def _restore_index(index: Path, found: Path, generation: str) -> None:
    """Make the generation live, as a build would: a server takes it up."""
    if is_intact(index, generation):
        set_live_generation(index, generation)
        return
    with scratch_folder(index) as scratch:
        shutil.copytree(found, scratch, dirs_exist_ok=True)
        verify_files(scratch, read_manifest(scratch))
        publish_generation(index, scratch, generation)


def _restore_rows(store: Store, folder: Path) -> tuple[int, int]:
    """How many rows came back, and how many of them are keys."""
    added = {
        table.name: import_rows(store, table.name, path.read_text(encoding="utf-8").split("\n"))
        for table in Base.metadata.sorted_tables
        for path in [folder / f"{table.name}.jsonl"]
        if path.exists()
    }
    return sum(added.values()), added.get(KeyRow.__tablename__, 0)
