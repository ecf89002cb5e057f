from __future__ import annotations

from pathlib import Path

import pytest

from assistant.embedding.encoder import Encoder
from assistant.errors import ModelError
from assistant.index.generations import current_generation
from assistant.maintenance.doctor import CheckResult, run_checks
from assistant.settings import Settings
from tests.fakes import BagOfWords
from tests.maintenance.conftest import settings_in


def check(settings: Settings) -> dict[str, CheckResult]:
    return {result.check_name: result for result in run_checks(settings, BagOfWords)}


def test_a_complete_installation_passes_every_check(installation: Settings) -> None:
    results = check(installation)
    assert list(results) == ["python", "corpus", "model", "index", "database"]
    assert all(result.passed for result in results.values())
    assert results["corpus"].detail == f"2 documents in {str(installation.corpus)!r}"
    assert results["model"].detail == "'bag-of-words', 256 dimensions, up to 512 tokens"
    generation = current_generation(installation.index)
    assert results["index"].detail == f"generation {generation}, 2 passages in 2 documents, up to date"
    assert results["database"].detail == "feedback entries: 1"


def test_a_changed_corpus_fails_the_index_check(installation: Settings) -> None:
    (installation.corpus / "alpha.md").write_text("Another text.")
    result = check(installation)["index"]
    assert not result.passed
    assert result.detail.endswith("out of date: the corpus has changed; run: assistant index")


def test_missing_parts_are_reported_one_by_one(tmp_path: Path) -> None:
    results = check(settings_in(tmp_path).model_copy(update={"database": ""}))
    assert {name for name, result in results.items() if not result.passed} == {"corpus", "index"}
    assert str(tmp_path / "corpus") in results["corpus"].detail
    assert "assistant index" in results["index"].detail
    assert results["database"].detail == "disabled; no feedback is stored"


def test_an_unusable_database_fails_its_check(installation: Settings) -> None:
    result = check(installation.model_copy(update={"database": "nosuch://x"}))["database"]
    assert not result.passed
    assert "setting 'database'" in result.detail


@pytest.mark.parametrize("name", ["model", "index"])
def test_a_missing_model_fails_the_checks_that_need_it(installation: Settings, name: str) -> None:
    def load_model() -> Encoder:
        raise ModelError("no model 'e5'")

    results = {result.check_name: result for result in run_checks(installation, load_model)}
    assert results[name] == CheckResult(name, False, "no model 'e5'")
    assert results["database"].passed
