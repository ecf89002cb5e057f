from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote as url_quote
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.onboarding.glossary import GlossaryTerm
from assistant.onboarding.roles import Role
from assistant.web.pages.introduction import _group_by_letter
from assistant.web.server.app import create_app
from assistant.web.shared.site import IndexSnapshot, Site
from assistant.web.shared.translations import translate
from tests.conftest import assistant_with_introduction, document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords


def test_the_start_page_shows_every_document_over_several_pages(site: Site, tmp_path: Path) -> None:
    documents = [
        document(f"{number:02}.md", f"Text {number} is about rain in valley {number}.", title=f"T{number:02}")
        for number in range(30)
    ]
    assistant = Assistant(index_of(documents, tmp_path / "many"), BagOfWords(), ANSWERABILITY)
    many_documents = replace(site, snapshot=IndexSnapshot(*assistant_with_introduction(assistant)))
    with TestClient(create_app(many_documents)) as client:
        pages = [client.get(f"/start/?page={number}&lang=sv").text for number in (1, 2, 3)]
        assert [page.count('class="card"') for page in pages] == [12, 12, 6]
        assert 'href="?page=2&amp;lang=sv"' in pages[0]
        for number in ("0", "99", "-1", "x", "1" * 20):
            assert client.get(f"/start/?page={number}").status_code == 200


def test_a_role_puts_its_documents_first(site: Site) -> None:
    role = Role("1", {"en": "Teacher", "sv": "Lärare"}, ("gamma.md",))
    with TestClient(create_app(replace(site, snapshot=replace(site.snapshot, roles=(role,))))) as client:
        all_roles, teacher = (client.get(f"/start/?role={key}").text for key in ("", "1"))
    assert all_roles.index(">Alpha<") < all_roles.index(">Gamma<")
    assert teacher.index(">Gamma<") < teacher.index(">Alpha<")
    assert "Teacher" in all_roles


def test_the_address_without_a_slash_leads_to_the_start_page(client: TestClient) -> None:
    response = client.get("/start", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "start/")


def test_the_start_page_links_its_questions_to_the_chat(client: TestClient, weather_site: Site) -> None:
    page = client.get("/start/").text
    english = {item.question for item in weather_site.introduction.suggested_questions if item.language == "en"}
    links = re.findall(r'href="\.\./chat/\?q=([^"]*)"', page)
    assert links
    assert {unquote(link) for link in links} <= english


def test_the_glossary_quotes_a_sentence_for_each_term(client: TestClient, weather_site: Site) -> None:
    page = client.get("/start/glossary").text
    terms = weather_site.introduction.glossary_terms
    assert len(terms) >= 2
    for term in terms:
        assert f">{term.name}</dfn>" in page
        assert term.citation.quote in page


def test_terms_are_grouped_by_first_letter(weather_site: Site) -> None:
    term = weather_site.introduction.glossary_terms[0]
    terms: tuple[GlossaryTerm, ...] = tuple(
        replace(term, name=name) for name in ("Öresund", "beta", "Alpha", "3R", "Zebra")
    )
    grouped = [(letter, [item.name for item in group]) for letter, group in _group_by_letter(terms)]
    assert grouped == [("#", ["3R"]), ("A", ["Alpha"]), ("B", ["beta"]), ("Z", ["Zebra"]), ("Ö", ["Öresund"])]


def test_the_partners_page_shows_diagram_and_sentences(client: TestClient, weather_site: Site) -> None:
    page = client.get("/start/partners").text
    snapshot = weather_site.snapshot
    assert page.count("<circle") == len(snapshot.partner_diagram.lines) > 0
    for connection in snapshot.introduction.partner_connections:
        assert f"{connection.first_partner} – {connection.second_partner}" in page
        assert connection.citation.quote in page


def test_the_self_test_marks_answers_and_cites_the_source(client: TestClient, weather_site: Site) -> None:
    questions = weather_site.introduction.self_test
    question = questions[0]
    correct = question.answer_options.index(question.correct_answer)
    assert translate("en", "start_test_right") not in client.get("/start/test").text
    right = client.get(f"/start/test?checked=1&{question.question_id}={correct}").text
    assert translate("en", "start_test_right") in right
    assert f"1 of {len(questions)} correct" in right
    wrong = client.get(f"/start/test?checked=1&{question.question_id}={(correct + 1) % 3}").text
    assert translate("en", "start_test_wrong", answer=question.correct_answer) in wrong
    assert f"sources/{question.citation.passage_id}" in wrong


@pytest.mark.parametrize("option", ["99", "-1", "x", "٣", "1e9", "<script>"])
def test_an_invalid_option_counts_as_not_answered(client: TestClient, weather_site: Site, option: str) -> None:
    questions = weather_site.introduction.self_test
    response = client.get(f"/start/test?checked=1&{questions[0].question_id}={url_quote(option)}")
    assert response.status_code == 200
    assert f"0 of {len(questions)} correct" in response.text
    assert translate("en", "start_test_missing", answer=questions[0].correct_answer) in response.text
