"""What the pages are made from: the assistant, its guide, the store, the look; and how they are rendered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any, TypeVar
from urllib.parse import quote as url_quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.types import Scope

from assistant.chat import Assistant
from assistant.onboarding.guide import Guide
from assistant.onboarding.roles import Role
from assistant.onboarding.summaries import TextSummary
from assistant.schema import Citation
from assistant.store.database import Store
from assistant.web.access.identity import identity_of
from assistant.web.answers import Answers, Given, asked
from assistant.web.look import Look
from assistant.web.paths import own_path
from assistant.web.picture import Picture, draw
from assistant.web.security import chosen_language, page_language
from assistant.web.telemetry import Metrics
from assistant.web.tracing import Traces
from assistant.web.words import say, texts
from assistant.web.workers import Workers

T = TypeVar("T")
THREADS = 16  # as many vectors as are made together
# What page scripts say; handed to them with the page, so that there is one place for words.
_SCRIPT_WORDS = (
    "close", "whole", "public_page", "source", "source_of", "source_failed", "loading", "copy", "copied", "good", "bad",
    "feedback_thanks", "feedback_failed", "feedback_why", "feedback_comment", "feedback_send", "feedback_cancel",
    "reason_wrong_source", "reason_incomplete", "reason_not_what_i_asked", "reason_other", "announce_busy",
    "announce_done", "notice_changed", "notice_gone", "dated", "search_heading", "search_label", "search_button",
    "search_none", "search_found", "placeholder", "question", "start_progress", "answer_sources", "title", "ask",
    "stop", "conversation", "export", "link",
)  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """What one generation of the index gives; replaced as a whole by the next.

    `built` is its day; `workers` answer in its assistant's place, None when it answers itself.
    """

    assistant: Assistant
    guide: Guide
    roles: tuple[Role, ...] = ()
    built: str = ""
    workers: Workers | None = None

    @cached_property
    def answers(self) -> Answers:
        """What answers: `workers`, else the assistant itself."""
        return Answers(self.assistant, self.workers.ask if self.workers else partial(asked, self.assistant))

    @cached_property
    def picture(self) -> Picture:
        """Who works with whom."""
        return draw(self.guide.connections)

    @cached_property
    def summaries(self) -> dict[str, TextSummary]:
        """What each text is about, by document."""
        return {text.document_id: text for text in self.guide.texts}


@dataclass
class Site:
    """Everything the pages show: the live edition, how it looks, and where it is remembered.

    A request takes `edition` once, so that a new one that comes meanwhile doesn't mix with it. `store`
    is None when nothing is stored; `problem` says why a newer index wasn't taken; `traces` is None when no
    collector is named. `threads` wait for the answers to programs: a fixed number, whoever goes away.
    """

    edition: Edition
    look: Look
    store: Store | None = None
    problem: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces | None = None
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "answer"))

    @property
    def assistant(self) -> Assistant:
        """The assistant of the live edition."""
        return self.edition.assistant

    @property
    def guide(self) -> Guide:
        """The guide of the live edition."""
        return self.edition.guide

    def record(self, given: Given, edition: Edition, channel: str, keep: bool = True) -> str:
        """Count and write that an answer was given, and return its id; "" when nothing is stored."""
        answer = given.answer
        self.metrics.answered(answer, channel)
        if self.traces:
            self.traces.answered(answer)
        if self.store is None:
            return ""
        generation = edition.assistant.index.manifest.generation
        return self.store.record(answer, generation, channel, given.nearest, keep)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("assistant.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["path"] = lambda text: url_quote(str(text))
    return environment


def root_of(scope: Scope) -> str:
    """The relative way from the page of this request to the root of the server: links work under any sub-path."""
    return "../" * (own_path(scope).count("/") - 1) or "./"


def render(site: Site, scope: Scope, template: str, **values: Any) -> str:
    """The HTML of `template`; every value in it is escaped."""
    language = page_language(scope, site.assistant.language)
    root = root_of(scope)
    chosen = chosen_language(scope)
    keep = f"?lang={chosen}" if chosen else ""

    def t(key: str, **more: object) -> str:
        return say(language, key, **more)

    def cited(citation: Citation) -> str:
        return citation_path(root, citation, chosen) + "#quote"

    def in_language(code: str) -> str:
        names = {"en": {"en": "English", "sv": "engelska"}, "sv": {"en": "Swedish", "sv": "svenska"}}
        return names.get(code, {}).get(language, code)

    return _environment().get_template(template).render(
        site=site, edition=site.edition, look=site.look,
        language=language, root=root, keep=keep, t=t, cited=cited, in_language=in_language,
        script_words=json.dumps({key: texts()[language][key] for key in _SCRIPT_WORDS}, ensure_ascii=False),
        feedback=site.store is not None, identity=identity_of(scope), here=_place(scope),
        query=_other_parameters(scope), **values,
    )  # fmt: skip


def _place(scope: Scope) -> str:
    """The part of the site that a request is for: "texts/"."""
    return own_path(scope).split("/")[1] + "/"


def _other_parameters(scope: Scope) -> list[tuple[str, str]]:
    """What the address asks for beside the language."""
    return [(key, value) for key, value in QueryParams(scope["query_string"]).multi_items() if key != "lang"]


def page(site: Site, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A rendered page as a response."""
    return HTMLResponse(render(site, request.scope, template, **values), status)


def turned(request: Request, items: Sequence[T], count: int) -> tuple[Sequence[T], int, int]:
    """The part of `items` on the page that `?page=` names, and the pages before and after it, 0 where there is none."""
    asked = request.query_params.get("page", "1")
    last = max(1, -(-len(items) // count))
    number = min(int(asked), last) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1
    number = max(number, 1)
    return items[(number - 1) * count : number * count], number - 1, number + 1 if number < last else 0


def citation_path(root: str, citation: Citation, language: str = "") -> str:
    """The reading page of a citation, its quote marked, in the `language` that was chosen for the pages."""
    chosen = f"&lang={language}" if language else ""
    return f"{root}sources/{url_quote(citation.passage_id)}?start={citation.start}&end={citation.end}{chosen}"


def fragment_url(url: str, quote: str) -> str:
    """`url` with a text fragment, by which a browser scrolls to `quote` (WICG, "URL Fragment Text Directives").

    A long quote is named by its first and last words.
    """
    words = quote.split()
    ends = [words] if len(words) <= 12 else [words[:6], words[-6:]]
    # A dash and a comma have a meaning of their own in the directive.
    named = ",".join(url_quote(" ".join(part), safe="").replace("-", "%2D") for part in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={named}"
