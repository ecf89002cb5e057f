"""Templates -> pages, every value escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote as url_quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.types import Scope

from assistant.schema import Citation
from assistant.web.site.identity import identity_of
from assistant.web.site.links import reading_link
from assistant.web.site.request_context import language_parameter, request_language, request_path
from assistant.web.site.site import Site, T
from assistant.web.site.translations import translate, translations

# What page scripts say; handed to them with the page, so that there is one place for words.
_SCRIPT_WORDS = (
    "close", "whole", "public_page", "source", "source_of", "source_failed", "loading", "copy", "copied", "good", "bad",
    "feedback_thanks", "feedback_failed", "feedback_why", "feedback_comment", "feedback_send", "feedback_cancel",
    "reason_wrong_source", "reason_incomplete", "reason_not_what_i_asked", "reason_other", "announce_busy",
    "announce_done", "notice_changed", "notice_gone", "dated", "search_heading", "search_label", "search_button",
    "search_none", "search_found", "placeholder", "question", "start_progress", "answer_sources", "title", "ask",
    "stop", "conversation", "export", "link",
)  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assistant.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["path"] = lambda text: url_quote(str(text))
    return environment


def relative_root(scope: Scope) -> str:
    """The relative way from the page of this request to the root of the server: links work under any sub-path."""
    return "../" * (request_path(scope).count("/") - 1) or "./"


def render_template(site: Site, scope: Scope, template: str, **values: Any) -> str:
    """The HTML of `template`; every value in it is escaped."""
    language = request_language(scope, site.assistant.language)
    root = relative_root(scope)
    chosen = language_parameter(scope)
    keep = f"?lang={chosen}" if chosen else ""

    def t(key: str, **more: object) -> str:
        return translate(language, key, **more)

    def cited(citation: Citation) -> str:
        return reading_link(root, citation, chosen) + "#quote"

    def in_language(code: str) -> str:
        names = {"en": {"en": "English", "sv": "engelska"}, "sv": {"en": "Swedish", "sv": "svenska"}}
        return names.get(code, {}).get(language, code)

    return _environment().get_template(template).render(
        site=site, snapshot=site.snapshot, branding=site.branding,
        language=language, root=root, keep=keep, t=t, cited=cited, in_language=in_language,
        script_words=json.dumps({key: translations()[language][key] for key in _SCRIPT_WORDS}, ensure_ascii=False),
        feedback=site.store is not None, identity=identity_of(scope), here=_section(scope),
        query=_parameters_without_language(scope), **values,
    )  # fmt: skip


def _section(scope: Scope) -> str:
    """The part of the site that a request is for: "texts/"."""
    return request_path(scope).split("/")[1] + "/"


def _parameters_without_language(scope: Scope) -> list[tuple[str, str]]:
    """What the address asks for beside the language."""
    return [(key, value) for key, value in QueryParams(scope["query_string"]).multi_items() if key != "lang"]


def render_page(site: Site, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page as a response."""
    return HTMLResponse(render_template(site, request.scope, template, **values), status)


def paginate(request: Request, items: Sequence[T], count: int) -> tuple[Sequence[T], int, int]:
    """The part of `items` on the page that `?page=` names, and the pages before and after it, 0 where there is none."""
    asked = request.query_params.get("page", "1")
    last = max(1, -(-len(items) // count))
    number = min(int(asked), last) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1
    number = max(number, 1)
    return items[(number - 1) * count : number * count], number - 1, number + 1 if number < last else 0
