"""Introductions saved as `index/guides/<name>.json`. The onboarding package defines the content of these files."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = "guides"  # the name on disk in existing indexes


def read_introduction(index: Path, name: str) -> str | None:
    """Read the saved introduction `name`. Return None if the introduction is missing or unreadable."""
    try:
        return (index / _FOLDER / f"{name}.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def write_introduction(index: Path, name: str, text: str) -> None:
    """Save the introduction `name` atomically and delete all others, which may quote deleted documents.

    Raises:
        OSError: the folder is not writable.
    """
    folder = index / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".{name}-{os.getpid()}"
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(folder / f"{name}.json")
    for other in folder.iterdir():
        if other.name != f"{name}.json":
            other.unlink(missing_ok=True)
