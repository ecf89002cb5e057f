"""Composition root: Settings -> the parts, built once and handed on by argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.decision import load_judge
from assistant.chat import Assistant
from assistant.corpus import Reading, read_corpus
from assistant.embedding.encoder import Encoder, load_encoder
from assistant.index.loaded import load_index
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluation.data import DataSet
    from assistant.index.build import BuildReport, Progress


def make_encoder(settings: Settings, threads: int, report: Callable[[str], None] = lambda _: None) -> Encoder:
    """The encoder that the settings name."""
    return load_encoder(settings.model, settings.cache, threads, settings.query_prompt, settings.passage_prompt, report)


def make_assistant(settings: Settings, report: Callable[[str], None] = lambda _: None) -> Assistant:
    """An assistant over the live index.

    Raises:
        ModelError, IndexStateError: see `load_encoder` and `load_index`.
    """
    encoder = make_encoder(settings, threads=1, report=report)
    index = load_index(settings.index, encoder)
    return Assistant(index, encoder, load_judge(settings.answer_from), settings.language, settings.contact)


def update_index(
    settings: Settings, skip_unreadable: bool, rebuild: bool, report: Callable[[str], None], progress: Progress
) -> tuple[Reading, BuildReport]:
    """Read the corpus and bring the index up to date.

    Raises:
        CorpusError, ModelError, IndexStateError: the index stays as it was.
    """
    reading = read_corpus(settings.corpus, int(settings.max_file_mb * 1e6), skip_unreadable)
    encoder = make_encoder(settings, settings.threads, report)
    from assistant.index.build import build_index  # llama-index: seconds to import, only a build needs it

    return reading, build_index(reading.documents, encoder, settings.index, rebuild, progress)


def make_evaluated(settings: Settings, data: DataSet, report: Callable[[str], None], progress: Progress) -> Assistant:
    """An assistant over the documents of a data set; its index is kept in the cache folder."""
    from assistant.index.build import build_index

    encoder = make_encoder(settings, settings.threads, report)
    folder = settings.cache / "evaluation" / data.name
    build_index(data.documents, encoder, folder, progress=progress)
    encoder = make_encoder(settings, threads=1)
    return Assistant(load_index(folder, encoder), encoder, load_judge(settings.answer_from), settings.language)
