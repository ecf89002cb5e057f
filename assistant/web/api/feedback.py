"""What people say of an answer: from the page, the widget and other programs."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import MAX_COMMENT_CHARACTERS, Store
from assistant.web.site.site import Site

Reason = Literal["wrong source", "incomplete", "not what I asked", "other"]
AnswerId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class FeedbackRequest(BaseModel):
    """A rating of an answer, the reasons for a bad one, and words of one's own."""

    model_config = ConfigDict(extra="forbid")

    answer_id: AnswerId
    rating: Literal["good", "bad"]
    reasons: list[Reason] = Field(default=[], max_length=4)
    comment: str = Field("", max_length=MAX_COMMENT_CHARACTERS)

    @field_validator("comment")
    @classmethod
    def _is_text(cls, value: str) -> str:
        value.encode("utf-8")  # a lone surrogate is no text; UnicodeEncodeError is a ValueError
        return value.replace("\0", "")


class FeedbackResponse(BaseModel):
    """That it is stored."""

    stored: bool


def add_feedback(app: FastAPI, site: Site) -> None:
    """Add `POST /api/v1/feedback` and `DELETE /api/v1/answers/{answer_id}`."""

    def open_store() -> Store:
        if site.store is None:
            raise HTTPException(404, "this server stores no feedback")
        return site.store

    @app.post("/api/v1/feedback", tags=["feedback"], status_code=201)
    def feedback(body: FeedbackRequest) -> FeedbackResponse:
        """Store what somebody says of an answer; a second time replaces the first."""
        try:
            known = open_store().add_feedback(body.answer_id, body.rating, body.reasons, body.comment)
        except SQLAlchemyError:
            raise HTTPException(503, "the feedback could not be stored; try again later") from None
        if not known:
            raise HTTPException(404, "no such answer; it may have been deleted")
        site.metrics.count_feedback(body.rating)
        return FeedbackResponse(stored=True)

    @app.delete("/api/v1/answers/{answer_id}", tags=["feedback"], status_code=204)
    def forget(answer_id: AnswerId) -> None:
        """Delete what is stored of an answer, with its feedback."""
        if not open_store().forget(answer_id):
            raise HTTPException(404, "no such answer; it may have been deleted")
