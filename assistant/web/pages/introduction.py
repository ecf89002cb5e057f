"""The introduction for new colleagues ("Start here"). Its pages work without JavaScript."""

from __future__ import annotations

from itertools import groupby

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from assistant.onboarding.glossary import GlossaryTerm, alphabetical_sort_key
from assistant.onboarding.partner_diagram import group_connections_by_sentence
from assistant.onboarding.questions import select_example_questions
from assistant.onboarding.roles import documents_in_role_order
from assistant.onboarding.self_test import ClozeQuestion
from assistant.web.shared.rendering import paginate, render_page
from assistant.web.shared.request_context import request_language
from assistant.web.shared.site import Site

_DOCUMENTS_PER_PAGE = 12
_EXAMPLE_QUESTIONS = 12


def add_introduction_routes(app: FastAPI, site: Site) -> None:
    """Add `/start/` and the pages under that path."""

    @app.get("/start", include_in_schema=False)
    def add_slash() -> RedirectResponse:
        return RedirectResponse("start/")

    @app.get("/start/", response_class=HTMLResponse, include_in_schema=False)
    def start(request: Request) -> HTMLResponse:
        language = request_language(request.scope, site.assistant.default_language)
        snapshot = site.snapshot
        role = next((role for role in snapshot.roles if role.role_id == request.query_params.get("role")), None)
        order = documents_in_role_order(role, list(snapshot.summary_by_document_id))
        page, previous, following = paginate(request, order, _DOCUMENTS_PER_PAGE)
        return render_page(
            site, request, "start.html", selected_role=role, total=len(order), previous=previous, following=following,
            summaries=[snapshot.summary_by_document_id[document_id] for document_id in page],
            questions=select_example_questions(snapshot.introduction.suggested_questions, language, _EXAMPLE_QUESTIONS),
        )  # fmt: skip

    @app.get("/start/glossary", response_class=HTMLResponse, include_in_schema=False)
    def glossary(request: Request) -> HTMLResponse:
        return render_page(site, request, "glossary.html", letters=_group_by_letter(site.introduction.glossary_terms))

    @app.get("/start/partners", response_class=HTMLResponse, include_in_schema=False)
    def partners(request: Request) -> HTMLResponse:
        snapshot = site.snapshot
        groups = group_connections_by_sentence(snapshot.introduction.partner_connections)
        return render_page(site, request, "partners.html", groups=groups, diagram=snapshot.partner_diagram)

    @app.get("/start/test", response_class=HTMLResponse, include_in_schema=False)
    def self_test(request: Request) -> HTMLResponse:
        answers = [
            (question, _selected_option(question, request.query_params.get(question.question_id, "")))
            for question in site.introduction.self_test
        ]
        checked = request.query_params.get("checked") == "1"
        right = sum(option == question.correct_answer for question, option in answers)
        return render_page(site, request, "self_test.html", answers=answers, checked=checked, right=right)


def _selected_option(question: ClozeQuestion, index: str) -> str:
    """Return the answer option that `index` refers to, or "" if there is no such option.

    Args:
        question: the question in the self-test.
        index: the value of a query parameter, normally the position of an option as a number.
    """
    valid = index.isascii() and index.isdigit() and len(index) < 3 and int(index) < len(question.answer_options)
    return question.answer_options[int(index)] if valid else ""


def _group_by_letter(terms: tuple[GlossaryTerm, ...]) -> list[tuple[str, list[GlossaryTerm]]]:
    """Group terms by their first letter, and sort both the groups and their terms alphabetically.

    Terms that don't begin with a letter are grouped under "#", which comes first.
    """

    def letter(term: GlossaryTerm) -> str:
        first = term.name[0].upper()
        return first if first.isalpha() else "#"

    terms = tuple(sorted(terms, key=lambda term: (letter(term) != "#", alphabetical_sort_key(term.name))))
    return [(key, list(group)) for key, group in groupby(terms, key=letter)]
