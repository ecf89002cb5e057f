from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.embedding.encoder import Encoder
from assistant.index.build import build_index
from assistant.index.generations import current_generation, generation_folder
from assistant.settings import Settings
from assistant.web.server.app import create_app
from assistant.web.server.index_reload import load_snapshot, watch_index
from assistant.web.site.branding import make_branding
from assistant.web.site.site import Site
from tests.conftest import CACHE, TEXT, document
from tests.fakes import BagOfWords
from tests.servers import until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    made = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    write(made, "alpha.md", TEXT)
    write(made, "gamma.md", "Gamma University teaches statistics. Its library is open at night.")
    return made


def write(settings: Settings, name: str, text: str) -> None:
    (settings.corpus / name).write_text(text, encoding="utf-8")


def build(settings: Settings, *names: str) -> None:
    texts = [document(name, (settings.corpus / name).read_text(encoding="utf-8"), title=name) for name in names]
    build_index(texts, BagOfWords(), settings.index)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """A site that follows its index."""
    build(settings, "alpha.md", "gamma.md")
    made = Site(load_snapshot(settings, encoder=BagOfWords()), make_branding("", "#0b4f6c", None))
    stop = threading.Event()
    thread = watch_index(made, settings, stop, seconds=0.02)
    yield made
    stop.set()
    thread.join(5)


def test_a_new_index_is_answered_from_and_what_was_removed_is_gone(site: Site, settings: Settings) -> None:
    with TestClient(create_app(site)) as client:
        gone = next(item.passage_id for item in site.assistant.index.passages if item.document_id == "gamma.md")
        assert client.get(f"/sources/{gone}").status_code == 200
        build(settings, "alpha.md")
        until(lambda: site.assistant.index.manifest.generation == current_generation(settings.index))
        assert [item["document_id"] for item in client.get("/api/v1/documents").json()] == ["alpha.md"]
        assert client.get(f"/sources/{gone}").status_code == 404
        assert client.get("/texts/gamma.md").status_code == 404
        found = client.post("/api/v1/ask", json={"question": "When is the library of Gamma University open?"}).json()
        assert {item["document_id"] for item in (*found["citations"], *found["closest"])} <= {"alpha.md"}
        assert "gamma" not in client.get("/start/").text


def test_an_answer_given_before_does_not_bring_back_a_text_that_was_removed(site: Site, settings: Settings) -> None:
    asked = {"question": "When is the library of Gamma University open?"}
    with TestClient(create_app(site)) as client:
        for _ in range(2):
            found = client.post("/api/v1/ask", json=asked).json()
            assert {item["document_id"] for item in found["citations"]} == {"gamma.md"}
        build(settings, "alpha.md")
        until(lambda: site.assistant.index.manifest.generation == current_generation(settings.index))
        after = client.post("/api/v1/ask", json=asked).json()
        assert "gamma" not in str({key: after[key] for key in ("answer", "citations", "closest")}).lower()


@pytest.mark.real
def test_worker_processes_go_with_their_generation(settings: Settings, e5: Encoder) -> None:
    settings = settings.model_copy(update={"workers": 1, "cache": CACHE})

    def index(*names: str) -> None:
        texts = [document(name, (settings.corpus / name).read_text(encoding="utf-8"), title=name) for name in names]
        build_index(texts, e5, settings.index)

    index("alpha.md", "gamma.md")
    made = Site(load_snapshot(settings), make_branding("", "#0b4f6c", None))
    stop = threading.Event()
    thread = watch_index(made, settings, stop, seconds=0.02)
    old = made.snapshot.workers
    assert old
    old.wait()
    (before,) = old.pids()
    asked = "When is the library of Gamma University open?"
    assert made.snapshot.answers.answer(asked).answer.citations[0].document_id == "gamma.md"
    index("alpha.md")
    until(lambda: made.assistant.index.manifest.generation == current_generation(settings.index))
    new = made.snapshot.workers
    assert new
    new.wait()
    assert len(new.pids()) == 1
    assert before not in new.pids()
    answer = made.snapshot.answers.answer(asked).answer
    assert {item.document_id for item in (*answer.citations, *answer.closest)} <= {"alpha.md"}
    until(lambda: not old.pids())
    stop.set()
    thread.join(10)
    new.close()


def test_an_index_that_fails_its_checks_is_left_alone(site: Site, settings: Settings) -> None:
    before = site.snapshot
    build(settings, "alpha.md")
    name = current_generation(settings.index)
    assert name
    until(lambda: site.snapshot is not before)
    old = site.snapshot
    write(settings, "beta.md", "Beta Hospital is a hospital in Lund.")
    staged = settings.model_copy(update={"index": settings.index.parent / "staged"})
    build(staged, "alpha.md", "beta.md")
    bad = current_generation(staged.index)
    assert bad
    folder = generation_folder(staged.index, bad)
    (folder / "passages.jsonl").write_text("damaged", encoding="utf-8")
    folder.rename(generation_folder(settings.index, bad))
    (settings.index / "current").write_text(bad + "\n", encoding="ascii")
    until(lambda: bool(site.reload_problem))
    assert site.snapshot is old
    with TestClient(create_app(site)) as client:
        ready = client.get("/readyz").json()
        assert (ready["status"], ready["generation"]) == ("ready", name)
        assert ready["checks"]["index"] == "a newer index is refused; the server's log says why"
        assert str(settings.index) not in str(ready)
        assert (
            client.post("/api/v1/ask", json={"question": "What does the Alpha Institute develop?"}).status_code == 200
        )


def test_an_index_that_is_mended_is_taken_although_its_name_is_the_same(site: Site, settings: Settings) -> None:
    whole = (settings.index / "current").read_text(encoding="ascii")
    build(settings, "alpha.md")
    name = current_generation(settings.index)
    assert name
    until(lambda: site.assistant.index.manifest.generation == name)
    (settings.index / "current").write_text(whole, encoding="ascii")
    until(lambda: site.assistant.index.manifest.generation == whole.strip())
    file = generation_folder(settings.index, name) / "passages.jsonl"
    good = file.read_text(encoding="utf-8")
    file.write_text("damaged", encoding="utf-8")
    (settings.index / "current").write_text(name + "\n", encoding="ascii")
    until(lambda: bool(site.reload_problem))
    file.write_text(good, encoding="utf-8")
    (file.parent / "manifest.json").touch()
    until(lambda: site.assistant.index.manifest.generation == name)
    assert site.reload_problem == ""


def test_looking_goes_on_whatever_happens(site: Site, settings: Settings) -> None:
    (settings.index / "current").unlink()
    (settings.index / "current").mkdir()
    until(lambda: bool(site.reload_problem))
    (settings.index / "current").rmdir()
    build(settings, "alpha.md")
    until(lambda: list(site.assistant.index.documents) == ["alpha.md"])
    assert site.reload_problem == ""


def test_no_request_fails_while_the_index_changes(site: Site, settings: Settings) -> None:
    failed: list[int] = []
    stop = threading.Event()

    def ask(client: TestClient) -> None:
        while not stop.is_set():
            for path in ("/api/v1/documents", "/start/", "/texts/alpha.md"):
                status = client.get(path).status_code
                if status != 200:
                    failed.append(status)

    with TestClient(create_app(site)) as client:
        threads = [threading.Thread(target=ask, args=(client,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for names in (("alpha.md",), ("alpha.md", "gamma.md"), ("alpha.md",)):
            build(settings, *names)
            until(lambda: site.assistant.index.manifest.generation == current_generation(settings.index))
        stop.set()
        for thread in threads:
            thread.join(10)
    assert failed == []
