from __future__ import annotations

from pathlib import Path

import pytest

from assistant.index.loading import Index
from assistant.onboarding.partners import find_partner_connections, parse_partner_list
from tests.onboarding.conftest import index_of_text


@pytest.mark.parametrize(
    ("text", "partners"),
    [
        ("healthcare providers, academia, the private sector and patient organizations we create",
         ["healthcare providers", "academia", "the private sector", "patient organizations"]),
        ("universities and healthcare providers, the Clinical facilities are",
         ["universities", "healthcare providers"]),
        ("the diagnostics platform, GMS also collaborates", ["the diagnostics platform"]),
        ("other facilities within SciLifeLab", []),
        ("GMS’s national diagnosis groups, are able to develop and validate new methods", []),
        ("kommuner, regioner och patienter som", ["kommuner", "regioner", "patienter"]),
    ],
)  # fmt: skip
def test_partner_list_ends_where_the_sentence_continues(text: str, partners: list[str]) -> None:
    assert parse_partner_list(text) == partners


def test_connections_cite_a_sentence_that_names_the_partner(weather_index: Index) -> None:
    connections = find_partner_connections(weather_index)
    pairs = {frozenset((item.first_partner, item.second_partner)) for item in connections}
    assert frozenset(("NWI", "Harbour University")) in pairs
    assert frozenset(("NWI", "farmers")) in pairs
    assert frozenset(("NWI", "local councils")) in pairs
    assert all(item.second_partner in item.citation.quote for item in connections)


def test_we_stands_for_the_source_of_the_document(tmp_path: Path) -> None:
    text = "The Rain Council (RC) meets often. We work closely with schools and libraries."
    with_source = find_partner_connections(index_of_text(text, tmp_path / "a", source="Rain Council, web page"))
    assert {(item.first_partner, item.second_partner) for item in with_source} == {
        ("RC", "schools"),
        ("RC", "libraries"),
    }
    assert find_partner_connections(index_of_text(text, tmp_path / "b")) == ()


def test_each_pair_cites_its_first_sentence(tmp_path: Path) -> None:
    text = "Rain University funds Snow Council. Snow Council works together with Rain University."
    [connection] = find_partner_connections(index_of_text(text, tmp_path))
    assert (connection.first_partner, connection.second_partner) == ("Rain University", "Snow Council")
    assert connection.citation.quote == "Rain University funds Snow Council."
    assert not connection.is_collaboration


def test_collaboration_is_marked_as_together(tmp_path: Path) -> None:
    [connection] = find_partner_connections(index_of_text("Rain University works with Snow Council.", tmp_path))
    assert connection.is_collaboration


def test_genitive_connects_two_organisations(tmp_path: Path) -> None:
    [connection] = find_partner_connections(index_of_text("They saw Rain University's new Snow Council.", tmp_path))
    assert (connection.first_partner, connection.second_partner) == ("Rain University", "Snow Council")


def test_only_names_of_organisations_are_connected(tmp_path: Path) -> None:
    assert find_partner_connections(index_of_text("They saw Anna Berg develop New Clouds.", tmp_path)) == ()


def test_overlong_sentences_are_ignored(tmp_path: Path) -> None:
    text = "Rain University works with Snow Council " + "and more " * 30 + "today."
    assert find_partner_connections(index_of_text(text, tmp_path)) == ()
