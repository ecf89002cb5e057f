"""`POST /api/v1/ask`, whole or as a stream, and the bounds of time that every program's question has."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.conversation.assistant import Assistant
from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS, validate_question
from assistant.errors import AssistantError, QuestionError, SlowError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Answer, Turn, answer_as_dict
from assistant.web.site.problems import problem
from assistant.web.site.site import Site

ANSWER_TIMEOUT_SECONDS = 30.0
_PING_SECONDS = 15.0
_LOG = logging.getLogger(__name__)


class AskedTurn(BaseModel):
    """An earlier turn of the conversation, as the answers to it gave it back."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    resolved_question: str = Field("", max_length=2 * MAX_QUESTION_CHARACTERS)


class AskFilter(BaseModel):
    """Which texts to answer from: documents or folders of the corpus, and a language code."""

    model_config = ConfigDict(extra="forbid")

    documents: list[Annotated[str, Field(max_length=1000)]] = Field(default=[], max_length=100)
    language: str | None = Field(None, pattern="^[a-z]{2}$")


class AskRequest(BaseModel):
    """A question, and the turns before it, oldest first."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    history: list[AskedTurn] = Field(default=[], max_length=MAX_HISTORY_TURNS)
    filter: AskFilter = AskFilter()
    store: StrictBool = Field(True, description="false: the question's text is not stored, even where others are")


def add_ask(app: FastAPI, site: Site) -> None:
    """Add `POST /api/v1/ask`."""

    @app.post(
        "/api/v1/ask", tags=["answers"], response_model=Answer,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def ask(request: Request, body: AskRequest) -> Any:
        """Answer a question; with `Accept: text/event-stream` as the events meta, citations, delta, done, or error."""
        history = [Turn(turn.question, turn.resolved_question) for turn in body.history]
        only = PassageFilter(tuple(body.filter.documents), body.filter.language)
        try:
            validate_question(body.question)
        except QuestionError as error:
            raise HTTPException(422, str(error)) from None
        making = partial(answer_request, site, body.question, history, "api", body.store, only)
        if "text/event-stream" in request.headers.get("accept", ""):
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_events(making), media_type="text/event-stream", headers=headers)
        return JSONResponse(answer_as_dict(await making()), headers={"Cache-Control": "no-store"})


async def _events(making: Callable[[], Coroutine[Any, Any, Answer]]) -> AsyncIterator[str]:
    """The events of a streamed answer; the deltas joined are the text of the answer."""
    task = asyncio.ensure_future(making())
    try:
        while not (await asyncio.wait({task}, timeout=_PING_SECONDS))[0]:
            yield ": still at it\n\n"  # so that no proxy takes the line for dead
        answer = task.result()
    except AssistantError as error:
        yield _event("error", problem(503, "Not available", str(error)))
        return
    except Exception as error:
        _LOG.error("an answer failed: %s", type(error).__name__)  # its words may be the question's
        yield _event("error", problem(500, "Not answered", "the answer could not be made; try again later"))
        return
    finally:
        task.cancel()  # whoever asked went away
    whole: Any = answer_as_dict(answer)
    about = ("resolved_question", "language", "verdict", "abstained", "confidence", "answer_id")
    yield _event("meta", {key: whole[key] for key in about})
    yield _event("citations", {"citations": whole["citations"], "closest": whole["closest"]})
    words = answer.answer.split(" ")
    for number, word in enumerate(words):
        yield _event("delta", {"text": word if number == 0 else " " + word})
    yield _event("done", whole)


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


async def answer_request(
    site: Site,
    question: str,
    turns: Sequence[Turn] | Sequence[str],
    channel: str,
    keep: bool,
    passage_filter: PassageFilter | None = None,
) -> Answer:
    """The answer to `question`, with the id under which it is recorded.

    Args:
        site: what answers.
        question: as it was asked.
        turns: the turns before, oldest first; bare questions are understood one after the other.
        channel: by which way it came.
        keep: False when the asker doesn't want the question stored.
        only: see `Assistant.ask`.

    Raises:
        QuestionError: the question can't be taken.
        SlowError: it took longer than `ANSWER_TIMEOUT_SECONDS`; whoever went away isn't waited for either.
    """

    given_up = threading.Event()

    def work() -> Answer:
        edition = site.snapshot
        before = _resolve_turns(edition.assistant, turns)
        given = edition.answers.answer(question, before, passage_filter, keep)
        if given_up.is_set():
            return given.answer  # nobody would hear of its id
        return replace(given.answer, answer_id=site.record(given, edition, channel, keep))

    # Not asyncio's own threads: work that was given up goes on, and must not take them from others.
    working = asyncio.get_running_loop().run_in_executor(site.threads, contextvars.copy_context().run, work)
    try:
        return await asyncio.wait_for(working, ANSWER_TIMEOUT_SECONDS)
    except TimeoutError:
        raise SlowError(
            f"no answer within {ANSWER_TIMEOUT_SECONDS:.0f} seconds; ask again, or ask less at once"
        ) from None
    finally:
        given_up.set()


def _resolve_turns(assistant: Assistant, turns: Sequence[Turn] | Sequence[str]) -> list[Turn]:
    understood: list[Turn] = []
    for turn in turns:
        understood.append(turn if isinstance(turn, Turn) else Turn(turn, assistant.resolve_question(turn, understood)))
    return understood
