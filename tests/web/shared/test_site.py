from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from assistant.onboarding.partners import PartnerConnection
from assistant.web.shared.answer_cache import AnswerResult
from assistant.web.shared.site import Site
from assistant.web.shared.worker_pool import WorkerPool
from tests.web.worker_assistants import fail_to_start

QUESTION = "When was the Alpha Institute founded in Lund?"


def test_site_exposes_the_live_snapshot(site: Site) -> None:
    assert site.assistant is site.snapshot.assistant
    assert site.introduction is site.snapshot.introduction
    live = replace(site.snapshot, assistant=replace(site.assistant, contact="another office"))
    site.snapshot = live
    assert site.assistant.contact == "another office"


def test_snapshot_answers_without_workers_and_caches(site: Site) -> None:
    result = site.snapshot.answer_cache.answer_question(QUESTION)
    assert result.answer.citations[0].document_id == "alpha.md"
    assert site.snapshot.answer_cache.answer_question(QUESTION).answer.timings_ms.keys() == {"total"}


def test_snapshot_answers_with_its_workers(site: Site) -> None:
    asked: list[str] = []

    class RecordingPool(WorkerPool):
        def ask(self, question: str, *arguments: object) -> AnswerResult:
            asked.append(question)
            return super().ask(question, *arguments)  # type: ignore[arg-type]

    with closing(RecordingPool(site.assistant, fail_to_start, 0)) as workers:
        assert replace(site.snapshot, worker_pool=workers).answer_cache.answer_question(QUESTION).answer.citations
    assert asked == [QUESTION]


def test_summaries_are_found_by_document_id(site: Site) -> None:
    assert site.snapshot.summary_by_document_id.keys() == {text.document_id for text in site.introduction.summaries}
    assert site.snapshot.summary_by_document_id["alpha.md"].title == "Alpha"


def test_partner_diagram_shows_the_connections(site: Site) -> None:
    citation = site.assistant.ask(QUESTION).citations[0]
    introduction = replace(
        site.introduction, partner_connections=(PartnerConnection("Alpha", "Beta", False, citation),)
    )
    diagram = replace(site.snapshot, introduction=introduction).partner_diagram
    assert {box.partner_name for box in diagram.boxes} == {"Alpha", "Beta"}
    assert len(diagram.lines) == 1


def test_answer_is_recorded_in_store_and_metrics(site: Site) -> None:
    result = site.snapshot.answer_cache.answer_question(QUESTION)
    answer_id = site.record_answer(result, site.snapshot, "page")
    assert site.store
    [row] = site.store.list_answers()
    assert (row.answer_id, row.channel, row.question) == (answer_id, "page", QUESTION)
    assert row.generation == site.assistant.index.manifest.generation
    metrics = site.metrics.prometheus_text("g").decode()
    assert 'assistant_answers_total{channel="page",language="en",verdict="answered"} 1.0' in metrics


def test_question_text_is_not_stored_on_request(site: Site) -> None:
    site.record_answer(
        site.snapshot.answer_cache.answer_question(QUESTION), site.snapshot, "page", store_question=False
    )
    assert site.store
    assert [row.question for row in site.store.list_answers()] == [None]


def test_answer_has_no_id_without_a_store(site: Site) -> None:
    without_store = replace(site, store=None)
    result = site.snapshot.answer_cache.answer_question(QUESTION)
    assert without_store.record_answer(result, site.snapshot, "page") == ""
    assert b"assistant_answers_total{" in without_store.metrics.prometheus_text("g")
