"""Stores answers and feedback in any database that SQLAlchemy supports.

The text of a question is stored only if the operator has enabled this. Personal data in the text is masked first.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import Engine, create_engine, delete, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, selectinload

from assistant.errors import StoreError
from assistant.schema import Answer, Passage
from assistant.store.masking import mask_personal_data
from assistant.store.tables import AnswerRow, FeedbackRow

MAX_COMMENT_CHARACTERS = 1000
_LOG = logging.getLogger(__name__)


class Store:
    """Connects to a database and migrates its tables to the current schema.

    Args:
        url: an SQLAlchemy URL, such as `sqlite:///data/assistant.sqlite` or `postgresql+psycopg://user@host/name`.
        store_questions: whether to store the text of questions, with personal data masked.
        keep_days: the number of days after which `purge_expired_answers` deletes an answer.
        now: returns the current time in UTC, without a time zone; tests can replace it.

    Raises:
        StoreError: the URL is invalid, its driver is missing, or the database can't be reached.
    """

    def __init__(
        self, url: str, store_questions: bool = False, keep_days: int = 30,
        now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
    ) -> None:  # fmt: skip
        self.store_questions, self.keep_days, self.now = store_questions, keep_days, now
        try:
            with _sqlite_lock(url):
                self._engine = _connect(url)
                _migrate(self._engine)
        except (SQLAlchemyError, CommandError, ImportError, OSError, ValueError) as error:
            raise StoreError(
                f"can't use the feedback database ({type(error).__name__}); check the setting 'database', "
                "or disable it: ASSISTANT_DATABASE="
            ) from error

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session with a transaction that is committed when the `with` block ends."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def record_answer(
        self,
        answer: Answer,
        generation: str,
        channel: str,
        nearest_passage: Passage | None,
        store_question: bool = True,
    ) -> str:
        """Record an answer and return its id. If the database fails, the failure is logged and "" is returned.

        Args:
            answer: the answer as shown to the user.
            generation: the index generation that produced the answer.
            channel: "page" or "api".
            nearest_passage: the passage nearest to the question; stored only if the answer is a refusal.
            store_question: False if the user opted out of having the question stored.
        """
        store_question = store_question and self.store_questions
        # If questions aren't stored, only the quotes are stored, not the answer: an answer that combines several
        # questions repeats them.
        quotes = " ".join(citation.quote for citation in answer.citations)
        row = AnswerRow(
            answer_id=uuid.uuid4().hex, asked_at=self.now(), channel=channel, language=answer.language,
            verdict=answer.verdict.value, confidence=answer.confidence, generation=generation,
            total_ms=answer.timings_ms.get("total", 0.0),
            question=mask_personal_data(answer.question) if store_question else None,
            resolved_question=mask_personal_data(answer.resolved_question) if store_question else None,
            answer=mask_personal_data(answer.answer) if store_question else quotes,
            citations=[asdict(citation) for citation in answer.citations],
            nearest=_passage_as_dict(nearest_passage) if nearest_passage and answer.abstained else None,
        )  # fmt: skip
        try:
            with self.session() as session:
                session.add(row)
        except SQLAlchemyError as error:
            _LOG.warning("can't record an answer: %s", type(error).__name__)
            return ""
        return row.answer_id

    def add_feedback(self, answer_id: str, rating: str, reasons: Sequence[str], comment: str) -> bool:
        """Store feedback on an answer, replacing any earlier feedback on it. Returns False if the answer is unknown."""
        with self.session() as session:
            answer = session.get(AnswerRow, answer_id)
            if answer is None:
                return False
            session.execute(delete(FeedbackRow).where(FeedbackRow.answer_id == answer_id))
            session.add(
                FeedbackRow(
                    answer_id=answer_id, given_at=self.now(), rating=rating, reasons=list(reasons),
                    comment=mask_personal_data(comment.strip()),
                )
            )  # fmt: skip
        return True

    def delete_answer(self, answer_id: str) -> bool:
        """Delete an answer and its feedback. Returns False if the answer is unknown."""
        with self.session() as session:
            row = session.get(AnswerRow, answer_id)
            if row is not None:
                session.delete(row)
        self._truncate_sqlite_log()
        return row is not None

    def close_feedback(self, feedback_id: int) -> bool:
        """Mark feedback as dealt with. Returns False if the id is unknown."""
        with self.session() as session:
            row = session.get(FeedbackRow, feedback_id)
            if row is not None:
                row.closed_at = self.now()
        return row is not None

    def find_feedback(self, feedback_id: int) -> FeedbackRow | None:
        """Look up feedback and load the answer it refers to. Returns None if the id is unknown."""
        with self.session() as session:
            return session.get(FeedbackRow, feedback_id, options=[selectinload(FeedbackRow.answer)])

    def list_feedback(self, limit: int = 10_000) -> list[FeedbackRow]:
        """List feedback with its answers loaded: open feedback before closed, and newer before older."""
        with self.session() as session:
            rows = session.scalars(
                select(FeedbackRow)
                .options(selectinload(FeedbackRow.answer))
                .order_by(FeedbackRow.closed_at.isnot(None), FeedbackRow.given_at.desc())
                .limit(limit)
            )
            return list(rows)

    def list_answers(self, verdicts: Sequence[str] = (), limit: int = 10_000) -> list[AnswerRow]:
        """List answers, newest first. If `verdicts` are given, only answers with one of these verdicts are listed."""
        query = select(AnswerRow).order_by(AnswerRow.asked_at.desc()).limit(limit)
        if verdicts:
            query = query.where(AnswerRow.verdict.in_(verdicts))
        with self.session() as session:
            return list(session.scalars(query))

    def daily_usage(self) -> list[tuple[str, str, int]]:
        """Count answers by day and verdict. Returns tuples of (YYYY-MM-DD, verdict, count), oldest day first."""
        day = func.date(AnswerRow.asked_at)
        with self.session() as session:
            rows = session.execute(
                select(day, AnswerRow.verdict, func.count()).group_by(day, AnswerRow.verdict).order_by(day)
            )
            return [(str(date), verdict, count) for date, verdict, count in rows]

    def purge_expired_answers(self) -> int:
        """Delete answers more than `keep_days` days old and their feedback. Returns the number of answers deleted."""
        cutoff = self.now() - timedelta(days=self.keep_days)
        with self.session() as session:
            expired = select(AnswerRow.answer_id).where(AnswerRow.asked_at < cutoff)
            session.execute(delete(FeedbackRow).where(FeedbackRow.answer_id.in_(expired)))
            deleted = session.execute(delete(AnswerRow).where(AnswerRow.asked_at < cutoff))
        self._truncate_sqlite_log()
        return int(getattr(deleted, "rowcount", 0))

    def _truncate_sqlite_log(self) -> None:
        """Truncate SQLite's write-ahead log, so that deleted rows don't remain on disk."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all database connections."""
        self._engine.dispose()


def start_daily_purge(store: Store, stop: threading.Event, seconds: float = 24 * 3600) -> threading.Thread:
    """Start a thread that purges old answers immediately and then every `seconds` seconds, until `stop` is set."""

    def run() -> None:
        while True:
            try:
                store.purge_expired_answers()
            except SQLAlchemyError as error:
                _LOG.warning("can't delete old answers: %s", type(error).__name__)
            if stop.wait(seconds):
                return

    thread = threading.Thread(target=run, name="purge", daemon=True)
    thread.start()
    return thread


def _passage_as_dict(passage: Passage) -> dict[str, object]:
    return {
        "passage_id": passage.passage_id, "document_id": passage.document_id, "title": passage.title,
        "heading": list(passage.heading), "text": passage.text,
    }  # fmt: skip


@contextmanager
def _sqlite_lock(url: str) -> Iterator[None]:
    """Create the folder of an SQLite file and lock it, so that only one process at a time migrates it."""
    file = url.removeprefix("sqlite:///")
    if file in {url, "", ":memory:"}:
        yield
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):
        yield


def _connect(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"setting 'database' is not a database URL ({error}); use a URL such as sqlite:///data/assistant.sqlite"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(parsed)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _migrate(engine: Engine) -> None:
    """Migrate the tables to the current schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # a lock, so that only one process migrates at a time
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261123)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
