"""Documents and passages of a generation, read from memory-mapped files when they are asked for.

    documents.jsonl   one line of JSON for each document, in the order of the corpus
    passages.jsonl    one for each passage, whole: a passage is read without its document
    *.npy             where each line begins; which rows are whose; the row of each passage id

What is resident is what was asked for lately, whatever the size of the corpus.
"""

from __future__ import annotations

import dataclasses
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from assistant.index.storage.arrays import ArrayWriter, FileWriter, open_array
from assistant.schema import Document, Heading, Passage, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOCUMENTS_FILE, PASSAGES_FILE = "documents.jsonl", "passages.jsonl"
_DOCUMENT_LINES, _PASSAGE_LINES = "document_lines.npy", "passage_lines.npy"
_DOCUMENT_ROWS, _SENTENCE_ROWS = "document_rows.npy", "sentence_rows.npy"
_DOCUMENT_LANGUAGES, _LANGUAGES = "document_languages.npy", "languages.json"
_IDS, _ROWS_OF_IDS = "passage_ids.npy", "passage_id_rows.npy"
PASSAGE_FILES = (PASSAGES_FILE, _PASSAGE_LINES, _DOCUMENT_ROWS)  # the files of `PassagesByDocument`
_CACHED_DOCUMENTS, _CACHED_PASSAGES = 32, 2048  # lately read ones, decoded


class MappedLines:
    """The lines of a file, memory-mapped."""

    def __init__(self, path: Path, starts: NDArray[np.int64]) -> None:
        self._starts = starts
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(starts) > 1 else b""

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._bytes[int(self._starts[number]) : int(self._starts[number + 1])]


class StoredDocuments(Mapping[str, Document]):
    """The documents by id, in the order of the corpus."""

    def __init__(self, folder: Path, document_ids: Iterable[str]) -> None:
        self._lines = MappedLines(folder / DOCUMENTS_FILE, open_array(folder / _DOCUMENT_LINES))
        self._numbers = {document_id: number for number, document_id in enumerate(document_ids)}
        if len(self._numbers) != len(self._lines):
            raise ValueError("the manifest names other documents")
        self._read = lru_cache(_CACHED_DOCUMENTS)(lambda number: _document(json.loads(self._lines[number])))

    def __getitem__(self, document_id: str) -> Document:
        return self._read(self._numbers[document_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, document_id: str) -> int:
        """Which document it is, counted from 0.

        Raises:
            KeyError: it is none of these.
        """
        return self._numbers[document_id]


class StoredTexts(Mapping[str, str]):
    """The indexed text by document id."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    def __getitem__(self, document_id: str) -> str:
        return self._documents[document_id].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


class StoredPassages(Sequence[Passage]):
    """The passages in the order of their rows."""

    def __init__(self, folder: Path) -> None:
        self._lines = MappedLines(folder / PASSAGES_FILE, open_array(folder / _PASSAGE_LINES))
        self._read = lru_cache(_CACHED_PASSAGES)(lambda row: _passage(json.loads(self._lines[row])))

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(len(self)))]
        return self._read(int(row))

    def __iter__(self) -> Iterator[Passage]:
        for row in range(len(self)):  # all of them: not kept
            yield _passage(json.loads(self._lines[row]))


class PassagesByDocument:
    """The passages of each document, by its number in the order of the corpus."""

    def __init__(self, folder: Path) -> None:
        self._passages, self._rows = StoredPassages(folder), open_array(folder / _DOCUMENT_ROWS)

    def __getitem__(self, number: int) -> Sequence[Passage]:
        return self._passages[int(self._rows[number]) : int(self._rows[number + 1])]


class PassageRows(Mapping[str, int]):
    """The row of each passage by its id."""

    def __init__(self, folder: Path) -> None:
        self._ids: NDArray[np.uint64] = open_array(folder / _IDS)
        self._rows: NDArray[np.uint32] = open_array(folder / _ROWS_OF_IDS)

    def __getitem__(self, passage_id: str) -> int:
        number = _id_number(passage_id)
        at = int(self._ids.searchsorted(number)) if number is not None else len(self._ids)
        if at == len(self._ids) or self._ids[at] != number:
            raise KeyError(passage_id)
        return int(self._rows[at])

    def __iter__(self) -> Iterator[str]:
        return (f"{int(number):016x}" for number in self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _id_number(passage_id: str) -> np.uint64 | None:
    import numpy as np

    right = len(passage_id) == 16 and all(char in "0123456789abcdef" for char in passage_id)
    return np.uint64(int(passage_id, 16)) if right else None


@dataclasses.dataclass(frozen=True)
class PassageLayout:
    """Which rows belong to what: document `i` has the passages `documents[i]` to `documents[i + 1]`, and is in
    language `languages[of_documents[i]]`; passage `i` has the sentences `sentences[i]` to `sentences[i + 1]`."""

    documents: NDArray[np.int64]
    sentences: NDArray[np.int64]
    document_languages: NDArray[np.uint8]
    languages: tuple[str, ...]


def read_layout(folder: Path) -> PassageLayout:
    """The layout that `DocumentWriter` wrote to `folder`."""
    return PassageLayout(
        documents=open_array(folder / _DOCUMENT_ROWS),
        sentences=open_array(folder / _SENTENCE_ROWS),
        document_languages=open_array(folder / _DOCUMENT_LANGUAGES),
        languages=tuple(json.loads((folder / _LANGUAGES).read_text(encoding="utf-8"))),
    )


class DocumentWriter:
    """Writes documents as they come, then each one's passages; holds none of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents = _LineWriter(folder / DOCUMENTS_FILE, folder / _DOCUMENT_LINES)
        self._passages = _LineWriter(folder / PASSAGES_FILE, folder / _PASSAGE_LINES)
        self._document_rows = ArrayWriter(folder / _DOCUMENT_ROWS, "int64", first=0)
        self._sentence_rows = ArrayWriter(folder / _SENTENCE_ROWS, "int64", first=0)
        self._languages = ArrayWriter(folder / _DOCUMENT_LANGUAGES, "uint8")
        self._ids = ArrayWriter(folder / _IDS, "uint64")
        self._codes: dict[str, int] = {}
        self._sentences = 0

    def document(self, document: Document) -> None:
        """Write the next document."""
        self._documents.write(dataclasses.asdict(document))
        self._languages.append(self._codes.setdefault(document.language, len(self._codes)))

    def documents(self) -> Iterator[Document]:
        """The documents that were written, one after the other."""
        self._documents.close()
        with (self._folder / DOCUMENTS_FILE).open(encoding="utf-8") as lines:
            for line in lines:
                yield _document(json.loads(line))

    def passages(self, passages: Sequence[Passage]) -> None:
        """Write the passages of the next document."""
        for passage in passages:
            self._passages.write(_passage_record(passage))
            self._ids.append(int(passage.passage_id, 16))
            self._sentences += len(passage.sentences)
            self._sentence_rows.append(self._sentences)
        self._document_rows.append(len(self._passages))

    def close(self) -> None:
        """Finish the files."""
        import numpy as np

        parts = (self._documents, self._passages, self._document_rows, self._sentence_rows, self._languages, self._ids)
        for part in parts:
            part.close()
        (self._folder / _LANGUAGES).write_text(json.dumps(list(self._codes)), encoding="utf-8")
        ids = np.load(self._folder / _IDS)
        order = np.argsort(ids, kind="stable")
        np.save(self._folder / _IDS, ids[order])
        np.save(self._folder / _ROWS_OF_IDS, order.astype(np.uint32))


class _LineWriter:
    """Lines of JSON, and a file of where each begins."""

    def __init__(self, path: Path, starts: Path) -> None:
        self._file = FileWriter(path)
        self._starts = ArrayWriter(starts, "int64", first=0)
        self._lines = 0

    def __len__(self) -> int:
        return self._lines

    def write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._starts.append(len(self._file))
        self._lines += 1

    def close(self) -> None:
        self._file.flush()
        self._starts.close()


def _document(record: dict[str, Any]) -> Document:
    headings = tuple(
        Heading(Span(item["span"]["start"], item["span"]["end"]), item["level"], item["text"])
        for item in record.pop("headings")
    )
    return Document(**record, headings=headings)


def _passage_record(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.passage_id, "document": passage.document_id, "title": passage.title, "url": passage.url,
        "language": passage.language, "heading": passage.heading, "text": passage.text, "start": passage.start,
        "sentences": [bound for span in passage.sentences for bound in (span.start, span.end)],
    }  # fmt: skip


def _passage(record: dict[str, Any]) -> Passage:
    bounds = record["sentences"]
    return Passage(
        passage_id=record["id"],
        document_id=record["document"],
        title=record["title"],
        url=record["url"],
        language=record["language"],
        heading=tuple(record["heading"]),
        text=record["text"],
        start=record["start"],
        end=record["start"] + len(record["text"]),
        sentences=tuple(Span(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True)),
    )
