"""What an index generation is made of, and whether its files still are that."""

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
FORMAT_VERSION = 3  # raised when the files of a generation change their layout, or the same texts give others


@dataclass(frozen=True, slots=True)
class Manifest:
    """The identity of a generation and the checksums of its files.

    `generation` is the hash of `format`, `model`, `chunker`, `analysis` (how words are found, stemmed
    and weighed) and `documents`: the same corpus and settings give the same name. `probe` is the
    vector of a fixed text, recomputed when the index is loaded, so that two models of one width can't
    be taken for each other.
    """

    generation: str
    format: int
    model: str
    model_fingerprint: str
    dimension: int
    chunker: str
    analysis: str
    documents: dict[str, str]  # document id -> SHA-256 of all that is indexed of it, in the order of the corpus
    passages: int
    search: SearchParameters  # the kind of FAISS index, and how it is searched
    probe: tuple[float, ...]
    files: dict[str, str]  # file name -> SHA-256

    def write(self, folder: Path) -> None:
        """Write `manifest.json`."""
        text = json.dumps(dataclasses.asdict(self), indent=1)
        (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def document_digest(document: Document) -> str:
    """SHA-256 of all that is indexed of a document: text, title, language, addresses, headings."""
    return hashlib.sha256(json.dumps(dataclasses.asdict(document), sort_keys=True).encode()).hexdigest()


def generation_name(model_fingerprint: str, chunker: str, analysis: str, documents: dict[str, str]) -> str:
    """The name of the generation that these make: 16 hexadecimal digits."""
    identity: dict[str, Any] = {
        "format": FORMAT_VERSION, "model": model_fingerprint, "chunker": chunker, "analysis": analysis,
        "documents": documents,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the generation in `folder`.

    Raises:
        IndexDamagedError: there is none, or it is no manifest of this format.
    """
    try:
        loaded = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        loaded["probe"] = tuple(loaded["probe"])
        loaded["search"] = SearchParameters(**loaded["search"])
        return Manifest(**loaded)
    except (OSError, ValueError, TypeError, KeyError):
        raise IndexDamagedError(
            f"{str(folder / MANIFEST_FILE)!r} is missing or damaged; rebuild: assistant index --rebuild"
        ) from None


def verify_files(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Raise unless every file, or each of `names`, is what the manifest says.

    Raises:
        IndexDamagedError: names the first file that is missing or changed.
    """
    for name in manifest.files if names is None else names:
        path, expected = folder / name, manifest.files.get(name)
        if not path.is_file():
            raise IndexDamagedError(f"index file {str(path)!r} is missing; rebuild: assistant index --rebuild")
        if checksum(path) != expected:
            raise IndexDamagedError(f"index file {str(path)!r} is damaged; rebuild: assistant index --rebuild")


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
