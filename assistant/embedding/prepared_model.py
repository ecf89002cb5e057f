"""The description and tokenizer of a prepared model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL_DESCRIPTION_FILE = "encoder.json"


class PreparedModel:
    """The data that all encoders read from the folder of a prepared model.

    Overriding a prompt changes the vectors, so it changes the fingerprint too.
    """

    def __init__(self, folder: Path, query_prompt: str | None, passage_prompt: str | None) -> None:
        description = read_model_description(folder)
        self.folder = folder
        self.name: str = description["name"]
        self.dimension: int = description["dimension"]
        self.max_tokens: int = description["max_tokens"]
        self.pooling: str | None = description["pooling"]
        self.query_prompt: str = description["query_prompt"] if query_prompt is None else query_prompt
        self.passage_prompt: str = description["passage_prompt"] if passage_prompt is None else passage_prompt
        overridden = "" if query_prompt is None and passage_prompt is None else f"+{query_prompt!r}+{passage_prompt!r}"
        self.fingerprint: str = description["fingerprint"] + overridden
        self.tokenizer = load_tokenizer(folder)

    def count_tokens(self, text: str) -> int:
        """See `Encoder`."""
        return len(self.tokenizer.encode(self.passage_prompt + text).ids)


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load the tokenizer of the prepared model in `folder`. It neither pads nor cuts off texts."""
    from tokenizers import Tokenizer

    candidates = [folder / "tokenizer.json", folder / "model" / "tokenizer.json"]
    tokenizer: Tokenizer = Tokenizer.from_file(str(next(path for path in candidates if path.is_file())))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read_model_description(folder: Path) -> dict[str, Any]:
    """Read the description that `export_model` wrote to the folder of a prepared model.

    Raises:
        ModelError: the description is missing or malformed.
    """
    try:
        description: dict[str, Any] = json.loads((folder / MODEL_DESCRIPTION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ModelError(
            f"prepared model {str(folder)!r} is damaged; remove that folder and run: assistant index"
        ) from None
    return description
