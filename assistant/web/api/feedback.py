"""Routes for rating and deleting answers, used by the chat page, the widget and other programs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import MAX_COMMENT_CHARACTERS, Store
from assistant.web.shared.site import Site

FeedbackReason = Literal["wrong source", "incomplete", "not what I asked", "other"]
AnswerId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class FeedbackRequest(BaseModel):
    """A rating of an answer, with optional reasons and a comment."""

    model_config = ConfigDict(extra="forbid")

    answer_id: AnswerId
    rating: Literal["good", "bad"]
    reasons: list[FeedbackReason] = Field(default=[], max_length=4)
    comment: str = Field("", max_length=MAX_COMMENT_CHARACTERS)

    @field_validator("comment")
    @classmethod
    def _validate_comment(cls, value: str) -> str:
        value.encode("utf-8")  # rejects lone surrogates: it raises UnicodeEncodeError, which is a ValueError
        return value.replace("\0", "")


class FeedbackResponse(BaseModel):
    """Confirms that the feedback was stored."""

    stored: bool


def add_feedback_routes(app: FastAPI, site: Site) -> None:
    """Register `POST /api/v1/feedback` and `DELETE /api/v1/answers/{answer_id}`."""

    def require_store() -> Store:
        if site.store is None:
            raise HTTPException(404, "this server does not store feedback")
        return site.store

    @app.post("/api/v1/feedback", tags=["feedback"], status_code=201)
    def feedback(body: FeedbackRequest) -> FeedbackResponse:
        """Store feedback on an answer, replacing any earlier feedback on the same answer."""
        try:
            answer_exists = require_store().add_feedback(body.answer_id, body.rating, body.reasons, body.comment)
        except SQLAlchemyError:
            raise HTTPException(503, "the feedback could not be stored; try again later") from None
        if not answer_exists:
            raise HTTPException(404, "no such answer; it may have been deleted")
        site.metrics.count_feedback(body.rating)
        return FeedbackResponse(stored=True)

    @app.delete("/api/v1/answers/{answer_id}", tags=["feedback"], status_code=204)
    def forget(answer_id: AnswerId) -> None:
        """Delete a stored answer and its feedback."""
        if not require_store().delete_answer(answer_id):
            raise HTTPException(404, "no such answer; it may have been deleted")
