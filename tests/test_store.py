"""The store on SQLite, and on a real PostgreSQL where one is installed (make test installs it)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from assistant.errors import StoreError
from assistant.evaluation.data_sets import read_questions
from assistant.schema import Answer, Passage, Verdict
from assistant.store.database import Store, purge_daily
from assistant.store.masking import mask_personal_data
from assistant.store.probes import add_probe
from assistant.store.question_groups import QuestionGrouper
from assistant.store.tables import Base
from tests.conftest import ROOT
from tests.fakes import BagOfWords

NOW = datetime(2026, 11, 23, 12, 0)
SECRET = "19811218-9876"  # a test number of the tax agency
PASSAGE = Passage("p1", "a.md", "Alpha", None, "en", ("Head",), "Some text.", 0, 10, ())


def answer(question: str = "What is NWI?", verdict: Verdict = Verdict.UNCLEAR) -> Answer:
    return Answer(
        question=question, resolved_question=question, language="en", verdict=verdict,
        abstained=verdict is not Verdict.ANSWERED, answer="The texts don't say.", confidence=0.1,
        timings_ms={"total": 12.5},
    )  # fmt: skip


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'data' / 'store.sqlite'}"
    else:
        url = request.getfixturevalue("postgres")
    made = Store(url, store_questions=True, keep_days=30, now=clock)
    yield made
    with made._engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    made.close()


def test_the_migrations_make_the_tables_that_the_program_uses(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_feedback_is_kept_with_the_answer_it_is_about(store: Store) -> None:
    given = store.record(answer(), "g1", "page", PASSAGE)
    assert store.add_feedback(given, "bad", ["wrong source"], " not this one ")
    [row] = store.feedback()
    assert (row.rating, row.reasons, row.comment, row.closed_at) == ("bad", ["wrong source"], "not this one", None)
    told = row.given_for
    assert (told.question, told.generation, told.channel, told.verdict) == ("What is NWI?", "g1", "page", "unclear")
    assert told.nearest is not None
    assert told.nearest["heading"] == ["Head"]


def test_a_second_word_replaces_the_first_and_an_unknown_answer_is_told(store: Store) -> None:
    given = store.record(answer(), "g1", "api", None)
    store.add_feedback(given, "bad", [], "")
    store.add_feedback(given, "good", [], "")
    assert [row.rating for row in store.feedback()] == ["good"]
    assert not store.add_feedback("0" * 32, "good", [], "")


def test_feedback_is_closed_and_then_stands_last(store: Store, clock: Clock) -> None:
    ids = []
    for number in range(2):
        clock.now = NOW + timedelta(hours=number)
        ids.append(store.record(answer(f"Question {number}?"), "g", "page", None))
        store.add_feedback(ids[-1], "bad", [], "")
    newest, oldest = store.feedback()
    assert store.close_feedback(newest.feedback_id)
    assert [row.feedback_id for row in store.feedback()] == [oldest.feedback_id, newest.feedback_id]
    closed = store.one_feedback(newest.feedback_id)
    assert closed is not None
    assert closed.closed_at == clock.now
    assert not store.close_feedback(10**6)
    assert store.one_feedback(10**6) is None


def test_rows_older_than_that_are_purged_with_their_feedback(store: Store, clock: Clock) -> None:
    clock.now = NOW - timedelta(days=31)
    store.add_feedback(store.record(answer("Old?"), "g", "page", None), "bad", [], "")
    clock.now = NOW - timedelta(days=29)
    store.add_feedback(store.record(answer("New?"), "g", "page", None), "bad", [], "")
    clock.now = NOW
    assert store.purge() == 1
    if store._engine.dialect.name == "sqlite":
        folder = Path(str(store._engine.url.database)).parent
        assert b"Old?" not in b"".join(file.read_bytes() for file in folder.iterdir())
    assert [row.question for row in store.answers()] == ["New?"]
    assert [row.given_for.question for row in store.feedback()] == ["New?"]


def test_the_daily_job_purges_at_once_and_stops(store: Store, clock: Clock) -> None:
    store.record(answer(), "g", "page", None)
    clock.now = NOW + timedelta(days=31)
    stop = threading.Event()
    thread = purge_daily(store, stop, seconds=60)
    for _ in range(100):
        if not store.answers():
            break
        stop.wait(0.05)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert store.answers() == []


def test_an_answer_can_be_forgotten(store: Store) -> None:
    given = store.record(answer(), "g", "page", None)
    store.add_feedback(given, "bad", [], "")
    assert store.forget(given)
    assert not store.forget(given)
    assert (store.answers(), store.feedback()) == ([], [])


def test_usage_is_counted_by_day_and_verdict(store: Store, clock: Clock) -> None:
    for days, verdict in ((0, Verdict.ANSWERED), (0, Verdict.ANSWERED), (0, Verdict.UNCLEAR), (1, Verdict.UNCLEAR)):
        clock.now = NOW + timedelta(days=days)
        store.record(answer(verdict=verdict), "g", "page", None)
    assert sorted(store.usage()) == [
        ("2026-11-23", "answered", 2), ("2026-11-23", "unclear", 1), ("2026-11-24", "unclear", 1),
    ]  # fmt: skip


def test_personal_data_is_masked_before_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = Store(f"sqlite:///{path}", store_questions=True)
    given = store.record(answer(f"Call 070-123 45 67 or ada@example.org about {SECRET}?"), "g", "page", None)
    store.add_feedback(given, "bad", [], f"my number is {SECRET}")
    store.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for word in ("45 67", "ada@example", "9876"):
        assert word.encode() not in written
    assert b"[personal number]" in written


@pytest.mark.parametrize(("operator", "asker"), [(False, True), (True, False)])
def test_without_consent_no_word_of_a_question_is_written(tmp_path: Path, operator: bool, asker: bool) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=operator)
    store.record(answer("What of zyxwvut?"), "g", "page", PASSAGE, keep=asker)
    [row] = store.answers()
    assert (row.question, row.resolved_question, row.verdict) == (None, None, "unclear")
    store.close()
    assert b"zyxwvut" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"I am {SECRET}.", "I am [personal number]."),
        ("born 8112189876", "born [personal number]"),
        ("coordination number 811278-9873", "coordination number [personal number]"),
        ("over a hundred: 191218+9874", "over a hundred: [personal number]"),
        ("mail ada.b@example.co.uk now", "mail [e-mail] now"),
        ("call +46 70 123 45 67", "call [phone number]"),
        ("ring (08) 123 456 78", "ring [phone number]"),
        ("order 123456789", "order [number]"),
        ("ring 070 - 123 45 67 nu", "ring [phone number] nu"),
        ("ring 070.123.45.67", "ring [phone number]"),
        ("ring +46\u00a070\u2011123\u00a045\u00a067", "ring [phone number]"),
        ("born 850101\u22121234", "born [personal number]"),
        ("interim 850101-T123", "interim [personal number]"),
        ("born 1985-01-01-1234", "born [personal number]"),
        ("p = 0.00001234 of 12345", "p = 0.00001234 of 12345"),
        ("In 2019, 1 000 000 kronor and version 1.2.3", "In 2019, 1 000 000 kronor and version 1.2.3"),
        ("the gene BRCA1 on chromosome 17", "the gene BRCA1 on chromosome 17"),
    ],
)  # fmt: skip
def test_what_is_personal_is_masked_and_what_is_not_stays(text: str, masked: str) -> None:
    assert mask_personal_data(text) == masked


@pytest.mark.parametrize(
    "url",
    [
        "no url",
        "postgresql://u:p@h:port/d",
        "nosuch://x",
        "sqlite:////proc/none/store.sqlite",
        "postgresql+psycopg://x@127.0.0.1:1/x",
    ],
)
def test_a_database_that_can_not_be_used_is_an_error_with_the_way_out(url: str) -> None:
    with pytest.raises(StoreError, match="database"):
        Store(url)


def test_a_failed_record_does_not_stop_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=True)
    with store._engine.begin() as connection:
        Base.metadata.drop_all(connection)
    assert store.record(answer("What of zyxwvut?"), "g", "page", None) == ""
    assert "zyxwvut" not in caplog.text
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_servers_may_start_on_a_new_database_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}" if kind == "sqlite" else request.getfixturevalue("postgres")
    if kind == "postgres":
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS feedback, answers, api_keys, alembic_version")
        engine.dispose()
    code = f"from assistant.store.database import Store; Store({url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, cwd=ROOT) for _ in range(4)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 4


def test_a_database_of_a_newer_program_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = Store(url)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreError, match="database"):
        Store(url)


def test_unanswered_questions_that_mean_the_same_stand_together(store: Store) -> None:
    for question in (
        "When does the library open?",
        "When does the library open?",
        "library open when",
        "Who pays rent?",
    ):
        store.record(answer(question), "g", "page", PASSAGE)
    groups = QuestionGrouper(BagOfWords()).groups(store.answers())
    assert [(group.questions[0], group.count) for group in groups] == [
        ("When does the library open?", 3), ("Who pays rent?", 1),
    ]  # fmt: skip
    assert groups[0].questions[1:] == ("library open when",)
    assert groups[0].nearest is not None
    assert groups[0].nearest["title"] == "Alpha"


def test_without_their_text_questions_stand_with_their_nearest_passage(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    for _ in range(2):
        store.record(answer(), "g", "page", PASSAGE)
    store.record(answer(), "g", "page", None)
    groups = QuestionGrouper(BagOfWords()).groups(store.answers())
    assert [(group.questions, group.count) for group in groups] == [((), 2), ((), 1)]
    store.close()


@pytest.mark.real
def test_paraphrases_in_two_languages_are_one_group(tmp_path: Path, e5: Any) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}", store_questions=True)
    funding = ["Who funds GMS?", "Vem finansierar GMS?", "How is GMS financed?"]
    for question in [*funding, "How do I bake bread?"]:
        store.record(answer(question), "g", "page", None)
    groups = QuestionGrouper(e5).groups(store.answers())
    assert [set(group.questions) for group in groups] == [set(funding), {"How do I bake bread?"}]
    store.close()


def test_probes_are_lines_that_calibrate_reads(tmp_path: Path) -> None:
    path = tmp_path / "data" / "probes.jsonl"
    add_probe(path, "1", "Who pays?", False, [])
    add_probe(path, "2", "Vem är chef?", True, ["Ada är chef"])
    add_probe(path, "1", "Who pays?", True, ["the state pays"])
    first, second = read_questions(path)
    assert (first.identifier, first.answerable, first.answers) == ("2", True, ("Ada är chef",))
    assert (second.turns, second.answerable) == (("Who pays?",), True)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_file_of_probes_that_is_none_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_text("no json\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"probes\.jsonl"):
        add_probe(path, "1", "Who?", True, [])
    assert path.read_text(encoding="utf-8") == "no json\n"
