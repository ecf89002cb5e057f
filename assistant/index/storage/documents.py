"""The documents and passages of a generation, which are read from memory-mapped files.

    documents.jsonl          one JSON object per document, in corpus order
    passages.jsonl           one JSON object per passage, including the passage's text
    document_lines.npy       int64 [documents + 1], the offset of each line of documents.jsonl
    passage_lines.npy        int64 [passages + 1], the offset of each line of passages.jsonl
    document_rows.npy        int64 [documents + 1], the row of each document's first passage
    sentence_rows.npy        int64 [passages + 1], the row of each passage's first sentence
    document_languages.npy   uint8 [documents], the position of each document's language in languages.json
    passage_ids.npy          uint64 [passages], the passage ids as numbers, ascending
    passage_id_rows.npy      uint32 [passages], the row of the passage with each id in passage_ids.npy

Only recently used documents and passages are held in memory in decoded form.
"""

from __future__ import annotations

import dataclasses
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from assistant.index.storage.arrays import ArrayWriter, FileWriter, memory_map_array
from assistant.schema import Document, Heading, Passage, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOCUMENTS_FILE, PASSAGES_FILE = "documents.jsonl", "passages.jsonl"
_DOCUMENT_LINES, _PASSAGE_LINES = "document_lines.npy", "passage_lines.npy"
_DOCUMENT_ROWS, _SENTENCE_ROWS = "document_rows.npy", "sentence_rows.npy"
_DOCUMENT_LANGUAGES, _LANGUAGES = "document_languages.npy", "languages.json"
_IDS, _ROWS_OF_IDS = "passage_ids.npy", "passage_id_rows.npy"
PASSAGE_FILES = (PASSAGES_FILE, _PASSAGE_LINES, _DOCUMENT_ROWS)  # the files that `PassagesByDocument` reads
_CACHED_DOCUMENTS, _CACHED_PASSAGES = 32, 2048


class MemoryMappedLines:
    """The lines of a memory-mapped file. `offsets`, `[lines + 1]`, gives the position of each line in bytes."""

    def __init__(self, path: Path, offsets: NDArray[np.int64]) -> None:
        self._offsets = offsets
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if len(offsets) > 1 else b""

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._bytes[int(self._offsets[number]) : int(self._offsets[number + 1])]


class StoredDocuments(Mapping[str, Document]):
    """The documents of a generation by document id, in corpus order.

    Raises:
        ValueError: the number of `document_ids` differs from the number of stored documents.
    """

    def __init__(self, folder: Path, document_ids: Iterable[str]) -> None:
        self._lines = MemoryMappedLines(folder / DOCUMENTS_FILE, memory_map_array(folder / _DOCUMENT_LINES))
        self._positions = {document_id: position for position, document_id in enumerate(document_ids)}
        if len(self._positions) != len(self._lines):
            raise ValueError("the manifest lists a different number of documents than the index contains")
        self._read = lru_cache(_CACHED_DOCUMENTS)(lambda position: _document(json.loads(self._lines[position])))

    def __getitem__(self, document_id: str) -> Document:
        return self._read(self._positions[document_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def corpus_position(self, document_id: str) -> int:
        """Return the position of a document in the corpus, counted from 0.

        Raises:
            KeyError: there is no such document.
        """
        return self._positions[document_id]


class StoredDocumentTexts(Mapping[str, str]):
    """The indexed text of each document, by document id."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    def __getitem__(self, document_id: str) -> str:
        return self._documents[document_id].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


class StoredPassages(Sequence[Passage]):
    """The passages of a generation, by row."""

    def __init__(self, folder: Path) -> None:
        self._lines = MemoryMappedLines(folder / PASSAGES_FILE, memory_map_array(folder / _PASSAGE_LINES))
        self._read = lru_cache(_CACHED_PASSAGES)(lambda row: _passage(json.loads(self._lines[row])))

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(row, slice):
            return [self[index] for index in range(*row.indices(len(self)))]
        return self._read(int(row))

    def __iter__(self) -> Iterator[Passage]:
        for row in range(len(self)):  # this loop bypasses the cache
            yield _passage(json.loads(self._lines[row]))


class PassagesByDocument:
    """The passages of each document, by the document's position in the corpus."""

    def __init__(self, folder: Path) -> None:
        self._passages, self._offsets = StoredPassages(folder), memory_map_array(folder / _DOCUMENT_ROWS)

    def __getitem__(self, position: int) -> Sequence[Passage]:
        return self._passages[int(self._offsets[position]) : int(self._offsets[position + 1])]


class RowByPassageId(Mapping[str, int]):
    """The row of each passage, by passage id."""

    def __init__(self, folder: Path) -> None:
        self._ids: NDArray[np.uint64] = memory_map_array(folder / _IDS)
        self._rows: NDArray[np.uint32] = memory_map_array(folder / _ROWS_OF_IDS)

    def __getitem__(self, passage_id: str) -> int:
        number = _id_number(passage_id)
        position = int(self._ids.searchsorted(number)) if number is not None else len(self._ids)
        if position == len(self._ids) or self._ids[position] != number:
            raise KeyError(passage_id)
        return int(self._rows[position])

    def __iter__(self) -> Iterator[str]:
        return (f"{int(number):016x}" for number in self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _id_number(passage_id: str) -> np.uint64 | None:
    """Convert a passage id (16 lower-case hexadecimal digits) to a number. Return None if the id is malformed."""
    import numpy as np

    is_valid = len(passage_id) == 16 and all(char in "0123456789abcdef" for char in passage_id)
    return np.uint64(int(passage_id, 16)) if is_valid else None


@dataclasses.dataclass(frozen=True)
class PassageLayout:
    """The rows of each document's passages and of each passage's sentences.

    The passages of document `i` are in the rows from `document_passage_offsets[i]` up to but excluding
    `document_passage_offsets[i + 1]`. `passage_sentence_offsets` works in the same way for the sentences of a
    passage. The language of document `i` is `language_codes[document_languages[i]]`.
    """

    document_passage_offsets: NDArray[np.int64]
    passage_sentence_offsets: NDArray[np.int64]
    document_language_numbers: NDArray[np.uint8]
    language_codes: tuple[str, ...]


def read_passage_layout(folder: Path) -> PassageLayout:
    """Read the layout that `DocumentWriter` wrote to `folder`."""
    return PassageLayout(
        document_passage_offsets=memory_map_array(folder / _DOCUMENT_ROWS),
        passage_sentence_offsets=memory_map_array(folder / _SENTENCE_ROWS),
        document_language_numbers=memory_map_array(folder / _DOCUMENT_LANGUAGES),
        language_codes=tuple(json.loads((folder / _LANGUAGES).read_text(encoding="utf-8"))),
    )


class DocumentWriter:
    """Writes all documents, then their passages in the same order. Memory use doesn't grow with the corpus."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents = _LineWriter(folder / DOCUMENTS_FILE, folder / _DOCUMENT_LINES)
        self._passages = _LineWriter(folder / PASSAGES_FILE, folder / _PASSAGE_LINES)
        self._document_rows = ArrayWriter(folder / _DOCUMENT_ROWS, "int64", first=0)
        self._sentence_rows = ArrayWriter(folder / _SENTENCE_ROWS, "int64", first=0)
        self._languages = ArrayWriter(folder / _DOCUMENT_LANGUAGES, "uint8")
        self._ids = ArrayWriter(folder / _IDS, "uint64")
        self._language_codes: dict[str, int] = {}
        self._sentences = 0

    def write_document(self, document: Document) -> None:
        """Write the next document."""
        self._documents.write(dataclasses.asdict(document))
        self._languages.append_value(self._language_codes.setdefault(document.language, len(self._language_codes)))

    def read_documents(self) -> Iterator[Document]:
        """Yield the documents that have been written, in order. After this call, no more documents can be written."""
        self._documents.close()
        with (self._folder / DOCUMENTS_FILE).open(encoding="utf-8") as lines:
            for line in lines:
                yield _document(json.loads(line))

    def write_passages(self, passages: Sequence[Passage]) -> None:
        """Write the passages of the next document."""
        for passage in passages:
            self._passages.write(_passage_record(passage))
            self._ids.append_value(int(passage.passage_id, 16))
            self._sentences += len(passage.sentences)
            self._sentence_rows.append_value(self._sentences)
        self._document_rows.append_value(len(self._passages))

    def close(self) -> None:
        """Complete all files."""
        import numpy as np

        writers = (
            self._documents, self._passages, self._document_rows, self._sentence_rows, self._languages, self._ids,
        )  # fmt: skip
        for writer in writers:
            writer.close()
        (self._folder / _LANGUAGES).write_text(json.dumps(list(self._language_codes)), encoding="utf-8")
        ids = np.load(self._folder / _IDS)
        order = np.argsort(ids, kind="stable")
        np.save(self._folder / _IDS, ids[order])
        np.save(self._folder / _ROWS_OF_IDS, order.astype(np.uint32))


class _LineWriter:
    """Writes JSON lines to one file and the offset of each line to another."""

    def __init__(self, path: Path, offsets_path: Path) -> None:
        self._file = FileWriter(path)
        self._offsets = ArrayWriter(offsets_path, "int64", first=0)
        self._lines = 0

    def __len__(self) -> int:
        return self._lines

    def write(self, record: dict[str, Any]) -> None:
        self._file.append_bytes(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._offsets.append_value(len(self._file))
        self._lines += 1

    def close(self) -> None:
        self._file.flush_buffer()
        self._offsets.close()


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
