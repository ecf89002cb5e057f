from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.embedding.batching import BatchingEncoder
from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.embedding.prepared_model import PreparedModel
from assistant.errors import CorpusError, IndexStateError
from assistant.evaluation.data_sets import DataSet
from assistant.factory import (
    attach_introduction,
    make_assistant,
    make_encoder,
    make_evaluation_assistant,
    make_reader,
    update_index,
)
from assistant.index.generations import current_generation
from assistant.settings import Settings, load_settings
from tests.conftest import CACHE, TEXT, document
from tests.fakes import ANSWERABILITY, BagOfWords


@pytest.fixture(autouse=True)
def loaded_models(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Make the factory load fake models. Return a list that records the arguments of each call to `load_encoder`."""
    calls: list[tuple[Any, ...]] = []

    def load_encoder(*arguments: Any) -> Encoder:
        calls.append(arguments)
        return BagOfWords()

    monkeypatch.setattr("assistant.factory.load_encoder", load_encoder)
    monkeypatch.setattr("assistant.factory.load_answerability_model", lambda *_, **__: ANSWERABILITY)
    monkeypatch.setattr("assistant.factory.make_reader", lambda *_: None)
    return calls


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a corpus that contains two documents and has not been indexed yet."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "alpha.md").write_text(TEXT)
    (corpus / "gamma.md").write_text("Gamma University teaches statistics. Its library is open at night.")
    return Settings(corpus=corpus, index=tmp_path / "index", cache=tmp_path / "cache", contact="the office")


def update(settings: Settings, **options: bool) -> Any:
    """Update the index. Return the files that were skipped and the report on what changed."""
    flags = {"skip_unreadable": False, "rebuild": False, **options}
    return update_index(settings, report=lambda _: None, progress=lambda items, _: items, **flags)


def test_the_encoder_is_loaded_as_configured(settings: Settings, loaded_models: list[tuple[Any, ...]]) -> None:
    configured = settings.model_copy(update={"model": "e5", "query_prompt": "q: ", "passage_prompt": "p: "})
    messages: list[str] = []
    make_encoder(configured, 3, messages.append)
    assert loaded_models == [("e5", settings.cache, 3, "q: ", "p: ", messages.append)]


def test_update_index_reports_the_changes(settings: Settings) -> None:
    skipped, report = update(settings)
    assert (list(skipped), list(report.added_ids)) == ([], ["alpha.md", "gamma.md"])
    (settings.corpus / "gamma.md").unlink()
    (settings.corpus / "broken.pdf").write_bytes(b"nothing")
    skipped, report = update(settings, skip_unreadable=True)
    assert [item.path for item in skipped] == ["broken.pdf"]
    assert (list(report.added_ids), list(report.removed_ids)) == ([], ["gamma.md"])


def test_a_role_naming_an_unknown_document_stops_the_build(settings: Settings) -> None:
    roles = '[[role]]\nname = "Researcher"\ntexts = ["missing.md"]\n'
    (settings.corpus / "onboarding.toml").write_text(roles)
    with pytest.raises(CorpusError, match=r"missing\.md"):
        update(settings)
    assert current_generation(settings.index) is None


def test_an_assistant_needs_an_index(settings: Settings) -> None:
    with pytest.raises(IndexStateError, match="assistant index"):
        make_assistant(settings)


def test_an_assistant_answers_with_the_configured_contact(settings: Settings) -> None:
    update(settings)
    assistant = make_assistant(settings)
    assert "1998" in assistant.ask("When was the Alpha Institute founded in Lund?").answer
    assert "the office" in assistant.ask("How do I bake bread?").answer


def test_a_loaded_encoder_is_reused(settings: Settings, loaded_models: list[tuple[Any, ...]]) -> None:
    update(settings)
    loaded_models.clear()
    encoder = BagOfWords()
    assert make_assistant(settings, encoder=encoder).encoder is encoder
    assert loaded_models == []


def test_an_assistant_notices_changed_documents(settings: Settings) -> None:
    update(settings)
    (settings.corpus / "alpha.md").write_text("Another text.")
    (settings.corpus / "gamma.md").unlink()
    assistant = make_assistant(settings)
    assert (assistant.detect_document_change("alpha.md"), assistant.detect_document_change("gamma.md")) == (
        "changed",
        "gone",
    )


def test_a_saved_introduction_provides_suggested_questions(settings: Settings) -> None:
    update(settings)
    assistant = make_assistant(settings)
    with_questions, introduction = attach_introduction(settings, assistant)
    assert introduction.suggested_questions
    assert (
        tuple(assistant.suggested_questions)
        == tuple(with_questions.suggested_questions)
        == tuple(introduction.suggested_questions)
    )


def test_a_saved_introduction_is_not_generated_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    update(settings)
    assistant = make_assistant(settings)
    _, saved = attach_introduction(settings, assistant)

    def fail(*_: Any) -> None:
        raise AssertionError("the introduction was generated again")

    monkeypatch.setattr("assistant.factory.make_introduction", fail)
    assert attach_introduction(settings, assistant)[1] == saved


def test_an_introduction_works_without_write_permission(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    update(settings)
    assistant = make_assistant(settings)
    _, saved = attach_introduction(settings, assistant)

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("assistant.factory.read_introduction", lambda *_: None)
    monkeypatch.setattr("assistant.factory.write_introduction", refuse)
    assert attach_introduction(settings, assistant)[1].suggested_questions == saved.suggested_questions


def test_an_evaluation_index_is_kept_in_the_cache(settings: Settings) -> None:
    data = DataSet("small", (document(),), {}, {}, ())
    assistant = make_evaluation_assistant(settings, data, lambda _: None, lambda items, _: items)
    assert "1998" in assistant.ask("When was the Alpha Institute founded in Lund?").answer
    assert current_generation(settings.cache / "evaluation" / "small") is not None
    assert current_generation(settings.index) is None


@pytest.mark.real
def test_reader_shares_the_tokenizer_of_the_encoder_even_if_questions_are_batched() -> None:
    settings = load_settings({"ASSISTANT_CACHE": str(CACHE)})
    encoder = load_encoder("multilingual-e5-small", CACHE, threads=1)
    reader = make_reader(settings, BatchingEncoder(encoder))
    assert reader is not None
    assert isinstance(encoder, PreparedModel)
    assert reader.tokenizer is encoder.tokenizer
    assert make_reader(load_settings({"ASSISTANT_READER": "false"}), encoder) is None
