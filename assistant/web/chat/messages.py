"""Questions and answers as HTML for the chat: every word escaped, then cleaned once more by nh3.

Gradio's own sanitiser lets pictures and forms through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape, unescape
from urllib.parse import quote as url_quote

import nh3

from assistant.citations import segments
from assistant.conversation.assistant import Assistant
from assistant.schema import Answer, Citation, Verdict
from assistant.text.language import LANGUAGES
from assistant.web.site.links import fragment_url, reading_link
from assistant.web.site.translations import translate

_TAGS = {"div", "p", "blockquote", "a", "ul", "ol", "li", "strong", "em", "span", "details", "summary", "button"}
_ATTRIBUTES = {
    "a": {"href", "title", "class", "lang"}, "div": {"class", "id", "lang"}, "p": {"class", "lang"},
    "blockquote": {"class", "lang"}, "span": {"class", "lang"}, "ul": {"class"}, "ol": {"class"}, "li": {"class"},
    "details": {"class"}, "button": {"class", "type"},
}  # fmt: skip
_CLEAR_FROM, _LIKELY_FROM = 0.7, 0.45  # calibrated probabilities, in words
_ROOT = "../"  # from the chat page


def question_html(asked: str) -> str:
    """A question as its message."""
    return _clean([f'<p class="words">{escape(asked)}</p>'], "asked")


def question_text(html: str) -> str:
    """The question of such a message."""
    return unescape(nh3.clean(html, tags=set())).strip()


def error_html(text: str, language: str) -> str:
    """Why there is no answer."""
    return _clean([f"<p>{escape(text)}</p>"], "answer problem", language)


def confidence_key(answer: Answer) -> str:
    """The words for how sure the answer is: a key of the texts."""
    if answer.verdict is not Verdict.ANSWERED:
        return f"answer_{answer.verdict.value}"
    likely = "answer_likely" if answer.confidence >= _LIKELY_FROM else "answer_unsure"
    return "answer_clear" if answer.confidence >= _CLEAR_FROM else likely


def answer_html(answer: Answer, assistant: Assistant) -> Iterator[str]:
    """The answer, longer with each sentence; the last one is whole, with sources and what can be done."""
    language = answer.language if answer.language in LANGUAGES else assistant.language
    kind = f"answer {answer.verdict.value}"
    parts = [f'<p class="verdict">{escape(translate(language, confidence_key(answer)))}</p>']
    if answer.resolved_question != answer.question:
        link = f'<a class="edit" href="#question" title="{escape(translate(language, "understood_edit"))}">'
        parts.append(
            f'<p class="understood">{escape(translate(language, "understood"))} {link}'
            f"{escape(answer.resolved_question)}</a></p>"
        )
    yield _clean(parts, kind, language)
    for segment in segments(answer):
        if isinstance(segment, str):
            parts.append(f'<p class="own">{escape(segment)}</p>')
        else:
            parts.append(_quote(segment, "quote", language, assistant))
        yield _clean(parts, kind, language)
    parts += _notices(answer, language)
    if answer.closest:
        parts.append(f'<p class="own">{escape(translate(language, "answer_closest"))}</p>')
        parts += [_quote(citation, "closest", language, assistant) for citation in answer.closest]
    parts += _sources(answer, language, assistant)
    parts += _suggestions(answer, language)
    if answer.verdict is not Verdict.ABOUT_ME:
        parts.append('<div class="actions"></div>')  # filled by page.js
    yield _clean(parts, f"{kind} whole", language, answer.answer_id)


def _quote(citation: Citation, kind: str, language: str, assistant: Assistant) -> str:
    lang = f' lang="{escape(citation.language)}"' if citation.language != language else ""
    where = " › ".join(dict.fromkeys([citation.title, *citation.heading]))
    document = assistant.index.documents.get(citation.document_id)
    day = f" · {translate(language, 'dated', day=document.retrieved)}" if document and document.retrieved else ""
    return (
        f'<blockquote class="{kind}"><p><span class="words"{lang}>{escape(citation.quote)}</span> {_link(citation)}</p>'
        f'<p class="where"><span{lang}>{escape(where)}</span>{escape(day)}</p></blockquote>'
    )


def _link(citation: Citation) -> str:
    target = reading_link(_ROOT, citation) + "#quote"
    return f'<a class="marker" href="{escape(target)}" title="{escape(citation.title)}">[{citation.number}]</a>'


def _notices(answer: Answer, language: str) -> list[str]:
    made = []
    for notice in answer.notices:
        links = " ".join(_link(citation) for citation in answer.citations if citation.number in notice.citations)
        made.append(f'<p class="notice">{escape(translate(language, f"notice_{notice.kind}"))} {links}</p>')
    return made


def _sources(answer: Answer, language: str, assistant: Assistant) -> list[str]:
    """The list at the end, closed: where each quote stands, and its public page."""
    if not answer.citations:
        return []
    items = []
    for citation in answer.citations:
        where = " › ".join(dict.fromkeys([citation.title, *citation.heading]))
        reading = f'<a class="reading" href="{escape(reading_link(_ROOT, citation))}#quote">{escape(where)}</a>'
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
    key = "answer_nearest" if answer.abstained else "answer_related"
    links = "".join(
        f'<li><a class="ask" href="?q={url_quote(question, safe="")}">{escape(question)}</a></li>'
        for question in answer.suggestions
    )
    return [f'<p class="next">{escape(translate(language, key))}</p><ul class="questions">{links}</ul>']


def _clean(parts: Sequence[str], kind: str, language: str = "", answer_id: str = "") -> str:
    """One `<div>` without empty lines, which Gradio's Markdown parser leaves as it is."""
    cleaned = nh3.clean(
        "".join(parts), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel=None
    )
    name = f' id="answer-{answer_id}"' if answer_id.isalnum() else ""
    lang = f' lang="{language}"' if language else ""
    return f'<div class="{kind}"{name}{lang}>{" ".join(cleaned.splitlines())}</div>'
