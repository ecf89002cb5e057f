from __future__ import annotations

import pytest

from training.reader.preparation.question_forms import to_keywords, to_lower_case, to_yes_no


def test_lower_case_has_neither_capitals_nor_question_mark() -> None:
    assert to_lower_case("Where is the Ångström laboratory?") == "where is the ångström laboratory"


@pytest.mark.parametrize(
    ("question", "keywords"),
    [
        ("Where can I get support for bioinformatics in Uppsala?", "support bioinformatics uppsala"),
        ("What is the name of Anna's second book?", "anna second book"),
        ("How many SARS-CoV-2 samples were sequenced?", "sars-cov-2 samples sequenced"),
    ],
)
def test_keywords_are_the_content_words_in_order(question: str, keywords: str) -> None:
    assert to_keywords(question) == keywords


@pytest.mark.parametrize(
    "question",
    [
        "Who is she?",
        "Which towns were not connected to the railway?",
        "Which clerk carried seven heavy iron keys across frozen northern rivers?",
    ],
)
def test_a_question_with_too_few_or_many_keywords_or_with_a_negation_has_no_such_form(question: str) -> None:
    assert to_keywords(question) is None


@pytest.mark.parametrize(
    ("question", "answer", "yes_no"),
    [
        ("When was the mill built?", "1847,", "Was the mill built in 1847?"),
        ("When did the mill burn down?", "on 3 May 1901", "Did the mill burn down on 3 May 1901?"),
        ("In what decade did the mill reopen?", "the early 1920s", "Did the mill reopen in the early 1920s?"),
        ("Where is the old mill located?", "Norrtälje", "Is the old mill located in Norrtälje?"),
        ("Who was the first owner of the mill?", "Anna Berg", "Was Anna Berg the first owner of the mill?"),
        ("What is Berg's largest mill?", "The Blue Mill", "Is the Blue Mill Berg's largest mill?"),
        ("What is the term for grain that was milled?", "flour", "Is flour the term for grain that was milled?"),
    ],
)
def test_the_answer_is_put_into_a_yes_no_question(question: str, answer: str, yes_no: str) -> None:
    assert to_yes_no(question, answer) == yes_no


def test_a_question_in_lower_case_without_question_mark_stays_so() -> None:
    assert to_yes_no("where was the mill film shot", "Norrtälje") == "was the mill film shot in norrtälje"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Why was the mill built?", "to grind grain"),
        ("When was the mill built?", "by Anna Berg"),
        ("When did the mill of 1847 burn down?", "1901"),
        ("Where did the miller move?", "Norrtälje"),
        ("Who was the mill named after?", "Anna Berg"),
        ("Who was the first owner of the mill?", "Anna Berg was the"),
        ("What is the purpose of the mill?", "grinds grain all day"),
        ("Where is the old mill located?", "Norrtälje. The"),
    ],
)
def test_no_yes_no_question_is_made_where_it_could_be_wrong(question: str, answer: str) -> None:
    assert to_yes_no(question, answer) is None
