"""Fixtures for all tests. Some of them make a test fail if it uses the network or llama-index's global defaults."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.answerability import load_answerability_model
from assistant.conversation.assistant import Assistant
from assistant.embedding.encoder import Encoder
from assistant.embedding.loading import load_encoder
from assistant.embedding.models import E5_SMALL
from assistant.embedding.preparation import prepare_model
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index, load_index
from assistant.onboarding.introduction import Introduction, make_introduction
from assistant.reader.reader import Reader
from assistant.schema import Document
from assistant.store.database import Store
from assistant.web.shared.branding import make_branding
from assistant.web.shared.site import IndexSnapshot, Site
from tests.fakes import ANSWERABILITY, BagOfWords

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", DO_NOT_TRACK="1")

pytest_plugins = ["tests.servers", "tests.sites"]
ROOT = Path(__file__).parent.parent
LOOPBACK = {"localhost", "127.0.0.1", "127.0.0.2", "::1", None, ""}
CACHE = Path("~/.cache/gms-assistant").expanduser()  # folder of prepared models, shared with the installed program


class NetworkReachedError(BaseException):
    """Raised when a test tries to reach the network. It isn't an `Exception`, so `except Exception` can't hide it."""


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test that tries to connect to another machine or to look up another machine's name."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise NetworkReachedError(f"a test tried to connect to {address!r}")
        connect(self, address)

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        if (host.decode() if isinstance(host, bytes) else host) not in LOOPBACK:
            raise NetworkReachedError(f"a test tried to look up {host!r}")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(autouse=True)
def no_global_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test that reads llama-index's global Settings, whose default models come from a cloud service."""
    from llama_index.core.settings import _Settings

    def refuse(_: Any) -> None:
        raise AssertionError("a global default of llama-index was read")

    for name in ("llm", "embed_model"):
        monkeypatch.setattr(_Settings, name, property(refuse))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove any ASSISTANT_* variables that are set on this machine."""
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        monkeypatch.delenv(name)


TEXT = (
    "The Alpha Institute (AI2) develops measuring methods. It was founded in 1998 in Lund.\n\n"
    "Beta Hospital tests the methods with patients. Nurses are trained every autumn."
)


def document(name: str = "alpha.md", text: str = TEXT, **more: Any) -> Document:
    """Make a small document. `more` contains the values of further fields."""
    return Document(**{"document_id": name, "title": "Alpha", "text": text, "language": "en", **more})


def index_of(documents: Sequence[Document], folder: Path, encoder: Encoder | None = None) -> Index:
    """Build an index of `documents`, load it and return it."""
    encoder = encoder or BagOfWords()
    build_index(documents, encoder, folder)
    return load_index(folder, encoder)


def bytes_of(index: Path) -> dict[str, bytes]:
    """Return the content of every file in the index's live generation, keyed by the file's relative path."""
    folder = live_generation_folder(index)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def small_documents() -> list[Document]:
    """Return the documents that `small_index` contains."""
    other = document("gamma.md", "Gamma University teaches statistics. Its library is open at night.", title="Gamma")
    return [document(), other]


@pytest.fixture
def small_index(tmp_path: Path) -> Index:
    """An index of two small documents, built with the bag-of-words encoder."""
    return index_of(small_documents(), tmp_path / "index")


@pytest.fixture(scope="session")
def shared_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of the same documents as in `small_index`. It is built only once, so tests must not change its files."""
    return index_of(small_documents(), tmp_path_factory.mktemp("shared-index"))


@pytest.fixture(scope="session")
def shared_assistant(shared_index: Index) -> Assistant:
    """An assistant that answers from `shared_index`."""
    return Assistant(shared_index, BagOfWords(), ANSWERABILITY, contact="the office")


@pytest.fixture
def small_assistant(small_index: Index) -> Assistant:
    """An assistant that answers from `small_index`."""
    return Assistant(small_index, BagOfWords(), ANSWERABILITY, contact="the office")


@pytest.fixture
def site(small_assistant: Assistant, tmp_path: Path) -> Iterator[Site]:
    """A site that answers questions with `small_assistant` and keeps the questions in its store."""
    assistant, introduction = assistant_with_introduction(small_assistant)
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=True)
    snapshot = IndexSnapshot(assistant, introduction, build_date="2026-11-23")
    yield Site(snapshot, make_branding("Example & Co", "#0b4f6c", None), store)
    store.close()


def assistant_with_introduction(assistant: Assistant) -> tuple[Assistant, Introduction]:
    """Return a copy of `assistant` with suggested questions, and the introduction that these questions come from."""
    introduction = make_introduction(assistant.index, assistant.ask, "introduction")
    return replace(assistant, suggested_questions=introduction.suggested_questions), introduction


@pytest.fixture(scope="session")
def e5() -> Encoder:
    """The default encoder, which uses a real model."""
    return load_encoder("multilingual-e5-small", CACHE, threads=2)


@pytest.fixture(scope="session")
def seed_assistant(e5: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant that answers from the documents in corpus/, using the real model."""
    from assistant.corpus.corpus_reader import read_corpus

    documents = list(read_corpus(ROOT / "corpus", 50_000_000))
    index, reader = index_of(documents, tmp_path_factory.mktemp("seed"), e5), Reader(prepare_model(E5_SMALL, CACHE))
    assistant = Assistant(index, e5, load_answerability_model(), reader=reader)
    return assistant_with_introduction(assistant)[0]
