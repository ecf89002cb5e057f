from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.embedding.encoder import EncodedTexts, Encoder
from assistant.schema import Span, Verdict
from assistant.store.database import Store
from assistant.store.question_groups import MAX_GROUPED_QUESTIONS, QuestionGrouper
from tests.fakes import BagOfWords
from tests.store.conftest import NOW, PASSAGE, Clock, make_answer


def test_questions_with_the_same_meaning_are_grouped(store: Store) -> None:
    for question in (
        "When does the library open?",
        "When does the library open?",
        "library open when",
        "Who pays rent?",
    ):
        store.record_answer(make_answer(question), "g", "page", PASSAGE)
    groups = QuestionGrouper(BagOfWords()).group_questions(store.list_answers())
    assert [(group.questions[0], group.question_count) for group in groups] == [
        ("When does the library open?", 3), ("Who pays rent?", 1),
    ]  # fmt: skip
    assert groups[0].questions[1:] == ("library open when",)
    assert groups[0].nearest_passage is not None
    assert groups[0].nearest_passage["title"] == "Alpha"


def test_a_group_counts_its_verdicts_and_shows_the_newest_date(sqlite_store: Store, clock: Clock) -> None:
    for days, verdict in ((2, Verdict.UNCLEAR), (0, Verdict.NOT_COVERED), (1, Verdict.UNCLEAR)):
        clock.now = NOW + timedelta(days=days)
        sqlite_store.record_answer(make_answer(verdict=verdict), "g", "page", None)
    [group] = QuestionGrouper(BagOfWords()).group_questions(sqlite_store.list_answers())
    assert group.verdict_counts == {"not_covered": 1, "unclear": 2}
    assert group.newest_date == "2026-11-25"
    assert group.nearest_passage is None


def test_questions_without_text_are_grouped_by_passage(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    for _ in range(2):
        store.record_answer(make_answer(), "g", "page", PASSAGE)
    store.record_answer(make_answer(), "g", "page", None)
    groups = QuestionGrouper(BagOfWords()).group_questions(store.list_answers())
    assert [(group.questions, group.question_count) for group in groups] == [((), 2), ((), 1)]
    store.close()


def test_only_the_newest_questions_are_grouped(sqlite_store: Store) -> None:
    sqlite_store.record_answer(make_answer("Who pays rent?"), "g", "page", None)
    [row] = sqlite_store.list_answers()
    [group] = QuestionGrouper(BagOfWords()).group_questions([row] * (MAX_GROUPED_QUESTIONS + 1))
    assert group.question_count == MAX_GROUPED_QUESTIONS


def test_cached_questions_are_not_encoded_again(sqlite_store: Store) -> None:
    class CountingEncoder(BagOfWords):
        def __init__(self) -> None:
            super().__init__()
            self.encoded: list[list[str]] = []

        def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
            self.encoded.append(list(texts))
            return super().encode_questions(texts, spans)

    encoder = CountingEncoder()
    grouper = QuestionGrouper(encoder)
    for question in ("When does the library open?", "Who pays rent?"):
        sqlite_store.record_answer(make_answer(question), "g", "page", None)
    first = grouper.group_questions(sqlite_store.list_answers())
    calls = len(encoder.encoded)
    assert grouper.group_questions(sqlite_store.list_answers()) == first
    assert len(encoder.encoded) == calls
    sqlite_store.record_answer(make_answer("Is parking free?"), "g", "page", None)
    grouper.group_questions(sqlite_store.list_answers())
    assert encoder.encoded[calls:] == [["Is parking free?"]]


def test_no_questions_make_no_groups() -> None:
    assert QuestionGrouper(BagOfWords()).group_questions([]) == []


@pytest.mark.real
def test_paraphrases_in_two_languages_form_one_group(sqlite_store: Store, e5: Encoder) -> None:
    paraphrases = ["Who funds GMS?", "Vem finansierar GMS?", "How is GMS financed?"]
    for question in [*paraphrases, "How do I bake bread?"]:
        sqlite_store.record_answer(make_answer(question), "g", "page", None)
    groups = QuestionGrouper(e5).group_questions(sqlite_store.list_answers())
    assert [set(group.questions) for group in groups] == [set(paraphrases), {"How do I bake bread?"}]
