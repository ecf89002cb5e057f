"""Where a request leads within this server, whatever path a proxy puts before it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from assistant.text.language import LANGUAGES


def request_path(scope: Scope) -> str:
    """The path of a request without the sub-path under which people reach the server."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def language_parameter(scope: Scope) -> str:
    """The language that `?lang=` names, "" without one that we speak."""
    chosen = QueryParams(scope["query_string"]).get("lang", "")
    return chosen if chosen in LANGUAGES else ""


def request_language(scope: Scope, default: str) -> str:
    """The language of the page that a request is for."""
    return choose_language(language_parameter(scope), Headers(scope=scope).get("accept-language", ""), default)


def choose_language(chosen: str, accepted: str, default: str) -> str:
    """The language that was chosen, else the browser's first that we speak, else `default`."""
    if chosen in LANGUAGES:
        return chosen
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return default


def _only_digits(value: str) -> str:
    """A query's number as it is written, "0.0" is none."""
    if not (value.isascii() and value.isdigit()):
        raise ValueError("not a whole number, 0 or more")
    return value


Offset = Annotated[int, BeforeValidator(_only_digits), Query(ge=0)]
