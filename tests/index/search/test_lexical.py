from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from assistant.index.search import lexical
from assistant.index.search.lexical import (
    LexicalIndex,
    LexicalWriter,
    analyser_version,
    character_ngrams,
    query_words,
)
from tests.conftest import document, index_of

NO_ROWS = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    """An index of three English passages and one Swedish passage."""
    folder = tmp_path_factory.mktemp("lexical") / "lexical"
    writer = LexicalWriter(folder)
    writer.add_passage(["alpha"], ["common", "hospitals"], "en")
    writer.add_passage(["beta"], ["common", "libraries"], "en")
    writer.add_passage(["gamma"], ["common", "libraries"], "en")
    writer.add_passage(["delta"], ["sjukhusen", "samarbetar"], "sv")
    writer.close()
    return LexicalIndex(folder, 4)


def test_best_passages_come_first(index: LexicalIndex) -> None:
    scores = index.search_passages("hospitals common", 10, NO_ROWS)
    assert next(iter(scores)) == 0
    assert sorted(scores) == [0, 1, 2]
    assert 1 > scores[0] > max(scores[1], scores[2])
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_count_limits_the_best_passages(index: LexicalIndex) -> None:
    assert list(index.search_passages("hospitals common", 1, NO_ROWS)) == [0]


def test_only_allowed_rows_are_selected(index: LexicalIndex) -> None:
    assert list(index.search_passages("common", 1, NO_ROWS, np.array([1, 2]))) == [1]


def test_rows_of_a_filter_are_ranked_among_themselves(tmp_path: Path) -> None:
    documents = [document(f"{n}.md", "Care for patients.", title=f"T{n}") for n in range(6)]
    scores = index_of(documents, tmp_path).lexical_index.search_passages("care", 2, NO_ROWS, np.array([3, 5]))
    assert list(scores) == [3, 5]


def test_extra_rows_are_scored_without_a_matching_term(index: LexicalIndex) -> None:
    scores = index.search_passages("hospitals", 10, np.array([3, 0]))
    assert list(scores) == [0, 3]
    assert scores[3] == 0


def test_title_words_count_double(index: LexicalIndex) -> None:
    title, text = index.search_passages("alpha", 1, NO_ROWS)[0], index.search_passages("hospitals", 1, NO_ROWS)[0]
    assert title > text


def test_unknown_words_lower_the_score(index: LexicalIndex) -> None:
    alone, diluted = (index.search_passages(text, 1, NO_ROWS)[0] for text in ("hospitals", "hospitals xylophone"))
    assert diluted < alone


def test_score_is_a_proportion_of_the_total_idf(tmp_path: Path) -> None:
    documents = [document(f"{n}.md", text, title="T") for n, text in enumerate(("Alpha care.", "Beta care.", "Gamma."))]
    built = index_of(documents, tmp_path)
    scores = built.lexical_index.search_passages("alpha", 3, np.arange(3))
    assert list(scores) == [0, 1, 2]
    assert 0 < scores[0] < 1
    assert (scores[1], scores[2]) == (0.0, 0.0)
    assert built.lexical_index.word_idfs(["care"]) == [pytest.approx(log(1 + 1.5 / 2.5))]


def test_question_is_stemmed_in_every_language_of_the_index(tmp_path: Path) -> None:
    built = index_of(
        [document(), document("sv.md", "Sjukhusen samarbetar om metoder.", language="sv", title="Vård")], tmp_path
    )
    scores = built.lexical_index.search_passages("sjukhusens samarbete", 10, NO_ROWS)
    assert [built.passages[row].document_id for row in scores] == ["sv.md"]


def test_question_without_matches_finds_nothing(index: LexicalIndex) -> None:
    assert index.search_passages("zzz qqq", 10, NO_ROWS) == {}
    assert index.search_passages("?!", 10, np.array([0])) == {0: 0.0}


def test_stems_are_distinct_across_languages(index: LexicalIndex) -> None:
    assert index.word_stems("hospitals") == ["hospit", "hospital"]
    assert index.word_stems("xyz") == ["xyz"]


def test_idf_is_higher_for_rare_words_and_highest_for_unknown_ones(index: LexicalIndex) -> None:
    common, rare, unknown = index.word_idfs(["common", "hospitals", "zebra"])
    assert common < rare < unknown == index.highest_idf
    assert common == pytest.approx(log(1 + 1.5 / 3.5))


def test_character_rarity_is_one_for_letters_that_never_occur(index: LexicalIndex) -> None:
    assert index.character_rarity("zzz") == 1
    assert index.character_rarity("common") < index.character_rarity("commons") < 1


def test_pruning_keeps_the_scores_of_the_best_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = LexicalWriter(tmp_path / "lexical")
    for row in range(60):
        writer.add_passage(["t"], ["common", "words", *(["rare"] if row % 20 == 7 else []), f"number{row}"], "en")
    writer.close()
    large = LexicalIndex(tmp_path / "lexical", 60)
    complete = large.search_passages("rare common words", 3, np.array([1]))
    monkeypatch.setattr(lexical, "_MAX_POSTINGS", 20)
    monkeypatch.setattr(lexical, "_PRUNED_CANDIDATES", 5)
    pruned = large.search_passages("rare common words", 3, np.array([1]))
    assert list(complete) == [7, 27, 47, 1]
    assert pruned == pytest.approx(complete)


def test_index_without_passages_can_be_searched(tmp_path: Path) -> None:
    LexicalWriter(tmp_path / "lexical").close()
    assert LexicalIndex(tmp_path / "lexical", 0).search_passages("word", 10, NO_ROWS) == {}


@pytest.mark.parametrize(
    ("word", "ngrams"), [("genomik", "<gen geno enom nomi omik mik>"), ("is", "<is>"), ("a", "<a>"), ("", "<>")]
)
def test_ngrams_include_the_ends_of_the_word(word: str, ngrams: str) -> None:
    assert character_ngrams(word) == tuple(ngrams.split())


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What do the Hospitals teach hospitals?", ["hospitals", "teach"]),
        ("Who is it?", ["who", "is", "it"]),
        ("?!", ["?!"]),
    ],
)
def test_query_words_are_distinct_content_words(question: str, words: list[str]) -> None:
    assert query_words(question) == words


@pytest.mark.parametrize(
    ("constant", "value"),
    [("_K1", 1.3), ("_B", 0.5), ("_TITLE_WEIGHT", 1), ("_NGRAM_LENGTH", 5), ("NEUTRAL_STATEMENTS", ())],
)
def test_analyser_version_depends_on_all_parameters(
    monkeypatch: pytest.MonkeyPatch, constant: str, value: object
) -> None:
    before = analyser_version()
    monkeypatch.setattr(lexical, constant, value)
    assert len(before) == 16
    assert analyser_version() != before
