from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.features import Features, compute_features
from assistant.conversation.assistant import Assistant
from assistant.retrieval.query import make_query
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords


def features_of(assistant: Assistant, question: str, language: str = "en") -> Features:
    features = assistant.gather_evidence(question, language).best_sentence_features
    assert features is not None
    return features


def test_missing_names_are_counted(shared_assistant: Assistant) -> None:
    present, missing = (
        features_of(shared_assistant, f"When was the Alpha Institute founded in {town}?") for town in ("Lund", "Oslo")
    )
    assert (present.missing_name_count, missing.missing_name_count) == (0, 1)
    assert (
        features_of(shared_assistant, "Was the Institute founded in Oslo by Bergen with Tromsø?").missing_name_count
        == 2
    )


@pytest.mark.parametrize(("year", "missing"), [("1998", 0), ("1850", 1)])
def test_missing_number_is_detected(shared_assistant: Assistant, year: str, missing: int) -> None:
    assert features_of(shared_assistant, f"Was it founded in {year} in Lund?").lacks_number == missing


def test_numbers_are_compared_in_a_normal_form(tmp_path: Path) -> None:
    documents = [document(text="The third network has 1,000 members in Lund.")]
    assistant = Assistant(index_of(documents, tmp_path), BagOfWords(), ANSWERABILITY)
    assert features_of(assistant, "Has the 3rd network 1000 members in Lund?").lacks_number == 0
    assert features_of(assistant, "Has the 4th network 1000 members in Lund?").lacks_number == 1


@pytest.mark.parametrize(
    ("question", "lacking"),
    [
        ("When was it founded in Lund?", 0),
        ("When does Gamma University teach statistics?", 1),
        ("How many nurses are trained?", 1),
        ("Where was it founded?", 0),
    ],
)
def test_missing_answer_type_is_detected(shared_assistant: Assistant, question: str, lacking: int) -> None:
    assert features_of(shared_assistant, question).lacks_answer_type == lacking


def test_negation_only_in_the_question_is_a_mismatch(shared_assistant: Assistant) -> None:
    assert features_of(shared_assistant, "Are nurses trained every autumn?").negation_mismatch == 0
    assert features_of(shared_assistant, "Are nurses not trained every autumn?").negation_mismatch == 1


def test_words_in_the_window_cover_the_question(shared_assistant: Assistant) -> None:
    covered = features_of(shared_assistant, "nurses trained autumn")
    assert covered.word_coverage == pytest.approx(1)
    assert (covered.max_missing_word_idf, covered.max_missing_word_rarity, covered.unmatched_idf_share) == (0, 0, 0)
    uncovered = features_of(shared_assistant, "nurses trained zebra")
    assert 0 < uncovered.word_coverage < 1
    assert uncovered.max_missing_word_idf == pytest.approx(1)
    assert uncovered.max_missing_word_rarity > 0.5
    assert uncovered.unmatched_idf_share > 0
    assert uncovered.weakest_word_match < covered.weakest_word_match


def test_tokens_of_missing_words_are_counted(shared_assistant: Assistant) -> None:
    class LetterTokens(BagOfWords):
        def count_tokens(self, text: str) -> int:
            return len(text) + 2

    assistant = Assistant(shared_assistant.index, LetterTokens(), ANSWERABILITY)
    features = features_of(assistant, "nurses trained statistics zebras")
    assert (features.max_missing_word_tokens, features.max_unknown_word_tokens) == (len("statistics"), len("zebras"))


def test_lexical_features_are_zero_across_languages(shared_assistant: Assistant) -> None:
    features = features_of(shared_assistant, "nurses trained zebra", "sv")
    assert features.is_cross_lingual == 1
    assert (features.word_coverage, features.max_missing_word_idf, features.max_missing_word_tokens) == (0, 0, 0)
    assert features.cosine_if_cross_lingual == features.sentence_cosine
    assert features.word_match_if_cross_lingual == features.sentence_word_match


def test_score_gap_compares_with_the_best_sentence_of_another_passage(shared_assistant: Assistant) -> None:
    evidence = shared_assistant.gather_evidence("Who teaches statistics?", "en")
    best, runner_up = (
        evidence.scored_sentences[0],
        next(item for item in evidence.scored_sentences if item.passage.document_id == "alpha.md"),
    )
    assert evidence.best_sentence_features is not None
    assert evidence.best_sentence_features.score_gap == pytest.approx(best.score - runner_up.score)
    assert evidence.best_sentence_features.retriever_agreement == 2


def test_without_sentences_there_are_no_features(shared_assistant: Assistant) -> None:
    query = make_query(shared_assistant.index, BagOfWords(), "Who?", "en")
    assert compute_features(shared_assistant.index, query, [], []) is None
