"""Renders templates as HTML pages, escaping every value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote as url_quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.types import Scope

from assistant.citations import split_at_answer
from assistant.schema import Citation
from assistant.web.shared.identity import request_identity
from assistant.web.shared.links import reading_link
from assistant.web.shared.request_context import request_language, request_path, requested_language
from assistant.web.shared.site import Site
from assistant.web.shared.translations import load_translations, translate

ItemT = TypeVar("ItemT")

# The keys of the texts used by page scripts. Each page passes these texts to its scripts, so that the scripts don't
# need translations of their own.
_SCRIPT_WORDS = (
    "close", "read_document", "public_page", "source", "source_label", "loading_failed", "loading", "copy", "copied",
    "rating_good", "rating_bad", "feedback_thanks", "feedback_failed", "feedback_why", "feedback_comment",
    "feedback_send", "feedback_cancel", "reason_wrong_source", "reason_incomplete", "reason_not_what_i_asked",
    "reason_other", "announce_busy", "announce_done", "notice_changed", "notice_gone", "document_date",
    "search_heading", "search_label", "search_button", "search_none", "search_found", "placeholder", "question",
    "start_progress", "answer_sources", "title", "ask", "stop", "conversation", "download", "copy_link",
)  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assistant.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["split_at_answer"] = split_at_answer
    environment.filters["path"] = lambda text: url_quote(str(text))
    return environment


def relative_root_url(scope: Scope) -> str:
    """Return the relative path from the requested page to the server's root. It works under any sub-path."""
    return "../" * (request_path(scope).count("/") - 1) or "./"


def render_template(site: Site, scope: Scope, template: str, **values: Any) -> str:
    """Render `template` as HTML, escaping every value."""
    language = request_language(scope, site.assistant.default_language)
    root = relative_root_url(scope)
    selected = requested_language(scope)
    language_query = f"?lang={selected}" if selected else ""

    def t(key: str, **placeholders: object) -> str:
        return translate(language, key, **placeholders)

    def citation_link(citation: Citation) -> str:
        return reading_link(root, citation, selected) + "#quote"

    def language_name(code: str) -> str:
        names = {"en": {"en": "English", "sv": "engelska"}, "sv": {"en": "Swedish", "sv": "svenska"}}
        return names.get(code, {}).get(language, code)

    return _environment().get_template(template).render(
        site=site, snapshot=site.snapshot, branding=site.branding,
        language=language, root=root, language_query=language_query,
        t=t, citation_link=citation_link, language_name=language_name,
        script_words=json.dumps({key: load_translations()[language][key] for key in _SCRIPT_WORDS}, ensure_ascii=False),
        feedback=site.store is not None, identity=request_identity(scope), section=_section(scope),
        query=_parameters_without_language(scope), **values,
    )  # fmt: skip


def _section(scope: Scope) -> str:
    """Return the first segment of the requested path, for instance "texts/"."""
    return request_path(scope).split("/")[1] + "/"


def _parameters_without_language(scope: Scope) -> list[tuple[str, str]]:
    """Return all query parameters except `lang`, as (key, value) pairs."""
    return [(key, value) for key, value in QueryParams(scope["query_string"]).multi_items() if key != "lang"]


def render_page(site: Site, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a response that contains the page rendered from `template`."""
    return HTMLResponse(render_template(site, request.scope, template, **values), status)


def paginate(request: Request, items: Sequence[ItemT], page_size: int) -> tuple[Sequence[ItemT], int, int]:
    """Return the items on the page selected by `?page=`, and the numbers of the previous page and the next page.

    If there is no previous page or no next page, its number is 0.
    """
    parameter = request.query_params.get("page", "1")
    last = max(1, -(-len(items) // page_size))
    valid = parameter.isascii() and parameter.isdigit() and len(parameter) < 8
    number = max(1, min(int(parameter), last)) if valid else 1
    return items[(number - 1) * page_size : number * page_size], number - 1, number + 1 if number < last else 0
