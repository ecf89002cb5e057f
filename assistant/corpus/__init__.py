"""The corpus folder -> Documents. The only reader of `corpus/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.formats import SUFFIXES, UnreadableError, read_file
from assistant.errors import CorpusError
from assistant.schema import Document

# Files that belong to a corpus folder without being texts of it.
ONBOARDING = "onboarding.toml"  # see `onboarding.roles`
_COMPANIONS = frozenset({ONBOARDING})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a corpus folder gave: its documents in the order of their ids, and what it didn't."""

    documents: tuple[Document, ...]
    unreadable: tuple[Unreadable, ...] = ()


def read_corpus(folder: Path, max_bytes: int, skip_unreadable: bool = False) -> Reading:
    """Read every text below `folder`; hidden files are left alone.

    Args:
        folder: the corpus folder; Markdown, text, HTML, PDF and DOCX files in any sub-folder.
        max_bytes: a larger file is refused.
        skip_unreadable: go on without files that can't be read instead of raising.

    Raises:
        CorpusError: no such folder, nothing to read in it, or files that can't be read.
    """
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder {str(folder)!r}; create it and put texts in, or name one: --corpus DIR")
    documents, unreadable = [], []
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        try:
            documents.append(_read(path, name, folder.resolve(), max_bytes))
        except UnreadableError as error:
            unreadable.append(Unreadable(name, str(error)))
        except OSError as error:
            unreadable.append(Unreadable(name, error.strerror or str(error)))
    if unreadable and not skip_unreadable:
        raise CorpusError(_complaint(unreadable))
    if not documents:
        raise CorpusError(f"no readable text in {str(folder)!r}; put files there ({' '.join(SUFFIXES)})")
    return Reading(tuple(documents), tuple(unreadable))


def read_document(folder: Path, document_id: str, max_bytes: int) -> Document:
    """Read one text of the corpus again.

    Raises:
        UnreadableError: it gives no text any more.
        OSError: the file can't be read.
    """
    return _read(folder / document_id, document_id, folder.resolve(), max_bytes)


def files_of(folder: Path) -> Iterator[Path]:
    """Files below `folder`, sorted; a linked folder is handed on as if it were a file."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted(names + links):
            if not name.startswith(".") and name not in _COMPANIONS:
                yield Path(parent) / name


def _read(path: Path, name: str, root: Path, max_bytes: int) -> Document:
    if not path.resolve().is_relative_to(root):
        raise UnreadableError("a link that leads out of the corpus folder")
    if path.is_dir():
        raise UnreadableError("a link to a folder; its files are read where they are, remove the link")
    if not path.is_file():
        raise UnreadableError("no regular file")
    if path.stat().st_size > max_bytes:
        raise UnreadableError(f"larger than {max_bytes / 1e6:.0f} MB (setting max_file_mb)")
    return read_file(path.read_bytes(), name)


def _complaint(unreadable: list[Unreadable]) -> str:
    named = "; ".join(f"{item.path!r}: {item.reason}" for item in unreadable[:5])
    more = f" and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    return (
        f"can't read {named}{more}. The index is unchanged. Mend or remove them, or: assistant index --skip-unreadable"
    )
