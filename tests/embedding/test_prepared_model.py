from __future__ import annotations

from pathlib import Path

import pytest

from assistant.embedding.prepared_model import PreparedModel, read_model_description
from assistant.errors import ModelError
from tests.embedding.conftest import write_description, write_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a prepared model that has no weights."""
    write_description(tmp_path)
    write_tokenizer(tmp_path / "tokenizer.json")
    return tmp_path


def test_attributes_come_from_the_description(folder: Path) -> None:
    model = PreparedModel(folder, None, None)
    assert (model.name, model.dimension, model.max_tokens, model.pooling) == ("tiny", 3, 4, "mean")
    assert (model.query_prompt, model.passage_prompt, model.fingerprint) == ("query ", "passage ", "f" * 64)


@pytest.mark.parametrize(("query", "passage"), [("q", None), (None, "p"), ("", ""), ("query ", "passage ")])
def test_overridden_prompts_are_part_of_the_fingerprint(folder: Path, query: str | None, passage: str | None) -> None:
    model = PreparedModel(folder, query, passage)
    assert model.fingerprint == f"{'f' * 64}+{query!r}+{passage!r}"
    assert model.query_prompt == ("query " if query is None else query)
    assert model.passage_prompt == ("passage " if passage is None else passage)


def test_token_count_includes_the_prompt_and_is_not_truncated(folder: Path) -> None:
    assert PreparedModel(folder, None, None).count_tokens("red green blue red green") == 6
    assert PreparedModel(folder, None, "").count_tokens("red") == 1


def test_tokenizer_of_an_unexported_model_is_in_its_own_folder(tmp_path: Path) -> None:
    write_description(tmp_path)
    (tmp_path / "model").mkdir()
    write_tokenizer(tmp_path / "model" / "tokenizer.json")
    assert PreparedModel(tmp_path, None, None).count_tokens("red") == 2


@pytest.mark.parametrize("content", [None, "", "{"])
def test_missing_or_malformed_description_is_reported(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "encoder.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="damaged; remove that folder and run: assistant index"):
        read_model_description(tmp_path)
