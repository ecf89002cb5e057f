"""The path, language and parameters of a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from assistant.text.language import SUPPORTED_LANGUAGES


def request_path(scope: Scope) -> str:
    """Return the path of a request, without the sub-path under which a proxy serves the assistant."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def requested_language(scope: Scope) -> str:
    """Return the language given by `?lang=`, or "" if the parameter is missing or the language is not supported."""
    language = QueryParams(scope["query_string"]).get("lang", "")
    return language if language in SUPPORTED_LANGUAGES else ""


def request_language(scope: Scope, default: str) -> str:
    """Return the language in which to show the requested page."""
    return select_language(requested_language(scope), Headers(scope=scope).get("accept-language", ""), default)


def select_language(requested: str, accept_language: str, default: str) -> str:
    """Return `requested` if it is supported, else the first supported language in `accept_language`, else `default`."""
    if requested in SUPPORTED_LANGUAGES:
        return requested
    for part in accept_language.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in SUPPORTED_LANGUAGES:
            return code
    return default


def _only_digits(value: str) -> str:
    """Reject values that pydantic would convert to whole numbers, such as "0.0"."""
    if not (value.isascii() and value.isdigit()):
        raise ValueError("must be a whole number, 0 or greater")
    return value


TextOffset = Annotated[int, BeforeValidator(_only_digits), Query(ge=0)]
