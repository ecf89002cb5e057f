"""Bad answers as probes: lines that `assistant eval` and `assistant calibrate` read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from assistant.errors import StoreError


def add_probe(path: Path, identifier: str, question: str, answerable: bool, answers: Sequence[str]) -> None:
    """Add a probe to the file at `path`, instead of the one with the same identifier.

    Raises:
        StoreError: the file can't be written.
    """
    record = {"id": identifier, "question": question, "answerable": answerable, "answers": list(answers)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            others = [old for old in _lines(path) if old.get("id") != identifier]
            scratch = path.with_name(f".{path.name}.new")
            lines = (json.dumps(line, ensure_ascii=False) for line in [*others, record])
            scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
            scratch.replace(path)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"can't add a probe to {str(path)!r} ({error}); check its rights and lines, or the setting probes"
        ) from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError(f"{line[:40]!r} is no probe")
                yield record
