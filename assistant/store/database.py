"""The store: answers that were given and what people said of them, in any database SQLAlchemy speaks.

Nothing of a question's text is written unless the operator says so; free text is masked first.
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

MAX_COMMENT_CHARACTERS = 1000  # characters
_LOG = logging.getLogger(__name__)


class Store:
    """A database with the tables brought up to date.

    Args:
        url: SQLAlchemy URL, such as `sqlite:///data/assistant.sqlite` or `postgresql+psycopg://user@host/name`.
        store_questions: keep the text of questions, masked.
        keep_days: rows older than that are deleted by `purge`.
        now: the time, UTC; for tests.

    Raises:
        StoreError: the URL is none, its driver is missing, or the database can't be reached.
    """

    def __init__(
        self, url: str, store_questions: bool = False, keep_days: int = 30,
        now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None),
    ) -> None:  # fmt: skip
        self.store_questions, self.keep_days, self.now = store_questions, keep_days, now
        try:
            with _is_memory(url):
                self._engine = _connect(url)
                _migrate(self._engine)
        except (SQLAlchemyError, CommandError, ImportError, OSError, ValueError) as error:
            raise StoreError(
                f"the database for feedback can't be used ({type(error).__name__}); check the setting database, "
                "or turn it off: ASSISTANT_DATABASE="
            ) from error

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def record(self, answer: Answer, generation: str, channel: str, nearest: Passage | None, keep: bool = True) -> str:
        """Write that `answer` was given and return its id; "" when that failed, which stops no answer.

        Args:
            answer: as it is shown.
            generation: of the index it came from.
            channel: "page" or "api".
            nearest: the nearest passage, kept with a refusal.
            keep: False when the asker doesn't want the question stored.
        """
        keep = keep and self.store_questions
        row = AnswerRow(
            answer_id=uuid.uuid4().hex, asked_at=self.now(), channel=channel, language=answer.language,
            verdict=answer.verdict.value, confidence=answer.confidence, generation=generation,
            total_ms=answer.timings_ms.get("total", 0.0),
            question=mask_personal_data(answer.question) if keep else None,
            resolved_question=mask_personal_data(answer.resolved_question) if keep else None,
            # an answer to several questions repeats them
            answer=mask_personal_data(answer.answer) if keep else " ".join(item.quote for item in answer.citations),
            citations=[asdict(citation) for citation in answer.citations],
            nearest=_described(nearest) if nearest and answer.abstained else None,
        )  # fmt: skip
        try:
            with self.session() as session:
                session.add(row)
        except SQLAlchemyError as error:
            _LOG.warning("an answer could not be recorded: %s", type(error).__name__)
            return ""
        return row.answer_id

    def add_feedback(self, answer_id: str, rating: str, reasons: Sequence[str], comment: str) -> bool:
        """Keep what somebody said of an answer, instead of what was said before; False for an unknown answer."""
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

    def forget(self, answer_id: str) -> bool:
        """Delete an answer and what was said of it; False for an unknown one."""
        with self.session() as session:
            row = session.get(AnswerRow, answer_id)
            if row is not None:
                session.delete(row)
        self._wipe()
        return row is not None

    def close_feedback(self, feedback_id: int) -> bool:
        """Mark a piece of feedback as dealt with; False for an unknown one."""
        with self.session() as session:
            row = session.get(FeedbackRow, feedback_id)
            if row is not None:
                row.closed_at = self.now()
        return row is not None

    def one_feedback(self, feedback_id: int) -> FeedbackRow | None:
        """One piece of feedback with its answer, None for an unknown id."""
        with self.session() as session:
            return session.get(FeedbackRow, feedback_id, options=[selectinload(FeedbackRow.given_for)])

    def feedback(self, most: int = 10_000) -> list[FeedbackRow]:
        """What people said, with the answers; open ones first, then the newest."""
        with self.session() as session:
            rows = session.scalars(
                select(FeedbackRow)
                .options(selectinload(FeedbackRow.given_for))
                .order_by(FeedbackRow.closed_at.isnot(None), FeedbackRow.given_at.desc())
                .limit(most)
            )
            return list(rows)

    def answers(self, verdicts: Sequence[str] = (), most: int = 10_000) -> list[AnswerRow]:
        """The newest answers, of these verdicts or of all."""
        wanted = select(AnswerRow).order_by(AnswerRow.asked_at.desc()).limit(most)
        if verdicts:
            wanted = wanted.where(AnswerRow.verdict.in_(verdicts))
        with self.session() as session:
            return list(session.scalars(wanted))

    def usage(self) -> list[tuple[str, str, int]]:
        """Day (YYYY-MM-DD), verdict and how many, in the order of time."""
        day = func.date(AnswerRow.asked_at)
        with self.session() as session:
            rows = session.execute(
                select(day, AnswerRow.verdict, func.count()).group_by(day, AnswerRow.verdict).order_by(day)
            )
            return [(str(when), verdict, count) for when, verdict, count in rows]

    def purge(self) -> int:
        """Delete the rows older than `keep_days`, and how many answers that were."""
        limit = self.now() - timedelta(days=self.keep_days)
        with self.session() as session:
            old = select(AnswerRow.answer_id).where(AnswerRow.asked_at < limit)
            session.execute(delete(FeedbackRow).where(FeedbackRow.answer_id.in_(old)))
            found = session.execute(delete(AnswerRow).where(AnswerRow.asked_at < limit))
        self._wipe()
        return int(getattr(found, "rowcount", 0))

    def _wipe(self) -> None:
        """Take what was deleted out of SQLite's log as well, so that it is gone from the disk."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def purge_daily(store: Store, stop: threading.Event, seconds: float = 24 * 3600) -> threading.Thread:
    """Purge now and every `seconds` until `stop` is set, in a thread of its own."""

    def run() -> None:
        while True:
            try:
                store.purge()
            except SQLAlchemyError as error:
                _LOG.warning("old rows could not be deleted: %s", type(error).__name__)
            if stop.wait(seconds):
                return

    thread = threading.Thread(target=run, name="purge", daemon=True)
    thread.start()
    return thread


def _described(passage: Passage) -> dict[str, object]:
    return {
        "passage_id": passage.passage_id, "document_id": passage.document_id, "title": passage.title,
        "heading": list(passage.heading), "text": passage.text,
    }  # fmt: skip


@contextmanager
def _is_memory(url: str) -> Iterator[None]:
    """One process at a time prepares an SQLite file."""
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
            f"setting 'database' is no database URL ({error}); write one like sqlite:///data/assistant.sqlite"
        ) from None
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    engine = create_engine(parsed)

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # one process at a time; SQLite has the lock of `_is_memory`
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261123)")
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
