"""`corpus/onboarding.toml`: which texts come first for whom. Optional.

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

from assistant.corpus.reading import ROLES_FILE
from assistant.errors import CorpusError

_KEYS = {"name", "name_sv", "texts"}


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the texts to begin with, in order; a text of `texts` is a document or a folder."""

    key: str
    names: dict[str, str]
    texts: tuple[str, ...]

    def name(self, language: str) -> str:
        """What the role is called in `language`."""
        return self.names.get(language, self.names["en"])


def read_roles(corpus: Path, documents: Sequence[str]) -> tuple[Role, ...]:
    """The roles that the corpus folder describes, () without the file.

    Raises:
        CorpusError: the file is no TOML, has a key that isn't known, or names a text that isn't there.
    """
    path = corpus / ROLES_FILE
    if not path.is_file():
        return ()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CorpusError(f"{str(path)!r} is not valid TOML ({error}); correct it or remove it") from None
    found = content.get("role", [])
    if set(content) - {"role"} or not isinstance(found, list):
        raise CorpusError(f"{str(path)!r} may only hold [[role]] tables; see README.md")
    return tuple(_role(path, number, entry, documents) for number, entry in enumerate(found, 1))


def _role(path: Path, number: int, entry: Any, documents: Sequence[str]) -> Role:
    where = f"role {number} of {str(path)!r}"
    if not isinstance(entry, dict) or set(entry) - _KEYS or not isinstance(entry.get("name"), str):
        raise CorpusError(f"{where} needs a name, and may have name_sv and texts; nothing else is known")
    texts = entry.get("texts", [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise CorpusError(f"{where}: texts must be a list of documents or folders")
    for text in texts:
        if not matching_documents(text, documents):
            raise CorpusError(f"{where} names {text!r}, which is no text or folder of the corpus; correct it")
    names = {"en": entry["name"], "sv": str(entry.get("name_sv", entry["name"]))}
    return Role(str(number), names, tuple(texts))


def matching_documents(text: str, documents: Sequence[str]) -> list[str]:
    """The documents that `text`, a document or a folder, means."""
    folder = text.rstrip("/") + "/"
    return [document for document in documents if document == text or document.startswith(folder)]


def documents_in_order(role: Role | None, documents: Sequence[str]) -> list[str]:
    """`documents` with those of `role` first, in the order it gives."""
    first = [document for text in (role.texts if role else ()) for document in matching_documents(text, documents)]
    return list(dict.fromkeys([*first, *documents]))
