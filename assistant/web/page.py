"""The chat page, in Gradio. The only importer of gradio.

What it shows is built here as escaped HTML and cleaned by nh3: Gradio's own sanitiser lets pictures
and forms through. `gr.HTML` and `js=` are not used, so that the page runs under a strict policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import quote as url_quote

import gradio as gr
import nh3
from fastapi import FastAPI

from assistant.chat import MOST_CHARACTERS, Assistant
from assistant.citations import segments
from assistant.errors import AssistantError
from assistant.schema import Answer, Citation, Turn, Verdict
from assistant.web.texts import TEXTS

PATH = "/chat"
_TAGS = {"div", "p", "blockquote", "a", "ul", "li", "strong", "em"}
_ATTRIBUTES = {"a": {"href", "title", "class"}, "div": {"class"}, "p": {"class"}, "blockquote": {"class"}}
_HEAD = (
    '<link rel="stylesheet" href="../static/page.css"><link rel="icon" href="../static/icon.svg">'
    '<script src="../static/page.js" defer></script>'
)


def mount(app: FastAPI, assistant: Assistant, examples: Sequence[str]) -> FastAPI:
    """Mount the page at `PATH` of `app`; `examples` are questions to start from."""
    page = _page(assistant, examples)
    page.queue(default_concurrency_limit=4, max_size=32, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app, page, path=PATH, theme=_theme(), head=_HEAD, i18n=gr.I18n(**TEXTS),
        footer_links=[], run_history=False, show_error=False, enable_monitoring=False, max_file_size=1,
        pwa=False, mcp_server=False,
    )  # fmt: skip
    return mounted


def _theme() -> gr.themes.Base:
    """Gradio's default with a palette whose contrast suffices in light and dark, and system fonts."""
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
        button_primary_background_fill="#0b4f6c",
        button_primary_background_fill_hover="#083a50",
        button_primary_text_color="#ffffff",
        button_primary_background_fill_dark="#7cc4e0",
        button_primary_background_fill_hover_dark="#a3d8ec",
        button_primary_text_color_dark="#06222e",
        link_text_color="#0b4f6c",
        link_text_color_hover="#083a50",
        link_text_color_visited="#0b4f6c",
        link_text_color_dark="#9bd3e8",
        link_text_color_hover_dark="#c4e6f2",
        link_text_color_visited_dark="#9bd3e8",
        body_text_color_subdued="#4b5563",
        body_text_color_subdued_dark="#c3cad5",
        input_placeholder_color="#5b6472",
        input_placeholder_color_dark="#b6bfcc",
    )


def _page(assistant: Assistant, examples: Sequence[str]) -> gr.Blocks:
    text = gr.I18n(**TEXTS)
    page: gr.Blocks
    with gr.Blocks(title=text("title"), analytics_enabled=False, fill_height=True) as page:
        turns = gr.State([], time_to_live=3600)
        gr.Markdown(text("intro"), elem_id="intro", container=False)
        chat = gr.Chatbot(
            label=text("conversation"), elem_id="conversation", height="60vh", buttons=[], feedback_options=None,
            allow_tags=False, latex_delimiters=[], allow_file_downloads=False, layout="bubble",
        )  # fmt: skip
        question = gr.Textbox(
            label=text("question"), placeholder=text("placeholder"), max_length=MOST_CHARACTERS, lines=1, max_lines=5,
            submit_btn=str(text("ask")), elem_id="question",
        )  # fmt: skip
        with gr.Row(elem_id="examples"):
            buttons = [gr.Button(example, size="sm") for example in examples]

        def respond(asked: str, shown: list[Any], past: list[Turn]) -> Iterator[tuple[Any, ...]]:
            yield from _respond(assistant, asked, shown, past)

        outputs = [chat, question, turns]
        question.submit(respond, [question, chat, turns], outputs, show_progress="hidden", api_visibility="private")
        for button in buttons:
            button.click(respond, [button, chat, turns], outputs, show_progress="hidden", api_visibility="private")
    return page


def _respond(
    assistant: Assistant, asked: str, shown: list[Any], past: list[Turn]
) -> Iterator[tuple[list[Any], str, list[Turn]]]:
    """The chat with the question, then with the answer as it grows; the emptied field; the turns."""
    if not asked.strip():
        yield shown, asked, past
        return
    shown = [*shown, {"role": "user", "content": _clean([f"<p>{escape(asked)}</p>"], "asked")}]
    yield shown, "", past
    try:
        answer = assistant.ask(asked, past)
    except AssistantError as error:
        yield [*shown, {"role": "assistant", "content": _clean([f"<p>{escape(str(error))}</p>"])}], "", past
        return
    if answer.verdict is not Verdict.ABOUT_ME:
        past = [*past, Turn(asked, answer.resolved_question)]
    for html in answer_html(answer):
        yield [*shown, {"role": "assistant", "content": html}], "", past


def answer_html(answer: Answer) -> Iterator[str]:
    """The answer as HTML, longer with each sentence; every word escaped, then cleaned once more."""
    parts = []
    if answer.resolved_question != answer.question:
        link = f'<a class="edit" href="#question">{escape(answer.resolved_question)}</a>'
        parts.append(f'<p class="understood">{escape(_page_text(answer, "understood"))} {link}</p>')
    yield _clean(parts)
    for segment in segments(answer):
        if isinstance(segment, str):
            parts.append(f"<p>{escape(segment)}</p>")
        else:
            parts.append(f'<blockquote class="quote"><p>{escape(segment.quote)} {_link(segment)}</p></blockquote>')
        yield _clean(parts)
    for citation in answer.closest:
        parts.append(f'<blockquote class="closest"><p>{escape(citation.quote)} {_link(citation)}</p></blockquote>')
    if answer.closest:
        yield _clean(parts)


def _link(citation: Citation) -> str:
    target = f"../sources/{url_quote(citation.passage_id)}?start={citation.start}&end={citation.end}#quote"
    return f'<a class="marker" href="{escape(target)}" title="{escape(citation.title)}">[{citation.number}]</a>'


def _page_text(answer: Answer, key: str) -> str:
    return TEXTS[answer.language if answer.language in TEXTS else "en"][key]


def _clean(parts: Sequence[str], kind: str = "answer") -> str:
    """One `<div>` without empty lines, which Gradio's Markdown parser leaves as it is."""
    cleaned = nh3.clean("".join(parts), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(), link_rel=None)
    return f'<div class="{kind}">{" ".join(cleaned.splitlines())}</div>'
