from __future__ import annotations

from dataclasses import replace

from fastapi.testclient import TestClient

from assistant.web.pages.home import STATIC_FOLDER
from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.shared.translations import translate
from tests.web.pages.conftest import HTML


def test_the_front_page_leads_to_the_chat(client: TestClient) -> None:
    response = client.get("/", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "chat/")


def test_the_about_page_describes_what_is_stored(weather_site: Site) -> None:
    for store, key in ((weather_site.store, "about_stored_questions"), (None, "about_stored_none")):
        with TestClient(create_app(replace(weather_site, store=store))) as client:
            assert translate("en", key) in client.get("/about/").text


def test_the_about_page_describes_the_index_and_the_contact(client: TestClient, weather_site: Site) -> None:
    page = client.get("/about/").text
    index = weather_site.assistant.index
    assert f"1 documents, split into {len(index.passages)} passages" in page
    assert index.manifest.generation in page
    assert "<p>the office</p>" in page


def test_the_icon_is_an_svg_file(client: TestClient) -> None:
    response = client.get("/favicon.ico")
    assert response.headers["content-type"] == "image/svg+xml"
    assert response.content == (STATIC_FOLDER / "icon.svg").read_bytes()


def test_the_logo_is_shown_and_served_unchanged(weather_site: Site) -> None:
    branding = replace(weather_site.branding, logo_bytes=b"<svg/>", logo_media_type="image/svg+xml")
    with TestClient(create_app(replace(weather_site, branding=branding))) as client:
        assert '<img src="../logo"' in client.get("/about/").text
        response = client.get("/logo")
    assert (response.text, response.headers["content-type"]) == ("<svg/>", "image/svg+xml")


def test_a_server_without_a_logo_shows_none(client: TestClient) -> None:
    assert client.get("/logo").status_code == 404
    assert "<img" not in client.get("/about/", headers=HTML).text
