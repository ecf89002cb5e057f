"""What every test may rely on, and what none may do: reach the network or a global default."""

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
from assistant.index.build import build_index
from assistant.index.generations import live_generation_folder
from assistant.index.loading import Index, load_index
from assistant.onboarding.introduction import Introduction, make_introduction
from assistant.schema import Document
from assistant.store.database import Store
from assistant.web.site.branding import make_branding
from assistant.web.site.site import Site, Snapshot
from tests.fakes import ANSWERABILITY, BagOfWords

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", DO_NOT_TRACK="1")

pytest_plugins = ["tests.servers", "tests.sites"]
ROOT = Path(__file__).parent.parent
LOOPBACK = {"localhost", "127.0.0.1", "127.0.0.2", "::1", None, ""}
CACHE = Path("~/.cache/gms-assistant").expanduser()  # prepared models, kept between runs as a user's are


class NetworkReachedError(BaseException):
    """A test tried to leave the machine; no `except Exception` hides it."""


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name look-ups and connections go to this machine or fail the test."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise NetworkReachedError(f"connection to {address!r}")
        connect(self, address)

    def guarded_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        if (host.decode() if isinstance(host, bytes) else host) not in LOOPBACK:
            raise NetworkReachedError(f"look-up of {host!r}")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture(autouse=True)
def no_global_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading llama-index's global Settings fails the test: they reach for a cloud service."""
    from llama_index.core.settings import _Settings

    def refuse(_: Any) -> None:
        raise AssertionError("a global default of llama-index was read")

    for name in ("llm", "embed_model"):
        monkeypatch.setattr(_Settings, name, property(refuse))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ASSISTANT_* variable of the machine shapes a test."""
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        monkeypatch.delenv(name)


TEXT = (
    "The Alpha Institute (AI2) develops measuring methods. It was founded in 1998 in Lund.\n\n"
    "Beta Hospital tests the methods with patients. Nurses are trained every autumn."
)


def document(name: str = "alpha.md", text: str = TEXT, **more: Any) -> Document:
    """A small document."""
    return Document(**{"document_id": name, "title": "Alpha", "text": text, "language": "en", **more})


def index_of(documents: Sequence[Document], folder: Path, encoder: Encoder | None = None) -> Index:
    """Build and load an index of `documents`."""
    encoder = encoder or BagOfWords()
    build_index(documents, encoder, folder)
    return load_index(folder, encoder)


def bytes_of(index: Path) -> dict[str, bytes]:
    """Every file of the live generation."""
    folder = live_generation_folder(index)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small_index(tmp_path: Path) -> Index:
    """An index of two small documents, with the bag-of-words encoder."""
    other = document("gamma.md", "Gamma University teaches statistics. Its library is open at night.", title="Gamma")
    return index_of([document(), other], tmp_path / "index")


@pytest.fixture
def small_assistant(small_index: Index) -> Assistant:
    """An assistant over `small_index`."""
    return Assistant(small_index, BagOfWords(), ANSWERABILITY, contact="the office")


@pytest.fixture
def site(small_assistant: Assistant, tmp_path: Path) -> Iterator[Site]:
    """The pages over `small_assistant`, with a store that keeps questions."""
    assistant, guide = guided(small_assistant)
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=True)
    yield Site(Snapshot(assistant, guide, built="2026-11-23"), make_branding("Example & Co", "#0b4f6c", None), store)
    store.close()


def guided(assistant: Assistant) -> tuple[Assistant, Introduction]:
    """`assistant` with its guide."""
    guide = make_introduction(assistant.index, assistant.ask, "guide")
    return replace(assistant, questions=guide.questions), guide


@pytest.fixture(scope="session")
def e5() -> Encoder:
    """The real default model."""
    return load_encoder("multilingual-e5-small", CACHE, threads=2)


@pytest.fixture(scope="session")
def seed_assistant(e5: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """The real model over the texts in corpus/."""
    from assistant.corpus.reading import read_corpus

    documents = list(read_corpus(ROOT / "corpus", 50_000_000))
    return Assistant(index_of(documents, tmp_path_factory.mktemp("seed"), e5), e5, load_answerability_model())
