"""Saves badly answered questions as probes, which `assistant eval` and `assistant calibrate` use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from assistant.errors import StoreError


def add_probe(path: Path, identifier: str, question: str, answerable: bool, answers: Sequence[str]) -> None:
    """Add a probe to a JSON Lines file, replacing any probe with the same identifier.

    Args:
        path: the file of probes, which is created if it doesn't exist.
        identifier: the id of the probe.
        question: the question to ask.
        answerable: whether the documents answer the question.
        answers: the accepted answers; a correct quote contains at least one of them.

    Raises:
        StoreError: the file can't be written, or a line in it is not a probe.
    """
    new_probe = {"id": identifier, "question": question, "answerable": answerable, "answers": list(answers)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            other_probes = [probe for probe in _read_probes(path) if probe.get("id") != identifier]
            temporary = path.with_name(f".{path.name}.new")
            lines = (json.dumps(probe, ensure_ascii=False) for probe in [*other_probes, new_probe])
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
            temporary.replace(path)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"can't add a probe to {str(path)!r} ({error}); check the file's permissions and contents, "
            "or the setting 'probes'"
        ) from error


def _read_probes(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError(f"{line[:40]!r} is not a probe")
                yield record
