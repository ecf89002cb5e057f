"""The plain pages: texts, tour, search, about, owners; and the words and looks they share."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter
from urllib.parse import quote as url_quote

import pytest
from fastapi.testclient import TestClient

from assistant.conversation.assistant import Assistant
from assistant.errors import SettingsError
from assistant.evaluation.data_sets import read_questions
from assistant.onboarding.partner_diagram import draw_diagram, group_by_sentence
from assistant.onboarding.partners import Connection
from assistant.onboarding.roles import Role
from assistant.schema import Heading, Span
from assistant.web.middleware.security import SecurityMiddleware
from assistant.web.pages.reading import split_into_blocks
from assistant.web.server.app import create_app
from assistant.web.site.branding import contrast, lighten, make_branding
from assistant.web.site.links import fragment_url
from assistant.web.site.site import Site, Snapshot
from assistant.web.site.translations import translate, translations
from tests.conftest import document, guided, index_of
from tests.fakes import ANSWERABILITY, BagOfWords
from tests.test_onboarding import TEXT

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"
PAGES = (
    "/texts/", "/texts/rain.md", "/search/?q=gauges", "/start/", "/start/glossary", "/start/partners", "/start/test",
    "/about/", "/nothing",
)  # fmt: skip
HTML = {"Accept": "text/html,*/*"}
PASSWORD = "rain and snow"


@pytest.fixture
def rain(site: Site, tmp_path: Path) -> Site:
    """A site over one text with names in it."""
    item = document("rain.md", TEXT, title="Rain", url="https://example.org/rain", retrieved="2026-01-31")
    assistant, guide = guided(
        Assistant(index_of([item], tmp_path / "rain"), BagOfWords(), ANSWERABILITY, contact="the office")
    )
    return replace(site, snapshot=Snapshot(assistant, guide))


@pytest.fixture
def client(rain: Site, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(rain, PASSWORD, tmp_path / "probes.jsonl")
    guarded = SecurityMiddleware(app, "/chat", ["https://intranet.example"], "en")
    with TestClient(guarded, base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_speaks_the_readers_language_and_links_stay_inside(
    client: TestClient, path: str, language: str
) -> None:
    found = client.get(path, headers={**HTML, "Accept-Language": language})
    assert found.status_code == (404 if path == "/nothing" else 200)
    assert f'<html lang="{language}">' in found.text
    assert translate(language, "nav_start") in found.text
    links = re.findall(r'(?:href|src|action)="([^"]*)"', found.text)
    assert len(links) > 5
    assert all(link.startswith((".", "#", "?", "https://example.org/rain")) or "/" not in link for link in links), links


def test_the_chosen_language_stays_on_the_way_through_the_pages(client: TestClient) -> None:
    page = client.get("/start/?lang=sv", headers={"Accept-Language": "en"}).text
    assert '<html lang="sv">' in page
    assert 'href="../texts/?lang=sv"' in page
    assert re.search(r'href="\.\./sources/\w+\?start=\d+&amp;end=\d+&amp;lang=sv#quote"', page)
    assert 'href="?lang=en"' in page
    assert 'href="?q=a%20%26b&amp;lang=sv"' in client.get("/search/?q=a%20%26b").text


def test_both_languages_have_the_same_words_with_the_same_gaps() -> None:
    english, swedish = translations()["en"], translations()["sv"]
    assert english.keys() == swedish.keys()
    for key in english:
        gaps = [{name for _, name, _, _ in Formatter().parse(words[key]) if name} for words in (english, swedish)]
        assert gaps[0] == gaps[1], key
    assert translate("fi", "close") == english["close"]
    folder = Path(__file__).parent.parent / "assistant" / "web"
    files = [file for ending in ("html", "py", "js") for file in folder.rglob(f"*.{ending}")]
    used = set(re.findall(r"[\"']([\w.]+)[\"']", "".join(file.read_text(encoding="utf-8") for file in files)))
    built = ("answer_", "notice_", "reason_", "common.", "about_key_")
    assert [key for key in english if key not in used and not key.startswith(built)] == []


def test_a_text_is_one_page_with_its_passages_as_anchors(client: TestClient, rain: Site) -> None:
    page = client.get("/texts/rain.md").text
    for passage in rain.assistant.index.passages:
        assert f'id="p-{passage.passage_id}"' in page
    assert "as of 2026-01-31" in page
    assert '<mark id="quote">' not in page
    assert 'href="https://example.org/rain"' in page


def test_the_public_link_of_a_quote_leads_to_its_words(client: TestClient, rain: Site) -> None:
    answer = rain.assistant.ask("What is NWI?")
    citation = answer.citations[0]
    page = client.get(f"/sources/{citation.passage_id}?start={citation.start}&end={citation.end}").text
    assert "https://example.org/rain#:~:text=The%20National%20Weather%20Institute%20%28NWI%29%20is," in page
    passage = client.get(f"/api/v1/passages/{citation.passage_id}?start={citation.start}&end={citation.end}").json()
    assert passage["public_url"].startswith("https://example.org/rain#:~:text=The%20National")
    assert passage["retrieved"] == "2026-01-31"


@pytest.mark.parametrize(
    ("url", "quote", "found"),
    [
        ("https://a.example/x", "Rain falls.", "https://a.example/x#:~:text=Rain%20falls."),
        ("https://a.example/x#top", "well-known, mostly", "https://a.example/x#top:~:text=well%2Dknown%2C%20mostly"),
        ("https://a.example/", "a b c d e f g h i j k l m", "https://a.example/#:~:text=a%20b%20c%20d%20e%20f,h%20i%20j%20k%20l%20m"),
        ("https://a.example/", "å & \"ö\"", "https://a.example/#:~:text=%C3%A5%20%26%20%22%C3%B6%22"),
    ],
)  # fmt: skip
def test_a_text_fragment_names_the_quote(url: str, quote: str, found: str) -> None:
    assert fragment_url(url, quote) == found


def test_a_mark_across_paragraphs_and_passages_keeps_every_word(rain: Site) -> None:
    item = rain.assistant.index.documents["rain.md"]
    marked = Span(item.text.index("Together"), item.text.index("Since"))
    blocks = split_into_blocks(item, rain.assistant.index.passages, marked)
    assert "\n\n".join(block.plain for block in blocks) == item.text
    words = [words for block in blocks for kind, words in block.pieces if kind in {"first", "mark"}]
    assert "".join(words) == item.text[marked.start : marked.end].replace("\n\n", "")
    assert [kind for block in blocks for kind, _ in block.pieces].count("first") == 1


def test_a_changed_text_says_so_where_it_is_read(rain: Site) -> None:
    changed = replace(
        rain, snapshot=replace(rain.snapshot, assistant=replace(rain.assistant, document_change=lambda _: "changed"))
    )
    with TestClient(create_app(changed)) as client:
        assert translate("en", "notice_changed") in client.get("/texts/rain.md").text
        passage = changed.assistant.index.passages[0].passage_id
        assert client.get(f"/api/v1/passages/{passage}").json()["changed"] == "changed"


def test_words_of_the_corpus_are_never_markup_on_any_page(site: Site, tmp_path: Path) -> None:
    text = (
        f"{HOSTILE} Institute\n\nThe {HOSTILE} Weather Office (WO) is a {HOSTILE} office. "
        f"WO works with {HOSTILE} Rain Office."
    )
    item = document(
        '"><script>.md', text, title=HOSTILE, language='"><script>', source=HOSTILE, retrieved=HOSTILE,
        url="https://x.example/?a=<script>", headings=(Heading(Span(0, len(HOSTILE) + 10), 1, HOSTILE),),
    )  # fmt: skip
    assistant, guide = guided(
        Assistant(index_of([item], tmp_path / "hostile"), BagOfWords(), ANSWERABILITY, contact=HOSTILE)
    )
    look = replace(site.branding, organisation=HOSTILE)
    hostile = replace(site, snapshot=Snapshot(assistant, guide, (Role("1", {"en": HOSTILE}, ()),)), branding=look)
    passage = assistant.index.passages[0].passage_id
    with TestClient(create_app(hostile)) as client:
        for path in (
            *PAGES,
            f"/sources/{passage}",
            f"/texts/{url_quote(item.document_id)}",
            f"/search/?q={url_quote(HOSTILE)}",
        ):
            page = client.get(path, headers=HTML).text
            assert "<img" not in page.replace('<img src="', ""), path
            assert "<script>" not in page, path
            assert "onerror=alert(1)>" not in page, path
            scripts = re.findall(r"<script[^>]*>", page)
            assert all('src="../static/start.js"' in script for script in scripts)


def test_the_tour_has_a_page_for_every_text(site: Site, tmp_path: Path) -> None:
    many = [document(f"{at:02}.md", f"Text {at} is about rain in valley {at}.", title=f"T{at:02}") for at in range(30)]
    assistant, guide = guided(Assistant(index_of(many, tmp_path / "many"), BagOfWords(), ANSWERABILITY))
    with TestClient(create_app(replace(site, snapshot=Snapshot(assistant, guide)))) as client:
        pages = [client.get(f"/start/?page={number}&lang=sv").text for number in (1, 2, 3)]
        assert [page.count('class="card"') for page in pages] == [12, 12, 6]
        assert 'href="?page=2&amp;lang=sv"' in pages[0]
        for odd in ("0", "99", "-1", "x", "1" * 20):
            assert client.get(f"/start/?page={odd}").status_code == 200


def test_the_tour_puts_the_texts_of_a_role_first(site: Site) -> None:
    role = Role("1", {"en": "Teacher", "sv": "Lärare"}, ("gamma.md",))
    with TestClient(create_app(replace(site, snapshot=replace(site.snapshot, roles=(role,))))) as client:
        everybody, teacher = (client.get(f"/start/?role={key}").text for key in ("", "1"))
    assert everybody.index(">Alpha<") < everybody.index(">Gamma<")
    assert teacher.index(">Gamma<") < teacher.index(">Alpha<")
    assert "Teacher" in everybody


def test_the_self_test_says_what_is_right_and_why(client: TestClient, rain: Site) -> None:
    item = rain.introduction.cloze[0]
    assert translate("en", "start_test_right") not in client.get("/start/test").text
    right = client.get(f"/start/test?checked=1&{item.identifier}={item.options.index(item.answer)}").text
    assert translate("en", "start_test_right") in right
    assert f"1 of {len(rain.introduction.cloze)} right" in right
    wrong = client.get(f"/start/test?checked=1&{item.identifier}={(item.options.index(item.answer) + 1) % 3}").text
    assert translate("en", "start_test_wrong", answer=item.answer) in wrong
    assert f"sources/{item.citation.passage_id}" in wrong


@pytest.mark.parametrize("given", ["99", "-1", "x", "٣", "1e9", "<script>"])
def test_an_option_that_is_none_counts_as_no_answer(client: TestClient, rain: Site, given: str) -> None:
    page = client.get(f"/start/test?checked=1&{rain.introduction.cloze[0].identifier}={url_quote(given)}")
    assert page.status_code == 200
    assert f"0 of {len(rain.introduction.cloze)} right" in page.text


def test_the_picture_has_a_line_for_each_connection_and_no_box_covers_another(rain: Site) -> None:
    connections = rain.introduction.connections
    picture = draw_diagram(connections)
    assert len(picture.lines) == len(connections)
    assert {line.number for line in picture.lines} == set(range(1, len(group_by_sentence(connections)) + 1))
    for number, one in enumerate(picture.boxes):
        assert 0 <= one.x <= picture.width - one.width
        assert 0 <= one.y <= picture.height - one.height
        for other in picture.boxes[number + 1 :]:
            apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart_x or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert draw_diagram(connections) == picture


def test_a_picture_of_many_shows_those_with_most_connections(rain: Site) -> None:
    citation = rain.introduction.connections[0].citation
    many = [Connection("Hub", f"Name {number}", False, citation) for number in range(40)]
    picture = draw_diagram(many)
    assert (len(picture.boxes), picture.left_out) == (20, 21)
    assert "Hub" in {box.name for box in picture.boxes}
    assert draw_diagram([]).boxes == ()


def test_search_finds_passages_whether_they_answer_or_not(client: TestClient) -> None:
    found = client.get("/api/v1/search", params={"q": "floods", "k": 1}).json()
    assert [item["quote"] for item in found] == [
        "Together with farmers, the private sector and local councils, NWI warns of floods in spring."
    ]
    assert found[0]["before"] + found[0]["quote"] + found[0]["after"] in TEXT
    assert client.get("/api/v1/search", params={"q": "?!"}).json() == []
    assert client.get("/api/v1/search", params={"q": "x" * 2001}).status_code == 422
    assert translate("en", "search_none") in client.get("/search/?q=%3F").text


def test_what_is_stored_is_said_as_it_is(rain: Site) -> None:
    for store, words in ((rain.store, "about_stored_questions"), (None, "about_stored_none")):
        with TestClient(create_app(replace(rain, store=store))) as client:
            assert translate("en", words) in client.get("/about/").text


def give(client: TestClient, question: str = "What is NWI?", **body: object) -> str:
    answer_id: str = client.post("/api/v1/ask", json={"question": question}).json()["answer_id"]
    sent = {"answer_id": answer_id, "rating": "bad", "reasons": ["wrong source"], "comment": "=1+1", **body}
    assert client.post("/api/v1/feedback", json=sent).json() == {"stored": True}
    return answer_id


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"answer_id": "../x", "rating": "bad"},
        {"answer_id": "0" * 32, "rating": "awful"},
        {"answer_id": "0" * 32, "rating": "bad", "reasons": ["SECRET"]},
        {"answer_id": "0" * 32, "rating": "bad", "comment": "x" * 1001},
        {"answer_id": "0" * 32, "rating": "bad", "SECRET": 1},
    ],
)
def test_feedback_that_does_not_fit_is_refused_without_an_echo(client: TestClient, body: dict[str, object]) -> None:
    response = client.post("/api/v1/feedback", json=body)
    assert response.status_code == 422
    assert "xxx" not in response.text


def test_feedback_on_an_unknown_answer_or_without_a_store_is_404(client: TestClient, rain: Site) -> None:
    body = {"answer_id": "0" * 32, "rating": "good"}
    assert client.post("/api/v1/feedback", json=body).status_code == 404
    with TestClient(create_app(replace(rain, store=None))) as without:
        assert without.post("/api/v1/feedback", json=body).status_code == 404
        assert without.post("/api/v1/ask", json={"question": "What is NWI?"}).json()["answer_id"] == ""


def test_an_answer_can_be_forgotten_by_its_id(client: TestClient) -> None:
    answer_id = give(client)
    assert client.delete(f"/api/v1/answers/{answer_id}").status_code == 204
    assert client.delete(f"/api/v1/answers/{answer_id}").status_code == 404


def test_the_asker_can_keep_a_question_out_of_the_store(client: TestClient, rain: Site) -> None:
    client.post("/api/v1/ask", json={"question": "What is NWI?", "store": False})
    assert rain.store is not None
    assert [row.question for row in rain.store.answers()] == [None]


def test_two_questions_in_one_leave_no_word_of_theirs_where_none_is_stored(rain: Site) -> None:
    asked = "What is NWI? Does Ada 850101-1234 ada@example.org like zyxwvut?"
    for keep, found in ((False, []), (True, ["zyxwvut"])):
        assert rain.store is not None
        with TestClient(create_app(rain)) as client:
            answer_id = client.post("/api/v1/ask", json={"question": asked, "store": keep}).json()["answer_id"]
        [row] = [row for row in rain.store.answers() if row.answer_id == answer_id]
        stored = f"{row.question} {row.resolved_question} {row.answer}"
        assert re.findall("zyxwvut", stored)[:1] == found
        assert "1234" not in stored
        assert "ada@" not in stored


def owner(password: str = PASSWORD) -> dict[str, str]:
    return {**HTML, "Authorization": "Basic " + base64.b64encode(f"owner:{password}".encode()).decode()}


OWNERS = ("/owners/", "/owners/feedback.csv", "/owners/feedback.jsonl", "/owners/unanswered.jsonl")


@pytest.mark.parametrize("path", OWNERS)
def test_the_owners_pages_need_the_password(client: TestClient, rain: Site, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path).headers["www-authenticate"].startswith("Basic")
    assert client.get(path, headers=owner("wrong")).status_code == 401
    assert client.get(path, headers=owner()).status_code == 200
    assert client.post("/owners/feedback/1/close").status_code == 401
    with TestClient(create_app(rain)) as without:
        assert without.get(path, headers=owner("")).status_code == 404


def test_owners_see_what_was_not_answered_and_what_was_said(client: TestClient) -> None:
    give(client, "zebra xylophone")
    page = client.get("/owners/", headers=owner()).text
    assert page.count("zebra xylophone") == 2
    assert "=1+1" in page
    assert translate("en", "reason_wrong_source") in page
    assert translate("en", "owners_times", count=1) in page
    assert "<rect" in page


def test_words_of_askers_are_never_markup_for_owners(client: TestClient) -> None:
    give(client, f"zebra {HOSTILE}", comment=HOSTILE)
    page = client.get("/owners/", headers=owner()).text
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;") == 3


def test_feedback_is_closed_and_stays_readable(client: TestClient, rain: Site) -> None:
    give(client)
    assert rain.store is not None
    [row] = rain.store.feedback()
    response = client.post(f"/owners/feedback/{row.feedback_id}/close", headers=owner(), follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "../../")
    swedish = client.post(f"/owners/feedback/{row.feedback_id}/close?lang=sv", headers=owner(), follow_redirects=False)
    assert swedish.headers["location"] == "../../?lang=sv"
    assert translate("en", "owners_closed") in client.get("/owners/", headers=owner()).text
    assert client.post("/owners/feedback/999/close", headers=owner()).status_code == 404


def test_one_click_makes_a_probe_of_a_bad_answer(client: TestClient, rain: Site, tmp_path: Path) -> None:
    give(client)
    give(client, "Who warns of floods?")
    assert rain.store is not None
    for row, form in zip(rain.store.feedback(), ({}, {"answerable": "true", "words": "warns of floods"}), strict=True):
        client.post(f"/owners/feedback/{row.feedback_id}/probe", headers=owner(), data=form)
    probes = {probe.turns[0]: probe for probe in read_questions(tmp_path / "probes.jsonl")}
    assert len(probes) == 2
    assert sorted(str(probe.answerable) for probe in probes.values()) == ["False", "True"]
    assert {probe.answers for probe in probes.values()} == {(), ("warns of floods",)}
    assert all(row.closed_at for row in rain.store.feedback())


def test_a_probe_to_be_answered_needs_words(client: TestClient, rain: Site, tmp_path: Path) -> None:
    give(client)
    assert rain.store is not None
    [row] = rain.store.feedback()
    form = {"answerable": "true", "words": "  "}
    assert client.post(f"/owners/feedback/{row.feedback_id}/probe", headers=owner(), data=form).status_code == 422
    assert not (tmp_path / "probes.jsonl").exists()


def test_who_may_embed_the_chat_may_not_act_for_its_owners(client: TestClient) -> None:
    give(client)
    listed = {**owner(), "Origin": "https://intranet.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/owners/feedback/1/close", headers=listed).status_code == 403
    page = client.get("/owners/", headers=owner())
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_feedback_is_exported_and_no_cell_is_a_formula(client: TestClient) -> None:
    give(client)
    rows = client.get("/owners/feedback.csv", headers=owner()).text.splitlines()
    assert rows[0].startswith("feedback_id,given_at,rating")
    assert ",'=1+1," in rows[1]
    line = json.loads(client.get("/owners/feedback.jsonl", headers=owner()).text)
    assert (line["rating"], line["question"], line["comment"]) == ("bad", "What is NWI?", "=1+1")
    assert line["quotes"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Origin": "http://127.0.0.1"}, 422),
        ({"Origin": "https://intranet.example"}, 422),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://127.0.0.1:99", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://public.example", "Sec-Fetch-Site": "same-origin"}, 422),
    ],
)
def test_a_page_of_another_origin_can_not_write(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.post("/api/v1/feedback", json={}, headers=headers).status_code == status


def test_a_colour_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"'#ffcc00' has a contrast of 1\.\d"):
        make_branding("", "#ffcc00", None)


@pytest.mark.parametrize("colour", ["#0b4f6c", "#000000", "#7a0019", "#00582a"])
def test_a_colour_is_lightened_for_dark_pages(colour: str) -> None:
    assert contrast(lighten(colour), "#12161f") >= 4.5
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_the_logo_is_served_as_it_is_and_a_bad_one_refused(rain: Site, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>", encoding="utf-8")
    look = make_branding("Example", "#0b4f6c", tmp_path / "logo.svg")
    with TestClient(create_app(replace(rain, branding=look))) as client:
        assert '<img src="../logo"' in client.get("/about/").text
        found = client.get("/logo")
    assert (found.text, found.headers["content-type"]) == ("<svg/>", "image/svg+xml")
    for name in ("logo.exe", "gone.png"):
        with pytest.raises(SettingsError, match=name):
            make_branding("", "#0b4f6c", tmp_path / name)
    (tmp_path / "big.png").write_bytes(b"x" * 600_000)
    with pytest.raises(SettingsError, match="larger"):
        make_branding("", "#0b4f6c", tmp_path / "big.png")


def test_every_picture_of_the_readme_is_there() -> None:
    root = Path(__file__).parent.parent
    named = re.findall(r"\]\((docs/[^)]+\.png)\)", (root / "README.md").read_text(encoding="utf-8"))
    assert len(named) >= 3
    assert [name for name in named if not (root / name).is_file()] == []


def test_every_file_of_words_is_toml_without_markup() -> None:
    folder = Path(__file__).parent.parent / "assistant" / "web" / "texts"
    for file in folder.glob("*.toml"):
        words = tomllib.loads(file.read_text(encoding="utf-8"))
        assert all("<" not in text and text.strip() == text for text in words.values())
