"""Which passages a question may be answered from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.index.loading import Index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PassageFilter:
    """Which passages may be found: of these documents or folders, in this language; empty means any."""

    documents: tuple[str, ...] = ()
    language: str | None = None

    def rows(self, index: Index) -> NDArray[np.int64] | None:
        """Rows of the passages that may be found, None when all may."""
        import numpy as np

        if not self.documents and self.language is None:
            return None
        layout = index.layout
        kept = np.array([self._keeps(document_id) for document_id in index.documents], dtype=bool)
        if self.language is not None:
            code = layout.languages.index(self.language) if self.language in layout.languages else -1
            kept &= layout.document_languages == code
        return np.flatnonzero(np.repeat(kept, np.diff(layout.documents)))

    def _keeps(self, document_id: str) -> bool:
        return not self.documents or any(
            document_id == name or document_id.startswith(name.rstrip("/") + "/") for name in self.documents
        )
