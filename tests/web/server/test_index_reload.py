from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.embedding.encoder import Encoder
from assistant.errors import CorpusError, IndexStateError
from assistant.index.build import build_index
from assistant.index.generations import current_generation, generation_folder
from assistant.settings import Settings
from assistant.web.server.app import create_app
from assistant.web.server.index_reload import load_snapshot, watch_index
from assistant.web.shared.branding import make_branding
from assistant.web.shared.site import Site
from tests.conftest import CACHE, TEXT, document
from tests.fakes import BagOfWords
from tests.servers import wait_until

ALPHA, GAMMA = "alpha.md", "gamma.md"
ABOUT_GAMMA = "When is the library of Gamma University open?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a corpus that contains two documents and has not been indexed yet."""
    (tmp_path / "corpus").mkdir()
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index", reader=False)
    write_document(settings, ALPHA, TEXT)
    write_document(settings, GAMMA, "Gamma University teaches statistics. Its library is open at night.")
    return settings


def write_document(settings: Settings, name: str, text: str) -> None:
    (settings.corpus / name).write_text(text, encoding="utf-8")


def build(settings: Settings, *names: str, encoder: Encoder | None = None) -> str:
    """Build an index of the documents with the given names. Return the name of the generation that was built."""
    documents = [document(name, (settings.corpus / name).read_text(encoding="utf-8"), title=name) for name in names]
    build_index(documents, encoder or BagOfWords(), settings.index)
    generation = current_generation(settings.index)
    assert generation
    return generation


def activate(settings: Settings, generation: str) -> None:
    (settings.index / "current").write_text(generation + "\n", encoding="ascii")


def wait_for_generation(site: Site, generation: str) -> None:
    wait_until(lambda: site.assistant.index.manifest.generation == generation)


@contextmanager
def watched(site: Site, settings: Settings) -> Iterator[None]:
    """Reload the index of `site` whenever it changes, for as long as the context is open."""
    stop = threading.Event()
    thread = watch_index(site, settings, stop, interval=0.02)
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def watched_site(settings: Settings) -> Iterator[Site]:
    """A site that serves both documents and reloads its index whenever the index changes."""
    build(settings, ALPHA, GAMMA)
    site = Site(load_snapshot(settings, encoder=BagOfWords()), make_branding("", "#0b4f6c", None))
    with watched(site, settings):
        yield site


# Tests of loading an index


def test_a_snapshot_has_an_assistant_an_introduction_roles_and_a_date(settings: Settings) -> None:
    write_document(settings, "onboarding.toml", '[[role]]\nname = "Teacher"\ntexts = ["gamma.md"]\n')
    generation = build(settings, ALPHA, GAMMA)
    encoder = BagOfWords()
    snapshot = load_snapshot(settings, encoder=encoder)
    assert snapshot.assistant.index.manifest.generation == generation
    assert snapshot.assistant.encoder is encoder
    assert snapshot.assistant.suggested_questions == snapshot.introduction.suggested_questions
    assert {summary.document_id for summary in snapshot.introduction.summaries} == {ALPHA, GAMMA}
    assert [(role.localised_name("sv"), role.document_paths) for role in snapshot.roles] == [("Teacher", (GAMMA,))]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", snapshot.build_date)
    assert snapshot.worker_pool is None


def test_a_role_with_an_unknown_document_is_an_error(settings: Settings) -> None:
    build(settings, ALPHA)
    write_document(settings, "onboarding.toml", '[[role]]\nname = "Teacher"\ntexts = ["gamma.md"]\n')
    with pytest.raises(CorpusError, match=r"gamma\.md"):
        load_snapshot(settings, encoder=BagOfWords())


def test_without_an_index_no_snapshot_can_be_loaded(settings: Settings) -> None:
    with pytest.raises(IndexStateError):
        load_snapshot(settings, encoder=BagOfWords())


# Tests of reloading an index


def test_a_new_index_is_loaded_and_deleted_documents_vanish(watched_site: Site, settings: Settings) -> None:
    index = watched_site.assistant.index
    passage_id = next(passage.passage_id for passage in index.passages if passage.document_id == GAMMA)
    with TestClient(create_app(watched_site)) as client:
        assert client.get(f"/sources/{passage_id}").status_code == 200
        wait_for_generation(watched_site, build(settings, ALPHA))
        assert [item["document_id"] for item in client.get("/api/v1/documents").json()] == [ALPHA]
        assert client.get(f"/sources/{passage_id}").status_code == 404
        assert client.get("/texts/gamma.md").status_code == 404
        answer = client.post("/api/v1/ask", json={"question": ABOUT_GAMMA}).json()
        assert {item["document_id"] for item in (*answer["citations"], *answer["closest"])} <= {ALPHA}
        assert "gamma" not in client.get("/start/").text


def test_cached_answers_do_not_survive_a_reload(watched_site: Site, settings: Settings) -> None:
    with TestClient(create_app(watched_site)) as client:
        for _ in range(2):
            answer = client.post("/api/v1/ask", json={"question": ABOUT_GAMMA}).json()
            assert {item["document_id"] for item in answer["citations"]} == {GAMMA}
        wait_for_generation(watched_site, build(settings, ALPHA))
        answer = client.post("/api/v1/ask", json={"question": ABOUT_GAMMA}).json()
    assert "gamma" not in str({key: answer[key] for key in ("answer", "citations", "closest")}).lower()


def test_an_unchanged_index_is_not_loaded_again(watched_site: Site, settings: Settings) -> None:
    previous = watched_site.snapshot
    watched_site.reload_problem = "outdated"
    wait_until(lambda: not watched_site.reload_problem)  # the problem is cleared once the index has been checked
    assert watched_site.snapshot is previous


def test_an_index_that_fails_its_checks_is_ignored(watched_site: Site, settings: Settings) -> None:
    good = build(settings, ALPHA)
    wait_for_generation(watched_site, good)
    snapshot = watched_site.snapshot
    write_document(settings, "beta.md", "Beta Hospital is a hospital in Lund.")
    staged = settings.model_copy(update={"index": settings.index.parent / "staged"})
    bad = build(staged, ALPHA, "beta.md")
    folder = generation_folder(staged.index, bad)
    (folder / "passages.jsonl").write_text("damaged", encoding="utf-8")
    folder.rename(generation_folder(settings.index, bad))
    activate(settings, bad)
    wait_until(lambda: bool(watched_site.reload_problem))
    assert watched_site.snapshot is snapshot
    with TestClient(create_app(watched_site)) as client:
        ready = client.get("/readyz").json()
        question = {"question": "What does the Alpha Institute develop?"}
        assert client.post("/api/v1/ask", json=question).status_code == 200
    assert (ready["status"], ready["generation"]) == ("ready", good)
    assert ready["checks"]["index"] == "a newer index was rejected; see the server's log"
    assert str(settings.index) not in str(ready)


def test_a_repaired_index_is_loaded_under_the_same_name(watched_site: Site, settings: Settings) -> None:
    original = watched_site.assistant.index.manifest.generation
    name = build(settings, ALPHA)
    wait_for_generation(watched_site, name)
    activate(settings, original)
    wait_for_generation(watched_site, original)
    passages = generation_folder(settings.index, name) / "passages.jsonl"
    intact = passages.read_text(encoding="utf-8")
    passages.write_text("damaged", encoding="utf-8")
    activate(settings, name)
    wait_until(lambda: bool(watched_site.reload_problem))
    passages.write_text(intact, encoding="utf-8")
    (passages.parent / "manifest.json").touch()
    wait_for_generation(watched_site, name)
    wait_until(lambda: not watched_site.reload_problem)
    assert list(watched_site.assistant.index.documents) == [ALPHA]


def test_watching_continues_after_unexpected_errors(watched_site: Site, settings: Settings) -> None:
    (settings.index / "current").unlink()
    (settings.index / "current").mkdir()
    wait_until(lambda: bool(watched_site.reload_problem))
    (settings.index / "current").rmdir()
    wait_for_generation(watched_site, build(settings, ALPHA))
    wait_until(lambda: not watched_site.reload_problem)
    assert list(watched_site.assistant.index.documents) == [ALPHA]


def test_no_request_fails_during_reloads(watched_site: Site, settings: Settings) -> None:
    failures: list[int] = []
    stop = threading.Event()

    def send_requests(client: TestClient) -> None:
        while not stop.is_set():
            for path in ("/api/v1/documents", "/start/", "/texts/alpha.md"):
                status = client.get(path).status_code
                if status != 200:
                    failures.append(status)

    with TestClient(create_app(watched_site)) as client:
        threads = [threading.Thread(target=send_requests, args=(client,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for names in ((ALPHA,), (ALPHA, GAMMA), (ALPHA,)):
            wait_for_generation(watched_site, build(settings, *names))
        stop.set()
        for thread in threads:
            thread.join(10)
    assert failures == []


@pytest.mark.real
def test_a_reload_replaces_the_workers(settings: Settings, e5: Encoder) -> None:
    settings = settings.model_copy(update={"workers": 1, "cache": CACHE})
    build(settings, ALPHA, GAMMA, encoder=e5)
    site = Site(load_snapshot(settings), make_branding("", "#0b4f6c", None))
    old_workers = site.snapshot.worker_pool
    assert old_workers
    with watched(site, settings):
        old_workers.wait_until_started()
        (old_pid,) = old_workers.process_ids()
        answer = site.snapshot.answer_cache.answer_question(ABOUT_GAMMA).answer
        assert answer.citations[0].document_id == GAMMA
        wait_for_generation(site, build(settings, ALPHA, encoder=e5))
        new_workers = site.snapshot.worker_pool
        assert new_workers
        new_workers.wait_until_started()
        assert len(new_workers.process_ids()) == 1
        assert old_pid not in new_workers.process_ids()
        answer = site.snapshot.answer_cache.answer_question(ABOUT_GAMMA).answer
        assert {item.document_id for item in (*answer.citations, *answer.closest)} <= {ALPHA}
        wait_until(lambda: not old_workers.process_ids())
    new_workers.close()
