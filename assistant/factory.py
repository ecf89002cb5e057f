"""Composition root: Settings -> the parts, built once and handed on by argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering.answerability import load_answerability_model
from assistant.conversation.assistant import Assistant
from assistant.corpus.freshness import Freshness
from assistant.corpus.reading import UnreadableFile, read_corpus
from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.index.generations import indexed_at
from assistant.index.introductions import read_introduction, write_introduction
from assistant.index.loading import load_index
from assistant.onboarding.introduction import (
    Introduction,
    introduction_as_json,
    introduction_from_json,
    introduction_name,
    make_introduction,
    questions_from_json,
)
from assistant.onboarding.roles import read_roles
from assistant.schema import Document
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluation.data_sets import DataSet
    from assistant.index.build import BuildReport
    from assistant.index.generation_writer import Progress


def make_encoder(settings: Settings, threads: int, report: Callable[[str], None] = lambda _: None) -> Encoder:
    """The encoder that the settings name."""
    return load_encoder(settings.model, settings.cache, threads, settings.query_prompt, settings.passage_prompt, report)


def make_assistant(
    settings: Settings, report: Callable[[str], None] = lambda _: None, encoder: Encoder | None = None,
    thorough: bool = True,
) -> Assistant:  # fmt: skip
    """An assistant over the live index, with `encoder` if it is loaded; it suggests questions when its guide was made.

    With `thorough` false, large files that were found whole before, and look the same since, aren't read again.

    Raises:
        ModelError, IndexStateError: see `load_encoder` and `load_index`.
    """
    encoder = encoder or make_encoder(settings, threads=1, report=report)
    index = load_index(settings.index, encoder, thorough)
    answerability = load_answerability_model(settings.answer_from)
    saved = read_introduction(settings.index, introduction_name(index, answerability))
    return Assistant(
        index, encoder, answerability, settings.language, settings.contact,
        questions=questions_from_json(saved) if saved else (),
        document_change=Freshness(
            settings.corpus, settings.max_file_bytes, index.documents, indexed_at(settings.index)
        ),
    )  # fmt: skip


def with_introduction(
    settings: Settings, assistant: Assistant, threads: int | None = None
) -> tuple[Assistant, Introduction]:
    """`assistant` with its guide, which is made, and saved where that is possible, when there is none yet.

    So many `threads` ask for it, those of the settings when None.
    """
    name = introduction_name(assistant.index, assistant.answerability)
    saved = read_introduction(settings.index, name)
    guide = introduction_from_json(saved, assistant.index.texts) if saved else None
    if guide is None:
        guide = make_introduction(assistant.index, assistant.ask, name, threads or settings.threads)
        with suppress(OSError):  # a server may have no right to write there: then it makes it at each start
            write_introduction(settings.index, name, introduction_as_json(guide))
    return replace(assistant, questions=guide.questions), guide


def update_index(
    settings: Settings, skip_unreadable: bool, rebuild: bool, report: Callable[[str], None], progress: Progress
) -> tuple[Sequence[UnreadableFile], BuildReport]:
    """Read the corpus and bring the index, and the guide to it, up to date; also what can't be read.

    Raises:
        CorpusError, ModelError, IndexStateError: the index stays as it was.
    """
    reading = read_corpus(settings.corpus, settings.max_file_bytes, skip_unreadable)
    encoder = make_encoder(settings, settings.threads, report)
    from assistant.index.build import build_index  # llama-index: seconds to import, only a build needs it

    documents = _check_roles(reading, settings.corpus)
    built = build_index(documents, encoder, settings.index, rebuild, progress, settings.threads)
    with_introduction(settings, make_assistant(settings))
    return reading.unreadable, built


def _check_roles(documents: Iterable[Document], corpus: Path) -> Iterator[Document]:
    """`documents`; after the last, the roles that name them are read, so that a wrong one is known before a build."""
    names = []
    for document in documents:
        names.append(document.document_id)
        yield document
    read_roles(corpus, names)


def make_evaluation_assistant(
    settings: Settings, data: DataSet, report: Callable[[str], None], progress: Progress
) -> Assistant:
    """An assistant over the documents of a data set; its index is kept in the cache folder."""
    from assistant.index.build import build_index

    encoder = make_encoder(settings, settings.threads, report)
    folder = settings.cache / "evaluation" / data.name
    build_index(data.documents, encoder, folder, progress=progress, threads=settings.threads)
    encoder = make_encoder(settings, threads=1)
    return Assistant(
        load_index(folder, encoder), encoder, load_answerability_model(settings.answer_from), settings.language
    )
