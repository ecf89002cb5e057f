"""Start here: the tour for new staff, as plain pages that work without a script."""

from __future__ import annotations

from itertools import groupby

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from assistant.onboarding.glossary import Term, alphabetical_key
from assistant.onboarding.partner_diagram import group_by_sentence
from assistant.onboarding.questions import example_questions
from assistant.onboarding.roles import documents_in_order
from assistant.web.site.rendering import paginate, render_page
from assistant.web.site.request_context import request_language
from assistant.web.site.site import Site

_DOCUMENTS_PER_PAGE, _QUESTIONS = 12, 12


def add_introduction(app: FastAPI, site: Site) -> None:
    """Add `/start/` and the pages below it."""

    @app.get("/start", include_in_schema=False)
    def without_slash() -> RedirectResponse:
        return RedirectResponse("start/")

    @app.get("/start/", response_class=HTMLResponse, include_in_schema=False)
    def start(request: Request) -> HTMLResponse:
        language = request_language(request.scope, site.assistant.language)
        edition = site.snapshot
        role = next((role for role in edition.roles if role.key == request.query_params.get("role")), None)
        order = documents_in_order(role, list(edition.summaries))
        part, previous, following = paginate(request, order, _DOCUMENTS_PER_PAGE)
        return render_page(
            site, request, "start.html", chosen=role, shown=[edition.summaries[document] for document in part],
            all=len(order), previous=previous, following=following,
            questions=example_questions(edition.introduction.questions, language, _QUESTIONS),
        )  # fmt: skip

    @app.get("/start/glossary", response_class=HTMLResponse, include_in_schema=False)
    def glossary(request: Request) -> HTMLResponse:
        return render_page(site, request, "glossary.html", letters=_by_letter(site.introduction.terms))

    @app.get("/start/partners", response_class=HTMLResponse, include_in_schema=False)
    def partners(request: Request) -> HTMLResponse:
        return render_page(
            site,
            request,
            "partners.html",
            groups=group_by_sentence(site.introduction.connections),
            picture=site.snapshot.picture,
        )

    @app.get("/start/test", response_class=HTMLResponse, include_in_schema=False)
    def test(request: Request) -> HTMLResponse:
        given = []
        for item in site.introduction.cloze:
            chosen = request.query_params.get(item.identifier, "")
            valid = chosen.isascii() and chosen.isdigit() and len(chosen) < 3 and int(chosen) < len(item.options)
            given.append((item, item.options[int(chosen)] if valid else ""))
        checked = request.query_params.get("checked") == "1"
        right = sum(answer == item.answer for item, answer in given)
        return render_page(site, request, "selftest.html", questions=given, checked=checked, right=right)


def _by_letter(terms: tuple[Term, ...]) -> list[tuple[str, list[Term]]]:
    """Terms under their first letter, what begins with no letter under "#"."""

    def letter(term: Term) -> str:
        first = term.name[0].upper()
        return first if first.isalpha() else "#"

    terms = tuple(sorted(terms, key=lambda term: (letter(term) != "#", alphabetical_key(term.name))))

    return [(key, list(group)) for key, group in groupby(terms, key=letter)]
