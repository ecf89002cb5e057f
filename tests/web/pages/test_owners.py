from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.evaluation.data_sets import read_questions
from assistant.store.database import Store
from assistant.web.pages.owners import UsageChartBar, _cell, _chart_bars
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.web.pages.conftest import HOSTILE, main_part, owner_headers

PATHS = ("/owners/", "/owners/feedback.csv", "/owners/feedback.jsonl", "/owners/unanswered.jsonl")


@pytest.fixture
def store(weather_site: Site) -> Store:
    assert weather_site.store is not None
    return weather_site.store


def send_feedback(client: TestClient, question: str = "What is NWI?", **fields: object) -> None:
    """Ask a question and rate its answer as bad."""
    answer_id = client.post("/api/v1/ask", json={"question": question}).json()["answer_id"]
    feedback = {"answer_id": answer_id, "rating": "bad", "reasons": ["wrong source"], "comment": "=1+1", **fields}
    assert client.post("/api/v1/feedback", json=feedback).json() == {"stored": True}


@pytest.mark.parametrize("path", PATHS)
def test_the_owners_pages_need_the_password(client: TestClient, weather_site: Site, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path).headers["www-authenticate"].startswith("Basic")
    assert client.get(path, headers=owner_headers("wrong")).status_code == 401
    assert client.get(path, headers=owner_headers()).status_code == 200
    assert client.post("/owners/feedback/1/close").status_code == 401
    with TestClient(create_app(weather_site)) as client_without_password:
        assert client_without_password.get(path, headers=owner_headers("")).status_code == 404


def test_owners_see_unanswered_questions_usage_and_feedback(client: TestClient) -> None:
    send_feedback(client, "zebra xylophone")
    page = main_part(client.get("/owners/", headers=owner_headers()).text)
    assert page.count("zebra xylophone") == 2
    assert "=1+1" in page
    assert translate("en", "reason_wrong_source") in page
    assert translate("en", "owners_count", count=1) in page
    assert "<rect" in page


def test_markup_from_users_is_escaped_for_owners(client: TestClient) -> None:
    send_feedback(client, f"zebra {HOSTILE}", comment=HOSTILE)
    page = client.get("/owners/", headers=owner_headers()).text
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") == 3


def test_closed_feedback_stays_on_the_page(client: TestClient, store: Store) -> None:
    send_feedback(client)
    [row] = store.list_feedback()
    path = f"/owners/feedback/{row.feedback_id}/close"
    response = client.post(path, headers=owner_headers(), follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "../../")
    swedish = client.post(f"{path}?lang=sv", headers=owner_headers(), follow_redirects=False)
    assert swedish.headers["location"] == "../../?lang=sv"
    assert translate("en", "owners_closed") in client.get("/owners/", headers=owner_headers()).text
    assert client.post("/owners/feedback/999/close", headers=owner_headers()).status_code == 404


def test_bad_answers_are_saved_as_probes(client: TestClient, store: Store, probes_path: Path) -> None:
    send_feedback(client)
    send_feedback(client, "Who warns of floods?")
    forms: list[dict[str, str]] = [{}, {"answerable": "true", "words": " warns of floods "}]
    expected = {}
    for row, form in zip(store.list_feedback(), forms, strict=True):
        client.post(f"/owners/feedback/{row.feedback_id}/probe", headers=owner_headers(), data=form)
        expected[row.answer.question] = (bool(form), ("warns of floods",) if form else ())
    probes = {probe.turns[0]: (probe.is_answerable, probe.accepted_answers) for probe in read_questions(probes_path)}
    assert probes == expected
    assert all(row.closed_at for row in store.list_feedback())


def test_a_probe_with_an_answer_needs_expected_words(client: TestClient, store: Store, probes_path: Path) -> None:
    send_feedback(client)
    [row] = store.list_feedback()
    form = {"answerable": "true", "words": "  "}
    response = client.post(f"/owners/feedback/{row.feedback_id}/probe", headers=owner_headers(), data=form)
    assert response.status_code == 422
    assert not probes_path.exists()


def test_a_question_that_was_not_stored_makes_no_probe(client: TestClient, store: Store, probes_path: Path) -> None:
    answer_id = client.post("/api/v1/ask", json={"question": "What is NWI?", "store": False}).json()["answer_id"]
    client.post("/api/v1/feedback", json={"answer_id": answer_id, "rating": "bad"})
    [row] = store.list_feedback()
    response = client.post(f"/owners/feedback/{row.feedback_id}/probe", headers=owner_headers())
    assert response.status_code == 409
    assert not probes_path.exists()


def test_sites_that_embed_the_chat_cannot_act_for_owners(client: TestClient) -> None:
    send_feedback(client)
    embedding = {**owner_headers(), "Origin": "https://intranet.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/owners/feedback/1/close", headers=embedding).status_code == 403
    page = client.get("/owners/", headers=owner_headers())
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_feedback_is_exported_as_csv_and_json_lines(client: TestClient) -> None:
    send_feedback(client)
    response = client.get("/owners/feedback.csv", headers=owner_headers())
    assert response.headers["content-disposition"] == 'attachment; filename="feedback.csv"'
    [row] = csv.DictReader(io.StringIO(response.text))
    assert (row["rating"], row["question"], row["comment"]) == ("bad", "What is NWI?", "'=1+1")
    record = json.loads(client.get("/owners/feedback.jsonl", headers=owner_headers()).text)
    assert (record["rating"], record["question"], record["comment"]) == ("bad", "What is NWI?", "=1+1")
    assert list(record) == list(row)
    assert row["quotes"] == "; ".join(record["quotes"]) != ""


def test_unanswered_questions_are_exported(client: TestClient) -> None:
    for question in ("What is NWI?", "zebra xylophone"):
        client.post("/api/v1/ask", json={"question": question})
    lines = client.get("/owners/unanswered.jsonl", headers=owner_headers()).text.splitlines()
    assert [json.loads(line)["question"] for line in lines] == ["zebra xylophone"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("rain", "rain"),
        (["a", "b"], "a; b"),
        (None, ""),
        (0.5, "0.5"),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: str) -> None:
    assert _cell(value) == cell


def test_chart_columns_are_stacked_and_scaled_to_the_busiest_day() -> None:
    bars = _chart_bars([("2026-01-01", "answered", 1), ("2026-01-02", "answered", 3), ("2026-01-02", "unclear", 1)])
    assert [bar for bar in bars if bar.count] == [
        UsageChartBar("2026-01-01", "answered", 1, 0, 120.0, 40.0),
        UsageChartBar("2026-01-02", "answered", 3, 18, 40.0, 120.0),
        UsageChartBar("2026-01-02", "unclear", 1, 18, 0.0, 40.0),
    ]
    assert _chart_bars([]) == []
