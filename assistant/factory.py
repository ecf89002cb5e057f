"""The composition root, which builds the encoder, the index and the assistant from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering.answerability import load_answerability_model
from assistant.conversation.assistant import Assistant
from assistant.corpus.corpus_reader import UnreadableFile, read_corpus
from assistant.corpus.freshness import DocumentChangeDetector
from assistant.embedding.batching import BatchingEncoder
from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.embedding.models import E5_SMALL
from assistant.embedding.preparation import prepare_model
from assistant.embedding.prepared_model import PreparedModel
from assistant.index.generations import index_build_time
from assistant.index.loading import load_index
from assistant.index.saved_introductions import read_introduction, write_introduction
from assistant.onboarding.introduction import (
    Introduction,
    introduction_as_json,
    introduction_from_json,
    introduction_name,
    make_introduction,
    suggested_questions_from_json,
)
from assistant.onboarding.roles import read_roles
from assistant.reader.reader import Reader
from assistant.schema import Document
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluation.data_sets import DataSet
    from assistant.index.build import BuildReport
    from assistant.index.generation_writer import ProgressWrapper


def make_encoder(settings: Settings, threads: int, report: Callable[[str], None] = lambda _: None) -> Encoder:
    """Load the embedding model named in the settings. Progress messages are passed to `report`."""
    return load_encoder(settings.model, settings.cache, threads, settings.query_prompt, settings.passage_prompt, report)


def make_reader(settings: Settings, encoder: Encoder, report: Callable[[str], None] = lambda _: None) -> Reader | None:
    """Load the reader, or return None if it is switched off.

    The reader uses the tokenizer and the word embeddings of multilingual-e5-small. If that is the encoder's model, they
    share the tokenizer.
    """
    if not settings.reader:
        return None
    folder = prepare_model(E5_SMALL, settings.cache, report)
    model = encoder.encoder if isinstance(encoder, BatchingEncoder) else encoder
    tokenizer = model.tokenizer if isinstance(model, PreparedModel) and model.folder == folder else None
    return Reader(folder, tokenizer)


def make_assistant(
    settings: Settings, report: Callable[[str], None] = lambda _: None, encoder: Encoder | None = None,
    thorough: bool = True,
) -> Assistant:  # fmt: skip
    """Make an assistant that uses the live generation. It suggests questions if an introduction has been saved.

    Args:
        settings: all settings.
        report: a function that receives progress messages while the model is loaded.
        encoder: a loaded encoder. If None, the model is loaded.
        thorough: whether to verify every file of the index. If False, large files that haven't changed since they were
            last verified are skipped.

    Raises:
        ModelError: see `load_encoder`.
        IndexStateError: see `load_index`.
    """
    encoder = encoder or make_encoder(settings, threads=1, report=report)
    index = load_index(settings.index, encoder, thorough)
    reader = make_reader(settings, encoder, report)
    answerability = load_answerability_model(settings.answer_from, with_reader=reader is not None)
    saved = read_introduction(settings.index, introduction_name(index, answerability))
    return Assistant(
        index, encoder, answerability, settings.language, settings.contact, reader,
        suggested_questions=suggested_questions_from_json(saved) if saved else (),
        detect_document_change=DocumentChangeDetector(
            settings.corpus, settings.max_file_bytes, index.documents, index_build_time(settings.index)
        ),
    )  # fmt: skip


def attach_introduction(
    settings: Settings, assistant: Assistant, threads: int | None = None
) -> tuple[Assistant, Introduction]:
    """Load the introduction for the assistant's generation. If none has been saved, generate and save one.

    Args:
        settings: the settings, which give the location of the index.
        assistant: the assistant that is used to generate the introduction.
        threads: the number of threads for generating the introduction. If None, the setting `threads` applies.

    Returns:
        The assistant, to which suggested questions have been added, and the introduction.
    """
    name = introduction_name(assistant.index, assistant.answerability_model)
    saved = read_introduction(settings.index, name)
    introduction = introduction_from_json(saved, assistant.index.document_texts) if saved else None
    if introduction is None:
        introduction = make_introduction(assistant.index, assistant.ask, name, threads or settings.threads)
        with suppress(OSError):  # without write permission, the introduction is generated at every start-up
            write_introduction(settings.index, name, introduction_as_json(introduction))
    return replace(assistant, suggested_questions=introduction.suggested_questions), introduction


def update_index(
    settings: Settings, skip_unreadable: bool, rebuild: bool, report: Callable[[str], None], progress: ProgressWrapper
) -> tuple[Sequence[UnreadableFile], BuildReport]:
    """Update the index and the introduction from the corpus.

    Args:
        settings: all settings.
        skip_unreadable: whether to skip files that can't be read instead of failing.
        rebuild: whether to discard the existing index and embed every document again.
        report: a function that receives progress messages.
        progress: a function that wraps the iterable of batches to show progress; see `build_index`.

    Returns:
        The files that were skipped, and a report of what changed.

    Raises:
        CorpusError, ModelError, IndexStateError: the update failed, and the index has not been changed.
    """
    reading = read_corpus(settings.corpus, settings.max_file_bytes, skip_unreadable)
    encoder = make_encoder(settings, settings.threads, report)
    from assistant.index.build import build_index  # slow: this imports llama-index, which takes seconds

    documents = _check_roles(reading, settings.corpus)
    build_report = build_index(documents, encoder, settings.index, rebuild, progress, settings.threads)
    attach_introduction(settings, make_assistant(settings))
    return reading.unreadable, build_report


def _check_roles(documents: Iterable[Document], corpus: Path) -> Iterator[Document]:
    """Yield `documents`, then check the roles that refer to them, so that errors in them are found before the build."""
    document_ids = []
    for document in documents:
        document_ids.append(document.document_id)
        yield document
    read_roles(corpus, document_ids)


def make_evaluation_assistant(
    settings: Settings, data: DataSet, report: Callable[[str], None], progress: ProgressWrapper
) -> Assistant:
    """Make an assistant for the documents of a data set. Their index is kept in the cache folder."""
    from assistant.index.build import build_index

    encoder = make_encoder(settings, settings.threads, report)
    folder = settings.cache / "evaluation" / data.name
    build_index(data.documents, encoder, folder, progress=progress, threads=settings.threads)
    encoder = make_encoder(settings, threads=1)
    reader = make_reader(settings, encoder)
    answerability = load_answerability_model(settings.answer_from, with_reader=reader is not None)
    return Assistant(load_index(folder, encoder), encoder, answerability, settings.language, reader=reader)
