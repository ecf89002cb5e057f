from __future__ import annotations

import re

from fastapi.testclient import TestClient

from assistant.web.shared.translations import translate
from tests.web.pages.conftest import main_part


def test_results_show_the_passage_with_its_best_sentence_marked(client: TestClient) -> None:
    page = client.get("/search/?q=floods").text
    assert re.search(r"<mark>Together with farmers, [^<]*NWI warns of floods in spring\.</mark>", page)
    assert re.search(r'href="\.\./sources/\w+\?start=\d+&amp;end=\d+#quote"', page)
    assert 'value="floods"' in page


def test_a_search_without_results_says_so(client: TestClient) -> None:
    assert translate("en", "search_none") in main_part(client.get("/search/?q=%3F").text)


def test_the_empty_search_page_has_no_results_section(client: TestClient) -> None:
    page = main_part(client.get("/search/").text)
    assert translate("en", "search_none") not in page
    assert translate("en", "search_found") not in page


def test_a_long_search_query_is_shortened(client: TestClient) -> None:
    response = client.get("/search/", params={"q": "x" * 3_000})
    assert response.status_code == 200
    assert f'value="{"x" * 2_000}"' in response.text
