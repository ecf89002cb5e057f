"""Guides beside the generations: `index/guides/<name>.json`. What is in them is made elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = "guides"


def read_introduction(index: Path, name: str) -> str | None:
    """The saved guide `name`, None when there is none."""
    try:
        return (index / _FOLDER / f"{name}.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def write_introduction(index: Path, name: str, text: str) -> None:
    """Save guide `name` in one step, and drop the others: what they quote may be gone.

    Raises:
        OSError: the folder can't be written.
    """
    folder = index / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".{name}-{os.getpid()}"
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(folder / f"{name}.json")
    for other in folder.iterdir():
        if other.name != f"{name}.json":
            other.unlink(missing_ok=True)
