"""The chat page, built with Gradio. No other module imports Gradio.

The module `messages` renders questions and answers as escaped, cleaned HTML. `gr.HTML` and `js=` are not used, so that
the page works under a strict content security policy. `render_chat_frame` renders the header, the welcome text and the
footer.
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
from assistant.onboarding.questions import select_example_questions
from assistant.schema import Turn, Verdict
from assistant.web.chat.messages import error_html, question_from_html, question_to_html, stream_answer_html
from assistant.web.chat.saved_conversations import SavedConversations, parse_saved_conversations, to_browser_value
from assistant.web.shared.rendering import render_template
from assistant.web.shared.request_context import request_language, select_language
from assistant.web.shared.site import Site
from assistant.web.shared.translations import load_translations, translate

CHAT_PATH = "/chat"
_HEAD = '<link rel="stylesheet" href="../static/page.css"><script type="module" src="../static/page.js"></script>'
_ASK, _STOP = str(gr.I18n()("ask")), str(gr.I18n()("stop"))
_MAX_QUEUE = 32
ChatHistory = list[dict[str, Any]]


def mount_chat(app: FastAPI, site: Site) -> FastAPI:
    """Mount the chat page on `app`, at the path `CHAT_PATH`."""
    page = _Page(site).build()
    page.queue(default_concurrency_limit=4, max_size=_MAX_QUEUE, api_open=False)
    site.metrics.watch_queue_length(page._queue.__len__)
    mounted: FastAPI = gr.mount_gradio_app(
        app, page, path=CHAT_PATH, theme=_theme(site), head=_HEAD, i18n=gr.I18n(**load_translations()),
        footer_links=[], run_history=False, show_error=False, enable_monitoring=False, max_file_size=1,
        pwa=False, mcp_server=False,
    )  # fmt: skip
    return mounted


def render_chat_frame(site: Site, scope: Scope) -> tuple[str, str, str]:
    """Render the HTML around the chat: the end of the page's head, the part before the chat, and the part after it."""
    examples = select_example_questions(
        site.introduction.suggested_questions, request_language(scope, site.assistant.default_language)
    )
    top = render_template(site, scope, "_chat_top.html", examples=examples)
    return render_template(site, scope, "_head.html"), top, render_template(site, scope, "_footer.html")


def _theme(site: Site) -> gr.themes.Base:
    """Return Gradio's default theme with the organisation's colour, system fonts and contrasts that meet WCAG AA."""
    light, dark = site.branding.accent_colour, site.branding.accent_colour_on_dark
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
    """The components of the chat page and their event handlers."""

    site: Site

    def build(self) -> gr.Blocks:
        """Create the components and connect the event handlers."""
        text = gr.I18n(**load_translations())
        page: gr.Blocks
        with gr.Blocks(title=text("title"), analytics_enabled=False, fill_height=True) as page:
            turns = gr.State([], time_to_live=3600)  # seconds
            number = gr.State(0)  # the number of this conversation if it is saved, otherwise 0
            # The key is fixed, because the value must be readable after a server restart. It needn't be secret, because
            # the value stays in the browser.
            saved = gr.BrowserState(to_browser_value(SavedConversations()), storage_key="assistant", secret="kept")  # noqa: S106
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
                new = gr.Button(text("new_conversation"), size="sm", elem_id="new")
                save = gr.Checkbox(label=text("save_conversations"), container=False, elem_id="keep")
                conversations = gr.Dropdown(
                    label=text("saved_conversations"), choices=[], value=None, visible=False, elem_id="kept",
                    filterable=False,
                )  # fmt: skip
                delete = gr.Button(text("delete_conversations"), size="sm", visible=False, elem_id="forget")

            state = [chat, turns, saved, number, save]
            outputs = [chat, question, turns, saved, number, conversations]
            options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
            answering: list[Any] = [
                question.submit(self.respond, [question, *state], outputs, **options),
                chat.retry(self.retry, state, outputs, **options),
            ]
            # Only questions go through the queue. If a page sent two events through the queue in quick succession, it
            # could lose the stream in which it receives the results.
            options["queue"] = False
            page.load(self.load, [saved], [save, conversations, delete], **options)
            question.stop(self.stop, [chat], [chat, question], **options)
            new.click(lambda: ([], [], 0, _empty_question_box()), None, [chat, turns, number, question], **options)
            # Each event is cancelled by its own listener. A shared listener would wait until the first event had ended
            # before cancelling the second, and by then it might cancel a newly asked question.
            for event in answering:
                question.stop(None, None, None, cancels=[event], **options)
                new.click(None, None, None, cancels=[event], **options)
            save.input(self.switch_saving, [save, turns], [saved, number, conversations, delete], **options)
            conversations.input(self.reopen, [conversations, saved], [chat, turns, number], **options)
            delete.click(self.delete_saved, None, [saved, number, conversations], **options)
        return page

    def respond(
        self, question: str, messages: ChatHistory, turns: list[Turn], saved: Any, number: int, on: bool,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        """Yield updates of the chat: first with the question, then again each time the answer grows."""
        question = " ".join(question.split())
        if not question:
            yield messages, question, turns, gr.skip(), gr.skip(), gr.skip()
            return
        conversations = parse_saved_conversations(saved, on)
        yield from self._answer(question, messages, turns, conversations, number, self._language(request))

    def retry(
        self, messages: ChatHistory, turns: list[Turn], saved: Any, number: int, on: bool, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Answer the last question again, in place of its previous answer."""
        last = max((index for index, message in enumerate(messages) if message["role"] == "user"), default=None)
        if last is None:
            return
        question = _message_text(messages[last])
        earlier_turns = turns[:-1] if turns and turns[-1].question == question else turns
        conversations = parse_saved_conversations(saved, on)
        yield from self._answer(
            question, messages[:last], earlier_turns, conversations, number, self._language(request)
        )

    def load(self, saved: Any) -> tuple[Any, ...]:
        """Show the saved conversations when the page is opened."""
        conversations = parse_saved_conversations(saved)
        if not conversations.is_saving_enabled:  # change nothing: the user may already have switched saving on
            return gr.skip(), gr.skip(), gr.skip()
        return gr.Checkbox(value=True), _choices(conversations), gr.Button(visible=True)

    def _answer(
        self, question: str, messages: ChatHistory, turns: list[Turn], saved: SavedConversations, number: int,
        language: str,
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        """Yield updates of the chat: first with the question, then with the answer, step by step.

        Error messages are in `language`, the language of the page.
        """
        messages = [*messages, {"role": "user", "content": question_to_html(question)}]
        busy = gr.Textbox(value="", submit_btn=False, stop_btn=_STOP)
        yield messages, busy, turns, gr.skip(), gr.skip(), gr.skip()
        try:
            snapshot = self.site.snapshot
            result = snapshot.answer_cache.answer_question(question, turns[-MAX_HISTORY_TURNS:])
        except AssistantError as error:
            key = "bad_question" if isinstance(error, QuestionError) else "answer_failed"
            messages = [*messages, _reply(error_html(translate(language, key), language))]
            yield messages, _empty_question_box(), turns, gr.skip(), gr.skip(), gr.skip()
            return
        answer = result.answer
        if answer.verdict is not Verdict.ABOUT_ME:
            turns = [*turns, Turn(question, answer.resolved_question)]
        for html in list(stream_answer_html(answer, snapshot.assistant))[:-1]:
            yield [*messages, _reply(html)], gr.skip(), turns, *[gr.skip()] * 3
        # The answer is recorded only now, so that the user needn't wait for the database to see the first words.
        answer = replace(answer, answer_id=self.site.record_answer(result, snapshot, "page"))
        *_, html = stream_answer_html(answer, snapshot.assistant)
        saved, number = saved.with_updated_conversation(number, [turn.question for turn in turns])
        messages = [*messages, _reply(html)]
        yield messages, _empty_question_box(), turns, to_browser_value(saved), number, _choices(saved)

    def stop(self, messages: ChatHistory, request: gr.Request) -> tuple[Any, ...]:
        """Keep what is already shown, and add a message saying that the answer was stopped."""
        language = self._language(request)
        stopped = _reply(error_html(translate(language, "answer_stopped"), language))
        return [*messages, stopped], _empty_question_box()

    def switch_saving(self, on: bool, turns: list[Turn]) -> tuple[Any, ...]:
        """Start saving conversations, including the current one, or stop saving them and delete those already saved."""
        saved, number = SavedConversations(on).with_updated_conversation(0, [turn.question for turn in turns])
        return to_browser_value(saved), number, _choices(saved), gr.Button(visible=on)

    def delete_saved(self) -> tuple[Any, ...]:
        """Delete the saved conversations. Saving stays switched on."""
        return to_browser_value(SavedConversations(True)), 0, _choices(SavedConversations(True))

    def reopen(self, number: int | None, saved: Any) -> tuple[Any, ...]:
        """Show a saved conversation, answering its questions again from the live generation."""
        snapshot = self.site.snapshot
        messages: ChatHistory = []
        turns: list[Turn] = []
        for question in parse_saved_conversations(saved).conversation_questions(number or 0):
            try:
                answer = snapshot.answer_cache.answer_question(question, turns).answer
            except AssistantError:
                continue
            *_, html = stream_answer_html(answer, snapshot.assistant)
            messages += [{"role": "user", "content": question_to_html(question)}, _reply(html)]
            turns.append(Turn(question, answer.resolved_question))
        return messages, turns, number or 0

    def _language(self, request: gr.Request) -> str:
        """Return the language of the page that sent `request`."""
        selected, accepted = request.query_params.get("lang", ""), request.headers.get("accept-language", "")
        return select_language(str(selected), str(accepted), self.site.assistant.default_language)


def _reply(html: str) -> dict[str, Any]:
    return {"role": "assistant", "content": html}


def _empty_question_box() -> gr.Textbox:
    return gr.Textbox(submit_btn=_ASK, stop_btn=False)


def _choices(saved: SavedConversations) -> gr.Dropdown:
    """Return the menu of saved conversations. It is hidden if there are none."""
    choices = [(item.questions[0][:60], item.conversation_number) for item in saved.conversations]
    return gr.Dropdown(choices=choices, value=None, visible=bool(choices))


def _message_text(message: dict[str, Any]) -> str:
    """Return the question in a user message. Its content is a string or, if the browser sent it, a list of parts."""
    content = message["content"]
    parts = content if isinstance(content, list) else [content]
    html = "".join(part if isinstance(part, str) else str(part.get("text", "")) for part in parts)
    return " ".join(question_from_html(html).split())
