"""The chat page, in Gradio. The only importer of gradio.

What it shows is built by `messages` as escaped, cleaned HTML. `gr.HTML` and `js=` are not used, so
that the page runs under a strict policy. Header, welcome and footer are ours (`frame`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.types import Scope

from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.errors import AssistantError, QuestionError
from assistant.onboarding.questions import example_questions
from assistant.schema import Turn, Verdict
from assistant.web.chat.messages import answer_html, error_html, question_html, question_text
from assistant.web.chat.saved_conversations import SavedConversations, as_stored_value, parse_saved_conversations
from assistant.web.site.rendering import render_template
from assistant.web.site.request_context import choose_language, request_language
from assistant.web.site.site import Site
from assistant.web.site.translations import translate, translations

CHAT_PATH = "/chat"
_HEAD = '<link rel="stylesheet" href="../static/page.css"><script type="module" src="../static/page.js"></script>'
_ASK, _STOP = str(gr.I18n()("ask")), str(gr.I18n()("stop"))
_MAX_QUEUE = 32
ChatHistory = list[dict[str, Any]]


def mount_chat(app: FastAPI, site: Site) -> FastAPI:
    """Mount the page at `CHAT_PATH` of `app`."""
    page = _Page(site).build()
    page.queue(default_concurrency_limit=4, max_size=_MAX_QUEUE, api_open=False)
    site.metrics.watch_queue(page._queue.__len__)
    mounted: FastAPI = gr.mount_gradio_app(
        app, page, path=CHAT_PATH, theme=_theme(site), head=_HEAD, i18n=gr.I18n(**translations()),
        footer_links=[], run_history=False, show_error=False, enable_monitoring=False, max_file_size=1,
        pwa=False, mcp_server=False,
    )  # fmt: skip
    return mounted


def chat_frame(site: Site, scope: Scope) -> tuple[str, str, str]:
    """What stands in the head, before and after the chat."""
    own = example_questions(site.introduction.questions, request_language(scope, site.assistant.language))
    top = render_template(site, scope, "_chat_top.html", examples=own)
    return render_template(site, scope, "_head.html"), top, render_template(site, scope, "_footer.html")


def _theme(site: Site) -> gr.themes.Base:
    """Gradio's default in the organisation's colour, with contrasts that suffice, and system fonts."""
    light, dark = site.branding.accent, site.branding.accent_dark
    return gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="transparent",
        body_background_fill_dark="transparent",
        button_primary_background_fill=light,
        button_primary_background_fill_hover=light,
        button_primary_text_color="#ffffff",
        button_primary_background_fill_dark=dark,
        button_primary_background_fill_hover_dark=dark,
        button_primary_text_color_dark="#0b0f17",
        link_text_color=light,
        link_text_color_hover=light,
        link_text_color_visited=light,
        link_text_color_dark=dark,
        link_text_color_hover_dark=dark,
        link_text_color_visited_dark=dark,
        body_text_color_subdued="#4b5563",
        body_text_color_subdued_dark="#c3cad5",
        input_placeholder_color="#5b6472",
        input_placeholder_color_dark="#b6bfcc",
    )


@dataclass(frozen=True)
class _Page:
    """The parts of the page and what happens when they are used."""

    site: Site

    def build(self) -> gr.Blocks:
        """Put the parts together and connect them."""
        text = gr.I18n(**translations())
        page: gr.Blocks
        with gr.Blocks(title=text("title"), analytics_enabled=False, fill_height=True) as page:
            turns, current = gr.State([], time_to_live=3600), gr.State(0)  # `current`: number of the kept conversation
            # Not secret: what is kept stays in the browser, and has to be readable after a restart of the server.
            kept = gr.BrowserState(as_stored_value(SavedConversations()), storage_key="assistant", secret="kept")  # noqa: S106
            chat = gr.Chatbot(
                label=text("conversation"), show_label=False, elem_id="conversation", height="auto", min_height=0,
                buttons=[], feedback_options=None, allow_tags=False, latex_delimiters=[], allow_file_downloads=False,
                layout="bubble", container=False, autoscroll=False, group_consecutive_messages=False,
            )  # fmt: skip
            question = gr.Textbox(
                label=text("question"), placeholder=text("placeholder"), max_length=MAX_QUESTION_CHARACTERS, lines=1,
                max_lines=5, submit_btn=_ASK, elem_id="question",
            )  # fmt: skip
            with gr.Row(elem_id="tools"):
                new = gr.Button(text("new"), size="sm", elem_id="new")
                keep = gr.Checkbox(label=text("keep"), container=False, elem_id="keep")
                conversations = gr.Dropdown(
                    label=text("kept"), choices=[], value=None, visible=False, elem_id="kept", filterable=False
                )
                forget = gr.Button(text("forget"), size="sm", visible=False, elem_id="forget")

            state = [chat, turns, kept, current, keep]
            outputs = [chat, question, turns, kept, current, conversations]
            quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
            asking: list[Any] = [
                question.submit(self.respond, [question, *state], outputs, **quiet),
                chat.retry(self.again, state, outputs, **quiet),
            ]
            # Only answers go through the queue: two quick events of one page can lose its stream there.
            quiet["queue"] = False
            page.load(self.opened, [kept], [keep, conversations, forget], **quiet)
            question.stop(self.stopped, [chat], [chat, question], **quiet)
            new.click(lambda: ([], [], 0, _empty_question_box()), None, [chat, turns, current, question], **quiet)
            for (
                answering
            ) in asking:  # one by one: Gradio waits for each before it cancels the next, which may be new then
                question.stop(None, None, None, cancels=[answering], **quiet)
                new.click(None, None, None, cancels=[answering], **quiet)
            keep.input(self.keep, [keep, turns], [kept, current, conversations, forget], **quiet)
            conversations.input(self.reopen, [conversations, kept], [chat, turns, current], **quiet)
            forget.click(self.forget, None, [kept, current, conversations], **quiet)
        return page

    def respond(
        self, asked: str, shown: ChatHistory, turns: list[Turn], kept: Any, current: int, on: bool, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """The chat with the question, then with the answer as it grows."""
        asked = " ".join(asked.split())
        if not asked:
            yield shown, asked, turns, gr.skip(), gr.skip(), gr.skip()
            return
        yield from self._answer(
            asked, shown, turns, parse_saved_conversations(kept, on), current, self._spoken(request)
        )

    def again(
        self, shown: ChatHistory, turns: list[Turn], kept: Any, current: int, on: bool, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """The last question asked once more, in the place of its answer."""
        last = max((at for at, message in enumerate(shown) if message["role"] == "user"), default=None)
        if last is None:
            return
        asked = _message_text(shown[last])
        before = turns[:-1] if turns and turns[-1].question == asked else turns
        yield from self._answer(
            asked, shown[:last], before, parse_saved_conversations(kept, on), current, self._spoken(request)
        )

    def opened(self, kept: Any) -> tuple[Any, ...]:
        """The page as it is opened, with what was kept to choose from."""
        found = parse_saved_conversations(kept)
        if not found.on:  # what was clicked in the meantime stays
            return gr.skip(), gr.skip(), gr.skip()
        return gr.Checkbox(value=True), _choices(found), gr.Button(visible=True)

    def _answer(
        self, asked: str, shown: ChatHistory, turns: list[Turn], kept: SavedConversations, current: int, spoken: str
    ) -> Iterator[tuple[Any, ...]]:
        """Question, then answer; the field says stop meanwhile. `spoken` is the language of the page."""
        shown = [*shown, {"role": "user", "content": question_html(asked)}]
        busy = gr.Textbox(value="", submit_btn=False, stop_btn=_STOP)
        yield shown, busy, turns, gr.skip(), gr.skip(), gr.skip()
        try:
            edition = self.site.snapshot
            given = edition.answers.answer(asked, turns[-MAX_HISTORY_TURNS:])
        except AssistantError as error:
            key = "bad_question" if isinstance(error, QuestionError) else "failed"
            said = {"role": "assistant", "content": error_html(translate(spoken, key), spoken)}
            yield [*shown, said], _empty_question_box(), turns, gr.skip(), gr.skip(), gr.skip()
            return
        answer = given.answer
        if answer.verdict is not Verdict.ABOUT_ME:
            turns = [*turns, Turn(asked, answer.resolved_question)]
        for html in list(answer_html(answer, edition.assistant))[:-1]:
            yield [*shown, {"role": "assistant", "content": html}], gr.skip(), turns, *[gr.skip()] * 3
        answer = replace(
            answer, answer_id=self.site.record(given, edition, "page")
        )  # the first words don't wait for it
        *_, whole = answer_html(answer, edition.assistant)
        kept, current = kept.with_questions(current, [turn.question for turn in turns])
        shown = [*shown, {"role": "assistant", "content": whole}]
        yield shown, _empty_question_box(), turns, as_stored_value(kept), current, _choices(kept)

    def stopped(self, shown: ChatHistory, request: gr.Request) -> tuple[Any, ...]:
        """What is there stays, and says that it was stopped."""
        spoken = self._spoken(request)
        return [
            *shown,
            {"role": "assistant", "content": error_html(translate(spoken, "stopped"), spoken)},
        ], _empty_question_box()

    def keep(self, on: bool, turns: list[Turn]) -> tuple[Any, ...]:
        """Begin to keep conversations, this one included, or stop and delete them."""
        kept, current = SavedConversations(on).with_questions(0, [turn.question for turn in turns])
        return as_stored_value(kept), current, _choices(kept), gr.Button(visible=on)

    def forget(self) -> tuple[Any, ...]:
        """Delete what was kept; what comes is kept as before."""
        return as_stored_value(SavedConversations(True)), 0, _choices(SavedConversations(True))

    def reopen(self, chosen: int | None, kept: Any) -> tuple[Any, ...]:
        """A kept conversation, its questions answered anew from the texts as they are now."""
        edition = self.site.snapshot
        shown: ChatHistory = []
        turns: list[Turn] = []
        for asked in parse_saved_conversations(kept).find(chosen or 0):
            try:
                answer = edition.answers.answer(asked, turns).answer
            except AssistantError:
                continue
            *_, html = answer_html(answer, edition.assistant)
            shown += [{"role": "user", "content": question_html(asked)}, {"role": "assistant", "content": html}]
            turns.append(Turn(asked, answer.resolved_question))
        return shown, turns, chosen or 0

    def _spoken(self, request: gr.Request) -> str:
        """The language of the page that sent a request."""
        chosen, accepted = request.query_params.get("lang", ""), request.headers.get("accept-language", "")
        return choose_language(str(chosen), str(accepted), self.site.assistant.language)


def _empty_question_box() -> gr.Textbox:
    """The field as one asks with it."""
    return gr.Textbox(submit_btn=_ASK, stop_btn=False)


def _choices(kept: SavedConversations) -> gr.Dropdown:
    found = [(item.questions[0][:60], item.number) for item in kept.conversations]
    return gr.Dropdown(choices=found, value=None, visible=bool(found))


def _message_text(message: dict[str, Any]) -> str:
    """The words of a message of ours: a string through the API, a list of parts from the browser."""
    content = message["content"]
    parts = content if isinstance(content, list) else [content]
    html = "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)
    return " ".join(question_text(html).split())
