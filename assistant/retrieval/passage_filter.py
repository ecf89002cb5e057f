"""Restricts retrieval by document, folder and language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.index.loading import Index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PassageFilter:
    """Selects the passages that may be retrieved.

    Attributes:
        document_or_folder_ids: the ids of the documents or folders to search; if empty, all documents are searched.
        language: the language code of the documents to search; if None, all languages are searched.
    """

    document_or_folder_ids: tuple[str, ...] = ()
    language: str | None = None

    def allowed_rows(self, index: Index) -> NDArray[np.int64] | None:
        """Return the rows of the allowed passages, `[allowed]`, or None if all passages are allowed."""
        import numpy as np

        if not self.document_or_folder_ids and self.language is None:
            return None
        layout = index.passage_layout
        allowed = np.array([self._includes(document_id) for document_id in index.documents], dtype=bool)
        if self.language is not None:
            code = layout.language_codes.index(self.language) if self.language in layout.language_codes else -1
            allowed &= layout.document_language_numbers == code
        return np.flatnonzero(np.repeat(allowed, np.diff(layout.document_passage_offsets)))

    def _includes(self, document_id: str) -> bool:
        return not self.document_or_folder_ids or any(
            document_id == name or document_id.startswith(name.rstrip("/") + "/")
            for name in self.document_or_folder_ids
        )
