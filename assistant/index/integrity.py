"""Which large files of the live generation were found whole, so that each question needn't read all of them again.

    index/checked.json   file -> size, times of change and inode number, as they were when its hash was right

What can't be set back by hand (the inode's time of change) is among them. A file that looks different is read.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from assistant.index.manifest import Manifest, verify_files

VERIFIED_FILE = "checked.json"
_LARGE = 1 << 20  # bytes; a smaller file is read each time


def verify_generation(index: Path, folder: Path, manifest: Manifest, thorough: bool) -> None:
    """Raise unless every file of the generation in `folder` is what the manifest says.

    Args:
        index: the index folder, where is written what was found whole, if that is possible.
        folder: of the generation.
        manifest: its manifest.
        thorough: read every file; otherwise those are taken for whole that were so, and look the same since.

    Raises:
        IndexDamagedError: names the first file that is missing or changed.
    """
    known = _verified_files(index, manifest.generation)
    looks = {name: _file_state(folder / name) for name in manifest.files}
    read = [name for name, look in looks.items() if thorough or look is None or known.get(name) != look]
    verify_files(folder, manifest, read)
    large = {name: look for name, look in looks.items() if look and look[0] >= _LARGE}
    if large != known:
        with suppress(OSError):  # whoever only reads the index checks it each time
            _write(index / VERIFIED_FILE, json.dumps({"generation": manifest.generation, "files": large}))


def _file_state(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _verified_files(index: Path, generation: str) -> dict[str, list[int]]:
    try:
        found = json.loads((index / VERIFIED_FILE).read_text(encoding="utf-8"))
        return dict(found["files"]) if found["generation"] == generation else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}-{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
