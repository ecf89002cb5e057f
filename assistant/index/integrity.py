"""Verifying a generation's files and recording which of them are known to be intact.

Hashing large files takes longer than answering a question. Once a large file has been verified, its size, times and
inode number are recorded, and the file isn't read again until one of them changes:

    index/checked.json   file -> size, mtime, ctime and inode number at the time of verification

The ctime is included because, unlike the mtime, it can't be set back by a program.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from assistant.index.manifest import Manifest, verify_files

VERIFICATION_RECORD_FILE = "checked.json"
_MIN_RECORDED_SIZE = 1 << 20  # in bytes; smaller files are read each time


def verify_generation(index: Path, folder: Path, manifest: Manifest, thorough: bool) -> None:
    """Check that all of a generation's files match its manifest.

    Args:
        index: the index folder. If the folder is writable, the record of intact files in it is updated.
        folder: the folder of the generation.
        manifest: the manifest of the generation.
        thorough: whether to read every file. If False, large files whose recorded state hasn't changed are skipped.

    Raises:
        IndexDamagedError: a file is missing or has changed. The message names the first such file.
    """
    recorded = _recorded_states(index, manifest.generation)
    states = {name: _file_state(folder / name) for name in manifest.files}
    unverified = [name for name, state in states.items() if thorough or state is None or recorded.get(name) != state]
    verify_files(folder, manifest, unverified)
    large = {name: state for name, state in states.items() if state and state[0] >= _MIN_RECORDED_SIZE}
    if large != recorded:
        with suppress(OSError):  # if the folder is read-only, every file is read each time
            _write_atomically(
                index / VERIFICATION_RECORD_FILE, json.dumps({"generation": manifest.generation, "files": large})
            )


def _file_state(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _recorded_states(index: Path, generation: str) -> dict[str, list[int]]:
    try:
        record = json.loads((index / VERIFICATION_RECORD_FILE).read_text(encoding="utf-8"))
        return dict(record["files"]) if record["generation"] == generation else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _write_atomically(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}-{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
