"""Reading the documents in the corpus folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.corpus.formats import SUPPORTED_SUFFIXES, UnreadableDocumentError, parse_document_file
from assistant.errors import CorpusError
from assistant.schema import Document

ROLES_FILE = "onboarding.toml"  # the file that `onboarding.roles` reads
_CONFIGURATION_FILES = frozenset({ROLES_FILE})  # files in the corpus folder that are not documents
_FOLDER_DESCRIPTION = "README.md"  # a file with this name at the top level of the corpus folder describes the folder


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that can't be read, and the reason why."""

    path: str
    reason: str


class CorpusReader:
    """Iterates over the documents in a corpus folder in the order of their ids, reading one file at a time.

    Hidden files are skipped. Once the iteration is complete, `unreadable` lists the files that couldn't be read.
    """

    def __init__(self, folder: Path, max_bytes: int, skip_unreadable: bool) -> None:
        self._folder, self._max_bytes, self._skip_unreadable = folder, max_bytes, skip_unreadable
        self.unreadable: list[UnreadableFile] = []

    def __iter__(self) -> Iterator[Document]:
        """Yield the documents. Each call starts again from the first one.

        Raises:
            CorpusError: the corpus is empty or a file couldn't be read. This error is raised only after the last file.
        """
        self.unreadable = []
        is_empty = True
        for path in find_corpus_files(self._folder):
            name = path.relative_to(self._folder).as_posix()
            try:
                document = _read(path, name, self._folder.resolve(), self._max_bytes)
            except UnreadableDocumentError as error:
                self.unreadable.append(UnreadableFile(name, str(error)))
            except OSError as error:
                self.unreadable.append(UnreadableFile(name, error.strerror or str(error)))
            else:
                is_empty = False
                yield document
        if self.unreadable and not self._skip_unreadable:
            raise CorpusError(_unreadable_message(self.unreadable))
        if is_empty:
            raise CorpusError(
                f"no readable document in {str(self._folder)!r}; add files ({' '.join(SUPPORTED_SUFFIXES)})"
            )


def read_corpus(folder: Path, max_bytes: int, skip_unreadable: bool = False) -> CorpusReader:
    """Return a reader for the documents below `folder`, which are read one at a time.

    Args:
        folder: the corpus folder. It may contain Markdown, plain text, HTML, PDF and DOCX files at any depth.
        max_bytes: the maximum size of a file.
        skip_unreadable: whether to skip files that can't be read, instead of raising an error.

    Raises:
        CorpusError: the folder doesn't exist.
    """
    if not folder.is_dir():
        raise CorpusError(
            f"no corpus folder {str(folder)!r}; create it and add documents, or name another folder: --corpus DIR"
        )
    return CorpusReader(folder, max_bytes, skip_unreadable)


def read_document(folder: Path, document_id: str, max_bytes: int) -> Document:
    """Read one document of the corpus.

    Raises:
        UnreadableDocumentError: the file has no readable content.
        OSError: the file can't be opened.
    """
    return _read(folder / document_id, document_id, folder.resolve(), max_bytes)


def find_corpus_files(folder: Path) -> Iterator[Path]:
    """Yield the document files below `folder` in sorted order. A link to a folder is yielded but not followed."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        skipped = _CONFIGURATION_FILES | ({_FOLDER_DESCRIPTION} if Path(parent) == folder else set())
        for name in sorted(names + links):
            if not name.startswith(".") and name not in skipped:
                yield Path(parent) / name


def _read(path: Path, name: str, root: Path, max_bytes: int) -> Document:
    if not path.resolve().is_relative_to(root):
        raise UnreadableDocumentError("a link that points outside the corpus folder")
    if path.is_dir():
        raise UnreadableDocumentError("a link to another folder of the corpus; remove the link")
    if not path.is_file():
        raise UnreadableDocumentError("not a regular file")
    if path.stat().st_size > max_bytes:
        raise UnreadableDocumentError(f"the file is larger than {max_bytes / 1e6:.0f} MB (setting max_file_mb)")
    return parse_document_file(path.read_bytes(), name)


def _unreadable_message(unreadable: list[UnreadableFile]) -> str:
    files = "; ".join(f"{item.path!r}: {item.reason}" for item in unreadable[:5])
    rest = f" and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    return (
        f"can't read {files}{rest}. The index is unchanged. "
        "Fix or remove these files, or skip them: assistant index --skip-unreadable"
    )
