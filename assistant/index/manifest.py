"""The manifest of a generation, which records what the generation was built from and its files' checksums."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import IndexDamagedError
from assistant.index.search.dense import SearchParameters
from assistant.schema import Document

MANIFEST_FILE = "manifest.json"
FORMAT_VERSION = 3  # increase this when a code change alters the format or the content of the files
# The keys under `search` in the file, with the fields that they store. If a key changes, increase the format version.
_SEARCH_FIELD_BY_STORED_KEY = {
    "kind": "index_factory", "probes": "probed_lists", "refined": "candidates_per_result",
    "recall": "measured_recall", "questions": "measured_questions",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation was built from, and the checksums of its files.

    `generation` is a hash of `format`, `model_fingerprint`, `chunker`, `analysis` (tokenisation, stemming and BM25
    parameters) and `documents`, so the same corpus and settings always give the same name. `probe` is the vector of
    a fixed text. When the index is loaded, this vector is computed again, and a clear difference shows that the model
    has changed even if its dimension is the same.
    """

    generation: str
    format: int
    model: str
    model_fingerprint: str
    dimension: int
    chunker: str
    analysis: str
    documents: dict[str, str]  # document id -> digest, in corpus order
    passages: int
    search: SearchParameters
    probe: tuple[float, ...]
    files: dict[str, str]  # file name -> SHA-256

    def write(self, folder: Path) -> None:
        """Write the manifest to `folder`, the folder of the generation."""
        record = dataclasses.asdict(self)
        record["search"] = {key: getattr(self.search, field) for key, field in _SEARCH_FIELD_BY_STORED_KEY.items()}
        text = json.dumps(record, indent=1)
        (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def document_digest(document: Document) -> str:
    """Return the SHA-256 of all fields of a document."""
    return hashlib.sha256(json.dumps(dataclasses.asdict(document), sort_keys=True).encode()).hexdigest()


def generation_name(model_fingerprint: str, chunker: str, analysis: str, documents: dict[str, str]) -> str:
    """Return the name, of 16 hexadecimal digits, of the generation that is built from this content."""
    identity: dict[str, Any] = {
        "format": FORMAT_VERSION, "model": model_fingerprint, "chunker": chunker, "analysis": analysis,
        "documents": documents,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the generation in `folder`.

    Raises:
        IndexDamagedError: the manifest is missing or malformed, or has another format version.
    """
    try:
        loaded = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        loaded["probe"] = tuple(loaded["probe"])
        search = {_SEARCH_FIELD_BY_STORED_KEY[key]: value for key, value in dict(loaded["search"]).items()}
        loaded["search"] = SearchParameters(**search)
        return Manifest(**loaded)
    except (OSError, ValueError, TypeError, KeyError):
        raise IndexDamagedError(
            f"{str(folder / MANIFEST_FILE)!r} is missing or damaged; rebuild the index: assistant index --rebuild"
        ) from None


def verify_files(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Check that the files of the generation in `folder` match the manifest. If `names` is given, check only those.

    Raises:
        IndexDamagedError: a file is missing or has changed. The message names the first such file.
    """
    for name in manifest.files if names is None else names:
        path, expected = folder / name, manifest.files.get(name)
        if not path.is_file():
            raise IndexDamagedError(
                f"index file {str(path)!r} is missing; rebuild the index: assistant index --rebuild"
            )
        if file_checksum(path) != expected:
            raise IndexDamagedError(
                f"index file {str(path)!r} is damaged; rebuild the index: assistant index --rebuild"
            )


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal form."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
