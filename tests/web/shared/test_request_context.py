from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from assistant.web.shared.request_context import (
    TextOffset,
    request_language,
    request_path,
    requested_language,
    select_language,
)


def make_scope(query: str = "", accept_language: str = "") -> dict[str, Any]:
    headers = [(b"accept-language", accept_language.encode())] if accept_language else []
    return {"type": "http", "path": "/", "query_string": query.encode(), "headers": headers}


@pytest.mark.parametrize(
    ("path", "root_path", "expected"),
    [("/start/", "", "/start/"), ("/intranet/start/", "/intranet", "/start/"), ("/start/", "/intranet", "/start/")],
)
def test_path_excludes_the_sub_path_of_the_proxy(path: str, root_path: str, expected: str) -> None:
    assert request_path({"path": path, "root_path": root_path}) == expected


@pytest.mark.parametrize(("query", "language"), [("lang=sv", "sv"), ("lang=en&q=x", "en"), ("lang=fi", ""), ("", "")])
def test_language_parameter_must_be_supported(query: str, language: str) -> None:
    assert requested_language(make_scope(query)) == language


@pytest.mark.parametrize(
    ("requested", "accept_language", "expected"),
    [
        ("sv", "en", "sv"),
        ("", "sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("", "fi, EN-gb;q=0.5, sv", "en"),
        ("fi", "", "sv"),
        ("", "fi,de", "sv"),
    ],
)
def test_language_is_requested_then_accepted_then_default(requested: str, accept_language: str, expected: str) -> None:
    assert select_language(requested, accept_language, "sv") == expected


def test_request_language_reads_parameter_and_header() -> None:
    assert request_language(make_scope("lang=sv", "en"), "en") == "sv"
    assert request_language(make_scope("", "sv"), "en") == "sv"
    assert request_language(make_scope(), "en") == "en"


@pytest.mark.parametrize(("value", "offset"), [("0", 0), ("42", 42), ("007", 7)])
def test_offset_is_a_whole_number(value: str, offset: int) -> None:
    assert TypeAdapter(TextOffset).validate_python(value) == offset


@pytest.mark.parametrize("value", ["0.0", "-1", "+1", "1e3", "٣", "", " 1"])
def test_offset_in_another_notation_is_rejected(value: str) -> None:
    with pytest.raises(ValidationError, match="whole number"):
        TypeAdapter(TextOffset).validate_python(value)
