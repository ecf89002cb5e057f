"""Helpers shared by the commands, for printing status messages, showing progress and reading files."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.errors import QuestionError


def print_status(line: str) -> None:
    """Print a status message to stderr."""
    print(line, file=sys.stderr)


def progress_bar(items: Iterable[Any], total: int) -> Iterable[Any]:
    """Wrap `items` in a progress bar on stderr."""
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(items, total=total, file=sys.stderr, dynamic_ncols=True)
    return bar


def read_text_file(path: Path) -> str:
    """Read a UTF-8 text file.

    Raises:
        QuestionError: the file can't be read or isn't UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"can't read {str(path)!r} ({error}); it must be a UTF-8 text file") from None
