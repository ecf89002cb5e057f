"""The OpenAI-compatible API: `POST /v1/chat/completions` and `GET /v1/models`.

Citations are returned in three formats: in the message's `annotations` (OpenAI's `url_citation`, with offsets into the
text), in `message.context.citations` (Azure "On Your Data") and in `search_results` (Perplexity). Clients ignore fields
that they don't support.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.citations import citation_marker
from assistant.conversation.question import MAX_HISTORY_TURNS, MAX_QUESTION_CHARACTERS
from assistant.errors import AssistantError, QuestionError
from assistant.schema import Answer, Citation
from assistant.web.api.ask import answer_request
from assistant.web.shared.site import Site

MODEL_ID = "gms-assistant"


class TextPart(BaseModel):
    """A part of a message. Only text parts are accepted."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """A message in the conversation. Only messages with the role `user` are read; system messages have no effect."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The text of all parts, joined with spaces."""
        return self.content if isinstance(self.content, str) else " ".join(part.text for part in self.content or ())


class CompletionRequest(BaseModel):
    """A request to answer the last of `messages`. Settings for language models are accepted but ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(MODEL_ID, max_length=200)
    messages: list[Message] = Field(min_length=1)  # limited only by the size of the request
    stream: StrictBool | None = False
    store: StrictBool | None = Field(None, description="false: do not store the text of this question")


def add_openai_routes(app: FastAPI, site: Site) -> None:
    """Register `/v1/models` and `/v1/chat/completions`."""
    created = int(time.time())

    @app.get("/v1/models", tags=["openai"])
    def models() -> dict[str, Any]:
        """List the models. There is only one."""
        return {"object": "list", "data": [{"id": MODEL_ID, "object": "model", "created": created, "owned_by": "gms"}]}

    @app.post(
        "/v1/chat/completions", tags=["openai"], response_model=None,
        responses={200: {"content": {"application/json": {"schema": {"type": "object"}},
                                     "text/event-stream": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def completions(body: CompletionRequest) -> Response:
        """Answer the last message, with citations. The answer is sent as a whole or as a stream of chunks."""
        if body.messages[-1].role != "user":
            return openai_error_response(400, "the last message must have the role user")
        questions = [message.text for message in body.messages if message.role == "user"]
        history = [question[:MAX_QUESTION_CHARACTERS] for question in questions[:-1][-MAX_HISTORY_TURNS:]]
        try:
            answer = await answer_request(site, questions[-1], history, "openai", body.store is not False)
        except QuestionError as error:
            return openai_error_response(400, str(error))
        except AssistantError as error:
            return openai_error_response(503, str(error))
        common = {
            "id": f"chatcmpl-{answer.answer_id or uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": MODEL_ID,
        }
        if body.stream:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(_chunks(answer, common), media_type="text/event-stream", headers=headers)
        message = {"role": "assistant", "content": answer.answer, "refusal": None, **_citation_fields(answer)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return JSONResponse({
            **common, "object": "chat.completion", "choices": [choice], "usage": _usage(questions[-1], answer.answer),
            "search_results": _search_results(answer.citations),
        })  # fmt: skip


def _citation_fields(answer: Answer) -> dict[str, Any]:
    annotations = []
    for citation in answer.citations:
        start = answer.answer.find(f"{citation.quote} {citation_marker(citation.number)}")
        end = start + len(citation.quote) + 1 + len(citation_marker(citation.number))
        url_citation = {"start_index": start, "end_index": end, "title": citation.title, "url": _citation_url(citation)}
        annotations.append({"type": "url_citation", "url_citation": url_citation})
    context = [
        {"content": item.quote, "title": item.title, "url": _citation_url(item), "filepath": item.document_id,
         "chunk_id": item.passage_id, "start": item.start, "end": item.end,
         "answer": asdict(item.answer) if item.answer else None}
        for item in answer.citations
    ]  # fmt: skip
    return {"annotations": annotations, "context": {"citations": context, "verdict": answer.verdict.value}}


def _citation_url(citation: Citation) -> str:
    """Return the URL of the document's public page or, if it has none, the path of the reading page on this server."""
    return citation.url or f"/sources/{citation.passage_id}?start={citation.start}&end={citation.end}"


def _search_results(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    return [{"title": item.title, "url": _citation_url(item), "snippet": item.quote} for item in citations]


def _usage(question: str, answer: str) -> dict[str, int]:
    """Count words instead of tokens, since no language model is involved."""
    prompt, completion = len(question.split()), len(answer.split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _chunks(answer: Answer, common: dict[str, Any]) -> Iterator[str]:
    """Yield the chunks of a streamed answer.

    The first chunk contains the citations, so that clients can turn citation markers into links as they arrive. The
    last chunk repeats the citations.
    """
    common = {**common, "object": "chat.completion.chunk"}

    def chunk(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps({**common, 'choices': [choice], **fields}, ensure_ascii=False)}\n\n"

    results = _search_results(answer.citations)
    yield chunk({"role": "assistant", "content": "", **_citation_fields(answer)}, search_results=results)
    for number, word in enumerate(answer.answer.split(" ")):
        yield chunk({"content": word if number == 0 else f" {word}"})
    yield chunk(_citation_fields(answer), "stop", search_results=results)
    yield "data: [DONE]\n\n"


def openai_error_response(status: int, message: str) -> JSONResponse:
    """Return an error in OpenAI's format."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "code": None, "param": None}}, status)
