"""OpenAI-compatible: `POST /v1/chat/completions` and `GET /v1/models`, citations included.

Citations come three ways, for the three kinds of clients there are: as `annotations` of the message
(OpenAI's `url_citation`, offsets in its text), in `message.context.citations` (the shape of Azure's "on
your data") and as `search_results` (Perplexity's). Clients ignore fields that they don't know.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.citations import marker
from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.errors import AssistantError, QuestionError
from assistant.schema import Answer, Citation
from assistant.web.api.ask import answer_request
from assistant.web.site.site import Site

MODEL = "gms-assistant"


class TextPart(BaseModel):
    """A part of a message; only text is taken."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """A message of the conversation. Only the user's are read: what a system message says is not followed."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return self.content if isinstance(self.content, str) else " ".join(part.text for part in self.content or ())


class CompletionRequest(BaseModel):
    """A request for an answer to the last message; settings of language models are taken and ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(MODEL, max_length=200)
    messages: list[Message] = Field(min_length=1)  # as many as fit into a request
    stream: StrictBool | None = False
    store: StrictBool | None = Field(
        None, description="false: the question's text is not stored, even where others are"
    )


def add_openai(app: FastAPI, site: Site) -> None:
    """Add the two paths."""
    created = int(time.time())

    @app.get("/v1/models", tags=["openai"])
    def models() -> dict[str, Any]:
        """The one model there is."""
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": created, "owned_by": "gms"}]}

    @app.post(
        "/v1/chat/completions", tags=["openai"], response_model=None,
        responses={200: {"content": {"application/json": {"schema": {"type": "object"}},
                                     "text/event-stream": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def completions(body: CompletionRequest) -> Response:
        """An answer with its citations, whole or as a stream of chunks."""
        if body.messages[-1].role != "user":
            return openai_error(400, "the last message must be the user's")
        asked = [message.text for message in body.messages if message.role == "user"]
        before = [question[:MAX_QUESTION_CHARACTERS] for question in asked[:-1][-MAX_HISTORY_TURNS:]]
        try:
            answer = await answer_request(site, asked[-1], before, "openai", body.store is not False)
        except QuestionError as error:
            return openai_error(400, str(error))
        except AssistantError as error:
            return openai_error(503, str(error))
        head = {"id": f"chatcmpl-{answer.answer_id or uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
        if body.stream:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_chunks(answer, head), media_type="text/event-stream", headers=headers)
        message = {"role": "assistant", "content": answer.answer, "refusal": None, **_citation_fields(answer)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return JSONResponse({
            **head, "object": "chat.completion", "choices": [choice], "usage": _usage(asked[-1], answer.answer),
            "search_results": _search_results(answer.citations),
        })  # fmt: skip


def _citation_fields(answer: Answer) -> dict[str, Any]:
    annotations = []
    for citation in answer.citations:
        start = answer.answer.find(f"{citation.quote} {marker(citation.number)}")
        end = start + len(citation.quote) + 1 + len(marker(citation.number))
        place = {"start_index": start, "end_index": end, "title": citation.title, "url": _address(citation)}
        annotations.append({"type": "url_citation", "url_citation": place})
    context = [
        {"content": item.quote, "title": item.title, "url": _address(item), "filepath": item.document_id,
         "chunk_id": item.passage_id}
        for item in answer.citations
    ]  # fmt: skip
    return {"annotations": annotations, "context": {"citations": context, "verdict": answer.verdict.value}}


def _address(citation: Citation) -> str:
    """The public page, or the reading page relative to this server."""
    return citation.url or f"/sources/{citation.passage_id}?start={citation.start}&end={citation.end}"


def _search_results(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    return [{"title": item.title, "url": _address(item), "snippet": item.quote} for item in citations]


def _usage(asked: str, answered: str) -> dict[str, int]:
    """Words for tokens: there is no language model that counts."""
    prompt, completion = len(asked.split()), len(answered.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _chunks(answer: Answer, head: dict[str, Any]) -> Iterator[str]:
    """Citations with the first chunk, so that markers can be shown as they come, and once more with the last."""
    whole = {**head, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps({**whole, 'choices': [choice], **more}, ensure_ascii=False)}\n\n"

    found = _search_results(answer.citations)
    yield chunk({"role": "assistant", "content": "", **_citation_fields(answer)}, search_results=found)
    for number, word in enumerate(answer.answer.split(" ")):
        yield chunk({"content": word if number == 0 else f" {word}"})
    yield chunk(_citation_fields(answer), "stop", search_results=found)
    yield "data: [DONE]\n\n"


def openai_error(status: int, message: str) -> JSONResponse:
    """An error in OpenAI's shape."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "code": None, "param": None}}, status)
