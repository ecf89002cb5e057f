"""Start here: the tour for new staff, as plain pages that work without a script."""

from __future__ import annotations

from itertools import groupby

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from assistant.onboarding.glossary import Term, in_alphabet
from assistant.onboarding.partner_diagram import by_sentence
from assistant.onboarding.questions import examples
from assistant.onboarding.roles import in_order
from assistant.web.site.rendering import page, turned
from assistant.web.site.request_context import page_language
from assistant.web.site.site import Site

_TEXTS, _QUESTIONS = 12, 12


def add_tour(app: FastAPI, site: Site) -> None:
    """Add `/start/` and the pages below it."""

    @app.get("/start", include_in_schema=False)
    def without_slash() -> RedirectResponse:
        return RedirectResponse("start/")

    @app.get("/start/", response_class=HTMLResponse, include_in_schema=False)
    def start(request: Request) -> HTMLResponse:
        language = page_language(request.scope, site.assistant.language)
        edition = site.edition
        role = next((role for role in edition.roles if role.key == request.query_params.get("role")), None)
        order = in_order(role, list(edition.summaries))
        part, previous, following = turned(request, order, _TEXTS)
        return page(
            site, request, "start.html", chosen=role, shown=[edition.summaries[document] for document in part],
            all=len(order), previous=previous, following=following,
            questions=examples(edition.guide.questions, language, _QUESTIONS),
        )  # fmt: skip

    @app.get("/start/glossary", response_class=HTMLResponse, include_in_schema=False)
    def glossary(request: Request) -> HTMLResponse:
        return page(site, request, "glossary.html", letters=_by_letter(site.guide.terms))

    @app.get("/start/partners", response_class=HTMLResponse, include_in_schema=False)
    def partners(request: Request) -> HTMLResponse:
        return page(
            site, request, "partners.html", groups=by_sentence(site.guide.connections), picture=site.edition.picture
        )

    @app.get("/start/test", response_class=HTMLResponse, include_in_schema=False)
    def test(request: Request) -> HTMLResponse:
        given = []
        for item in site.guide.cloze:
            chosen = request.query_params.get(item.identifier, "")
            valid = chosen.isascii() and chosen.isdigit() and len(chosen) < 3 and int(chosen) < len(item.options)
            given.append((item, item.options[int(chosen)] if valid else ""))
        checked = request.query_params.get("checked") == "1"
        right = sum(answer == item.answer for item, answer in given)
        return page(site, request, "selftest.html", questions=given, checked=checked, right=right)


def _by_letter(terms: tuple[Term, ...]) -> list[tuple[str, list[Term]]]:
    """Terms under their first letter, what begins with no letter under "#"."""

    def letter(term: Term) -> str:
        first = term.name[0].upper()
        return first if first.isalpha() else "#"

    terms = tuple(sorted(terms, key=lambda term: (letter(term) != "#", in_alphabet(term.name))))

    return [(key, list(group)) for key, group in groupby(terms, key=letter)]
