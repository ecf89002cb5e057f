"""Renders questions and answers as HTML for the chat. Every string is escaped, and nh3 cleans the result.

The HTML must be cleaned because Gradio's own sanitiser lets images and forms through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape, unescape
from urllib.parse import quote as url_quote

import nh3

from assistant.citations import split_at_answer, split_at_citations
from assistant.conversation.assistant import Assistant
from assistant.schema import Answer, Citation, Verdict
from assistant.text.language import SUPPORTED_LANGUAGES
from assistant.web.shared.links import fragment_url, reading_link
from assistant.web.shared.translations import translate

_TAGS = {
    "div", "p", "blockquote", "a", "ul", "ol", "li", "strong", "em", "span", "mark", "details", "summary", "button",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "class", "lang"}, "div": {"class", "id", "lang"}, "p": {"class", "lang"},
    "blockquote": {"class", "lang"}, "span": {"class", "lang"}, "ul": {"class"}, "ol": {"class"}, "li": {"class"},
    "details": {"class"}, "button": {"class", "type"},
}  # fmt: skip
_CLEAR_THRESHOLD, _LIKELY_THRESHOLD = 0.7, 0.45  # the lowest confidence of a clear and a likely answer, respectively
_ROOT = "../"  # the root of the server, relative to the chat page


def question_to_html(question: str) -> str:
    """Render a question as a chat message."""
    return _clean([f'<p class="words">{escape(question)}</p>'], "asked")


def question_from_html(html: str) -> str:
    """Extract the question from a message that was rendered by `question_to_html`."""
    return unescape(nh3.clean(html, tags=set())).strip()


def error_html(text: str, language: str) -> str:
    """Render a message that is shown in place of an answer."""
    return _clean([f"<p>{escape(text)}</p>"], "answer problem", language)


def confidence_translation_key(answer: Answer) -> str:
    """Return the translation key for the verdict of `answer`, which for an actual answer depends on its confidence."""
    if answer.verdict is not Verdict.ANSWERED:
        return f"answer_{answer.verdict.value}"
    if answer.confidence >= _CLEAR_THRESHOLD:
        return "answer_clear"
    return "answer_likely" if answer.confidence >= _LIKELY_THRESHOLD else "answer_unsure"


def stream_answer_html(answer: Answer, assistant: Assistant) -> Iterator[str]:
    """Render an answer step by step, with one more segment at each step.

    The last step is the complete answer, including the sources, the suggestions and an empty element for the action
    buttons.
    """
    language = answer.language if answer.language in SUPPORTED_LANGUAGES else assistant.default_language
    css_class = f"answer {answer.verdict.value}"
    parts = [f'<p class="verdict">{escape(translate(language, confidence_translation_key(answer)))}</p>']
    if answer.resolved_question != answer.question:
        link = f'<a class="edit" href="#question" title="{escape(translate(language, "edit_question"))}">'
        parts.append(
            f'<p class="understood">{escape(translate(language, "understood_as"))} {link}'
            f"{escape(answer.resolved_question)}</a></p>"
        )
    yield _clean(parts, css_class, language)
    for segment in split_at_citations(answer):
        if isinstance(segment, str):
            parts.append(f'<p class="own">{escape(segment)}</p>')
        else:
            parts.append(_quote(segment, "quote", language, assistant))
        yield _clean(parts, css_class, language)
    parts += _notices(answer, language)
    if answer.closest:
        parts.append(f'<p class="own">{escape(translate(language, "answer_closest"))}</p>')
        parts += [_quote(citation, "closest", language, assistant) for citation in answer.closest]
    parts += _sources(answer, language)
    parts += _suggestions(answer, language)
    if answer.verdict is not Verdict.ABOUT_ME:
        parts.append('<div class="actions"></div>')  # filled by actions.js
    yield _clean(parts, f"{css_class} whole", language, answer.answer_id)


def _quote(citation: Citation, css_class: str, language: str, assistant: Assistant) -> str:
    lang = f' lang="{escape(citation.language)}"' if citation.language != language else ""
    document = assistant.index.documents.get(citation.document_id)
    date = document.retrieved if document else None
    date_note = f" · {translate(language, 'document_date', day=date)}" if date else ""
    before, answer, after = (escape(part) for part in split_at_answer(citation))
    marked = f"<mark>{answer}</mark>" if answer else ""
    words = f'<span class="words"{lang}>{before}{marked}{after}</span>'
    return (
        f'<blockquote class="{css_class}"><p>{words} {_marker(citation)}</p>'
        f'<p class="where"><span{lang}>{escape(_location(citation))}</span>{escape(date_note)}</p></blockquote>'
    )


def _location(citation: Citation) -> str:
    """Return the document title and the headings above a quote, without repetitions."""
    return " › ".join(dict.fromkeys([citation.title, *citation.heading]))


def _marker(citation: Citation) -> str:
    target = reading_link(_ROOT, citation) + "#quote"
    return f'<a class="marker" href="{escape(target)}" title="{escape(citation.title)}">[{citation.number}]</a>'


def _notices(answer: Answer, language: str) -> list[str]:
    notices = []
    for notice in answer.notices:
        links = " ".join(_marker(citation) for citation in answer.citations if citation.number in notice.citations)
        notices.append(f'<p class="notice">{escape(translate(language, f"notice_{notice.kind}"))} {links}</p>')
    return notices


def _sources(answer: Answer, language: str) -> list[str]:
    """Return a collapsed list of the sources, with links to each source's reading page and public page."""
    if not answer.citations:
        return []
    items = []
    for citation in answer.citations:
        target = reading_link(_ROOT, citation) + "#quote"
        reading = f'<a class="reading" href="{escape(target)}">{escape(_location(citation))}</a>'
        public = ""
        if citation.url:
            address = fragment_url(citation.url, citation.quote)
            public = f' · <a class="public" href="{escape(address)}">{escape(translate(language, "public_page"))}</a>'
        items.append(f'<li><span class="number">[{citation.number}]</span> {reading}{public}</li>')
    title = f"{escape(translate(language, 'answer_sources'))} ({len(items)})"
    return [f'<details class="sources"><summary>{title}</summary><ul>{"".join(items)}</ul></details>']


def _suggestions(answer: Answer, language: str) -> list[str]:
    if not answer.suggestions:
        return []
    key = "answer_instead" if answer.abstained else "answer_related"
    links = "".join(
        f'<li><a class="ask" href="?q={url_quote(question, safe="")}">{escape(question)}</a></li>'
        for question in answer.suggestions
    )
    return [f'<p class="next">{escape(translate(language, key))}</p><ul class="questions">{links}</ul>']


def _clean(parts: Sequence[str], css_class: str, language: str = "", answer_id: str = "") -> str:
    """Clean `parts` and put them into one `<div>`.

    The `<div>` contains no line breaks, so that Gradio's Markdown parser leaves it unchanged.
    """
    cleaned = nh3.clean(
        "".join(parts), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel=None
    )
    element_id = f' id="answer-{answer_id}"' if answer_id.isalnum() else ""
    lang = f' lang="{language}"' if language else ""
    return f'<div class="{css_class}"{element_id}{lang}>{" ".join(cleaned.splitlines())}</div>'
