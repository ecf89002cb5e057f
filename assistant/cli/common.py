"""What the commands share: lines for people on stderr, progress bars, files that are read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.errors import QuestionError


def print_status(line: str) -> None:
    """A line for people, beside the output."""
    print(line, file=sys.stderr)


def progress_bar(items: Iterable[Any], total: int) -> Iterable[Any]:
    """`items` with a progress bar."""
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(items, total=total, file=sys.stderr, dynamic_ncols=True)
    return bar


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        QuestionError: it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"can't read {str(path)!r} ({error}); name a UTF-8 text file") from None
