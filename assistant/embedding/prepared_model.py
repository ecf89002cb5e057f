"""A prepared model: its description, prompts and tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assistant.errors import ModelError


class PreparedModel:
    """What every encoder knows from the description of its prepared model."""

    def __init__(self, folder: Path, query_prompt: str | None, passage_prompt: str | None) -> None:
        from tokenizers import Tokenizer

        about = read_description(folder)
        self.folder = folder
        self.name: str = about["name"]
        self.dimension: int = about["dimension"]
        self.max_tokens: int = about["max_tokens"]
        self.pooling: str | None = about["pooling"]
        self.query_prompt: str = about["query_prompt"] if query_prompt is None else query_prompt
        self.passage_prompt: str = about["passage_prompt"] if passage_prompt is None else passage_prompt
        overridden = "" if query_prompt is None and passage_prompt is None else f"+{query_prompt!r}+{passage_prompt!r}"
        self.fingerprint: str = about["fingerprint"] + overridden
        files = [folder / "tokenizer.json", folder / "model" / "tokenizer.json"]
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(next(file for file in files if file.is_file())))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(self.passage_prompt + text).ids)


DESCRIPTION_FILE = "encoder.json"


def read_description(folder: Path) -> dict[str, Any]:
    """The description that `export` left in a prepared model's folder."""
    try:
        loaded: dict[str, Any] = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ModelError(
            f"prepared model {str(folder)!r} is damaged; remove that folder and run: assistant index"
        ) from None
    return loaded
