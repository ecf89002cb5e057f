from __future__ import annotations

from pathlib import Path

from assistant.index.loading import Index
from assistant.onboarding.glossary import make_glossary
from assistant.onboarding.self_test import BLANK, make_self_test
from tests.conftest import document, index_of
from tests.onboarding.conftest import index_of_text


def test_every_form_of_the_answer_is_hidden(weather_index: Index) -> None:
    questions = make_self_test(weather_index, make_glossary(weather_index))
    assert questions
    for item in questions:
        assert BLANK in item.text_with_blank
        assert item.correct_answer not in item.text_with_blank
        assert "National Weather Institute" not in item.text_with_blank or item.correct_answer != "NWI"


def test_options_are_distinct_and_only_one_is_correct(weather_index: Index) -> None:
    for item in make_self_test(weather_index, make_glossary(weather_index)):
        assert item.correct_answer in item.answer_options
        assert 3 <= len(set(item.answer_options)) == len(item.answer_options) <= 4
        assert all(option not in item.citation.quote for option in item.answer_options if option != item.correct_answer)


def test_self_test_is_deterministic(weather_index: Index) -> None:
    terms = make_glossary(weather_index)
    questions = make_self_test(weather_index, terms)
    assert questions == make_self_test(weather_index, terms)
    assert len({item.question_id for item in questions}) == len(questions)


def test_year_is_left_out_of_a_sentence_without_names(tmp_path: Path) -> None:
    index = index_of_text("The students have visited the harbour every week since 2011.", tmp_path)
    [item] = make_self_test(index, ())
    assert item.text_with_blank == f"The students have visited the harbour every week since {BLANK}."
    assert item.correct_answer == "2011"
    assert len(item.answer_options) == 4
    assert set(item.answer_options) <= {"2011", "2009", "2012", "2007", "2014"}


def test_names_without_enough_distractors_are_not_asked(tmp_path: Path) -> None:
    index = index_of_text("The students have visited Harbour University every week since autumn.", tmp_path)
    assert make_self_test(index, make_glossary(index)) == ()


def test_terms_inside_other_words_are_not_left_out(tmp_path: Path) -> None:
    text = "The students of GMSX have visited the harbour every week since autumn. We met GMS, NBIS, RIF and NWI."
    index = index_of_text(text, tmp_path)
    [item] = make_self_test(index, make_glossary(index))
    assert item.text_with_blank == f"The students of {BLANK} have visited the harbour every week since autumn."
    assert item.correct_answer == "GMSX"
    assert "GMS" not in item.answer_options


def test_an_answer_is_used_at_most_twice(tmp_path: Path) -> None:
    visitors = ("students", "teachers", "nurses", "farmers")
    text = " ".join(f"The {name} from the green valley have visited the old harbour since 2011." for name in visitors)
    assert [item.correct_answer for item in make_self_test(index_of_text(text, tmp_path), ())] == ["2011", "2011"]


def test_questions_are_spread_across_documents_and_answers(tmp_path: Path) -> None:
    sentence = "The {} from the green valley have visited the old harbour since {}."
    documents = [
        document(f"{visitors}.md", " ".join(sentence.format(visitors, year) for year in range(1990, 1996)))
        for visitors in ("students", "teachers", "nurses")
    ]
    questions = make_self_test(index_of(documents, tmp_path), ())
    assert len(questions) == 8
    answers = [item.correct_answer for item in questions]
    assert max(answers.count(answer) for answer in answers) <= 2
    assert {item.citation.document_id for item in questions} == {"students.md", "teachers.md", "nurses.md"}
