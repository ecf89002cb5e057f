"""Reads the optional `corpus/onboarding.toml`, which lists the documents that each role should read first.

For example:

[[role]]
name = "Researcher"
name_sv = "Forskare"
texts = ["collaboration-with-scilifelab.md", "methods/"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.corpus.corpus_reader import ROLES_FILE
from assistant.errors import CorpusError

_KEYS = {"name", "name_sv", "texts"}


@dataclass(frozen=True, slots=True)
class Role:
    """A role and its recommended reading. `document_paths` lists documents and folders in reading order."""

    role_id: str
    name_by_language: dict[str, str]
    document_paths: tuple[str, ...]

    def localised_name(self, language: str) -> str:
        """Return the role's name in `language`, or in English if it has no name in that language."""
        return self.name_by_language.get(language, self.name_by_language["en"])


def read_roles(corpus: Path, document_ids: Sequence[str]) -> tuple[Role, ...]:
    """Read the roles from the corpus folder. Returns () if the file does not exist.

    Raises:
        CorpusError: the file is not valid TOML, has an unknown key or names a document that does not exist.
    """
    path = corpus / ROLES_FILE
    if not path.is_file():
        return ()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(f"{str(path)!r} is not valid TOML ({error}); correct it or remove it") from None
    tables = content.get("role", [])
    if set(content) - {"role"} or not isinstance(tables, list):
        raise CorpusError(f"{str(path)!r} may only contain [[role]] tables; see docs/documents.md")
    return tuple(_parse_role(path, number, table, document_ids) for number, table in enumerate(tables, 1))


def _parse_role(path: Path, number: int, table: Any, document_ids: Sequence[str]) -> Role:
    location = f"role {number} of {str(path)!r}"
    if not isinstance(table, dict) or set(table) - _KEYS or not isinstance(table.get("name"), str):
        raise CorpusError(f"{location} must have a name; the only other keys allowed are name_sv and texts")
    paths = table.get("texts", [])
    if not isinstance(paths, list) or not all(isinstance(item, str) for item in paths):
        raise CorpusError(f"{location}: texts must be a list of documents or folders")
    for item in paths:
        if not documents_at_path(item, document_ids):
            raise CorpusError(f"{location} names {item!r}, which is not a document or folder of the corpus; correct it")
    names = {"en": table["name"], "sv": str(table.get("name_sv", table["name"]))}
    return Role(str(number), names, tuple(paths))


def documents_at_path(path: str, document_ids: Sequence[str]) -> list[str]:
    """Return the document at `path` or, if `path` is a folder, every document in it."""
    folder = path.rstrip("/") + "/"
    return [document_id for document_id in document_ids if document_id == path or document_id.startswith(folder)]


def documents_in_role_order(role: Role | None, document_ids: Sequence[str]) -> list[str]:
    """Return all documents, starting with those of `role`, in the order the role lists them."""
    paths = role.document_paths if role else ()
    first = [document_id for path in paths for document_id in documents_at_path(path, document_ids)]
    return list(dict.fromkeys([*first, *document_ids]))
