"""The database tables. Every change to them needs a migration in `migrations/versions`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Float, ForeignKey, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_NAMING_CONVENTION = {  # gives each constraint the same name on every database, so that migrations can refer to it
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s", "pk": "pk_%(table_name)s",
}  # fmt: skip


class Base(DeclarativeBase):
    """The base class of all tables."""

    metadata = MetaData(naming_convention=_NAMING_CONVENTION)


class AnswerRow(Base):
    """A recorded answer. `question` and `resolved_question` are None unless questions are stored."""

    __tablename__ = "answers"

    answer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=False), index=True)  # UTC
    channel: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(10))
    verdict: Mapped[str] = mapped_column(String(20), index=True)
    confidence: Mapped[float] = mapped_column(Float)
    generation: Mapped[str] = mapped_column(String(16))
    total_ms: Mapped[float] = mapped_column(Float)
    question: Mapped[str | None] = mapped_column(Text)
    resolved_question: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    nearest: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # the passage nearest to a refused question
    feedback: Mapped[list[FeedbackRow]] = relationship(
        back_populates="answer", cascade="all, delete-orphan", passive_deletes=True
    )


class FeedbackRow(Base):
    """A user's rating of an answer. `closed_at` is set once an owner has dealt with the feedback."""

    __tablename__ = "feedback"

    feedback_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.answer_id", ondelete="CASCADE"), index=True)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=False), index=True)  # UTC
    rating: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    answer: Mapped[AnswerRow] = relationship(back_populates="feedback")


class ApiKeyRow(Base):
    """An API key, stored as a SHA-256 digest. A fast hash is enough, as the secret consists of 256 random bits."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    per_minute: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=False))  # UTC
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
