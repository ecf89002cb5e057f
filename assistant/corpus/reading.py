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
ROLES_FILE = "onboarding.toml"  # see `onboarding.roles`
_COMPANIONS = frozenset({ROLES_FILE})


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that was left out, and why."""

    path: str
    reason: str


class CorpusReader:
    """The texts below a corpus folder in the order of their ids, each read when its turn comes, and none of them kept.

    `unreadable` holds what was left out, once all are read; hidden files are left alone.
    """

    def __init__(self, folder: Path, max_bytes: int, skip_unreadable: bool) -> None:
        self._folder, self._max_bytes, self._skip = folder, max_bytes, skip_unreadable
        self.unreadable: list[UnreadableFile] = []

    def __iter__(self) -> Iterator[Document]:
        """Read them, from the beginning each time.

        Raises:
            CorpusError: after the last, when there was none to read, or some can't be read.
        """
        self.unreadable = []
        found = False
        for path in corpus_files(self._folder):
            name = path.relative_to(self._folder).as_posix()
            try:
                document = _read(path, name, self._folder.resolve(), self._max_bytes)
            except UnreadableError as error:
                self.unreadable.append(UnreadableFile(name, str(error)))
            except OSError as error:
                self.unreadable.append(UnreadableFile(name, error.strerror or str(error)))
            else:
                found = True
                yield document
        if self.unreadable and not self._skip:
            raise CorpusError(_unreadable_message(self.unreadable))
        if not found:
            raise CorpusError(f"no readable text in {str(self._folder)!r}; put files there ({' '.join(SUFFIXES)})")


def read_corpus(folder: Path, max_bytes: int, skip_unreadable: bool = False) -> CorpusReader:
    """The texts below `folder`, to be read one after the other.

    Args:
        folder: the corpus folder; Markdown, text, HTML, PDF and DOCX files in any sub-folder.
        max_bytes: a larger file is refused.
        skip_unreadable: go on without files that can't be read instead of raising.

    Raises:
        CorpusError: no such folder.
    """
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder {str(folder)!r}; create it and put texts in, or name one: --corpus DIR")
    return CorpusReader(folder, max_bytes, skip_unreadable)


def read_document(folder: Path, document_id: str, max_bytes: int) -> Document:
    """Read one text of the corpus again.

    Raises:
        UnreadableError: it gives no text any more.
        OSError: the file can't be read.
    """
    return _read(folder / document_id, document_id, folder.resolve(), max_bytes)


def corpus_files(folder: Path) -> Iterator[Path]:
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


def _unreadable_message(unreadable: list[UnreadableFile]) -> str:
    named = "; ".join(f"{item.path!r}: {item.reason}" for item in unreadable[:5])
    more = f" and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    return (
        f"can't read {named}{more}. The index is unchanged. Mend or remove them, or: assistant index --skip-unreadable"
    )
