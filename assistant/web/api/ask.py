"""The route `POST /api/v1/ask`, which answers in JSON or as an event stream. There is a time limit for each answer."""

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
from assistant.errors import AnswerTimeoutError, AssistantError, QuestionError
from assistant.retrieval.passage_filter import PassageFilter
from assistant.schema import Answer, Turn, answer_as_dict
from assistant.web.shared.problem_details import problem_details
from assistant.web.shared.site import Site

ANSWER_TIMEOUT_SECONDS = 30.0
_PING_SECONDS = 15.0
_LOG = logging.getLogger(__name__)


class AskedTurn(BaseModel):
    """An earlier question in the conversation. Clients copy `resolved_question` from the answer to that question."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    resolved_question: str = Field("", max_length=2 * MAX_QUESTION_CHARACTERS)


class AskFilter(BaseModel):
    """The documents to answer from. `documents` contains document ids or folders, and `language` is a language code."""

    model_config = ConfigDict(extra="forbid")

    documents: list[Annotated[str, Field(max_length=1000)]] = Field(default=[], max_length=100)
    language: str | None = Field(None, pattern="^[a-z]{2}$")


class AskRequest(BaseModel):
    """A question, together with the earlier questions in the conversation (`history`, oldest first)."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARACTERS)
    history: list[AskedTurn] = Field(default=[], max_length=MAX_HISTORY_TURNS)
    filter: AskFilter = AskFilter()
    store: StrictBool = Field(True, description="false: do not store the text of this question")


def add_ask_route(app: FastAPI, site: Site) -> None:
    """Register `POST /api/v1/ask`."""

    @app.post(
        "/api/v1/ask", tags=["answers"], response_model=Answer,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def ask(request: Request, body: AskRequest) -> Any:
        """Answer a question.

        If the request has the header `Accept: text/event-stream`, the response is a stream of events: meta, citations,
        any number of delta events, and done. If the question can't be answered, the stream contains one error event
        instead.
        """
        history = [Turn(turn.question, turn.resolved_question) for turn in body.history]
        passage_filter = PassageFilter(tuple(body.filter.documents), body.filter.language)
        try:
            validate_question(body.question)
        except QuestionError as error:
            raise HTTPException(422, str(error)) from None
        make_answer = partial(answer_request, site, body.question, history, "api", body.store, passage_filter)
        if "text/event-stream" in request.headers.get("accept", ""):
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_events(make_answer), media_type="text/event-stream", headers=headers)
        return JSONResponse(answer_as_dict(await make_answer()), headers={"Cache-Control": "no-store"})


async def _events(make_answer: Callable[[], Coroutine[Any, Any, Answer]]) -> AsyncIterator[str]:
    """Yield the events of a streamed answer. The texts of the delta events add up to the text of the answer."""
    task = asyncio.ensure_future(make_answer())
    try:
        while not (await asyncio.wait({task}, timeout=_PING_SECONDS))[0]:
            yield ": keep-alive\n\n"  # clients ignore this line, but it keeps proxies from closing an idle connection
        answer = task.result()
    except AssistantError as error:
        yield _event("error", problem_details(503, "Not available", str(error)))
        return
    except Exception as error:
        _LOG.error("an answer failed: %s", type(error).__name__)  # the error's message may quote the question
        yield _event("error", problem_details(500, "Not answered", "this question could not be answered; try later"))
        return
    finally:
        task.cancel()  # has an effect only if the client has disconnected
    result: Any = answer_as_dict(answer)
    meta_keys = ("resolved_question", "language", "verdict", "abstained", "confidence", "answer_id")
    yield _event("meta", {key: result[key] for key in meta_keys})
    yield _event("citations", {"citations": result["citations"], "closest": result["closest"]})
    for number, word in enumerate(answer.answer.split(" ")):
        yield _event("delta", {"text": word if number == 0 else " " + word})
    yield _event("done", result)


def _event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


async def answer_request(
    site: Site,
    question: str,
    history: Sequence[Turn] | Sequence[str],
    channel: str,
    store_question: bool,
    passage_filter: PassageFilter | None = None,
) -> Answer:
    """Answer a question from a program and record the answer.

    Args:
        site: the state of the server.
        question: the question as the client sent it.
        history: the earlier turns in the conversation, oldest first. Plain questions are resolved and converted to
            turns.
        channel: the API that received the question, "api" or "openai".
        store_question: False to keep the question out of the store and the answer cache.
        passage_filter: see `Assistant.ask`.

    Returns:
        The answer. Its `answer_id` is the id under which it is stored, or "" if it is not stored.

    Raises:
        QuestionError: the question is empty or too long.
        AnswerTimeoutError: the answer took longer than `ANSWER_TIMEOUT_SECONDS`.
    """

    abandoned = threading.Event()

    def work() -> Answer:
        snapshot = site.snapshot
        turns = _resolve_turns(snapshot.assistant, history)
        result = snapshot.answer_cache.answer_question(question, turns, passage_filter, store_question)
        if abandoned.is_set():
            return result.answer  # not recorded, because nobody will receive this answer or its id
        return replace(result.answer, answer_id=site.record_answer(result, snapshot, channel, store_question))

    # Work on an answer continues even if the answer is no longer wanted. It therefore has its own thread pool, so that
    # it can't block asyncio's default threads.
    future = asyncio.get_running_loop().run_in_executor(site.answer_executor, contextvars.copy_context().run, work)
    try:
        return await asyncio.wait_for(future, ANSWER_TIMEOUT_SECONDS)
    except TimeoutError:
        raise AnswerTimeoutError(
            f"no answer within {ANSWER_TIMEOUT_SECONDS:.0f} seconds; try again, or ask a shorter question"
        ) from None
    finally:
        abandoned.set()


def _resolve_turns(assistant: Assistant, history: Sequence[Turn] | Sequence[str]) -> list[Turn]:
    turns: list[Turn] = []
    for item in history:
        turns.append(item if isinstance(item, Turn) else Turn(item, assistant.resolve_question(item, turns)))
    return turns
