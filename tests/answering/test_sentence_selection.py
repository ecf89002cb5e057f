from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.answering.definitions import DefinitionQuestion
from assistant.answering.sentence_selection import MAX_QUOTES, ScoredSentence, score_sentences, select_sentences
from assistant.index.loading import Index
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Document
from tests.conftest import document, index_of
from tests.fakes import BagOfWords


def scored(index: Index, question: str, definition: DefinitionQuestion | None = None) -> list[ScoredSentence]:
    query = make_query(index, BagOfWords(), question, "en")
    return score_sentences(index, query, retrieve(index, query, 5), definition)


def quotes_of(documents: Sequence[Document], question: str, folder: Path) -> list[str]:
    return [item.quote for item in select_sentences(scored(index_of(documents, folder), question))]


def test_sentence_with_the_words_of_the_question_scores_highest(shared_index: Index) -> None:
    sentences = scored(shared_index, "Who are trained every autumn?")
    assert sentences[0].quote == "Nurses are trained every autumn."
    assert len(sentences) == sum(len(passage.sentences) for passage in shared_index.passages) == 6
    assert [item.score for item in sentences] == sorted((item.score for item in sentences), reverse=True)


def test_word_match_includes_the_title(tmp_path: Path) -> None:
    documents = [document(f"{name}.md", "It affects many organs.", title=f"{name} syndrome") for name in ("Bloom", "X")]
    best, other = scored(index_of(documents, tmp_path), "What does Bloom syndrome affect?")
    assert best.passage.title == "Bloom syndrome"
    assert best.word_match > other.word_match


def test_sentence_that_defines_the_name_gets_its_bonus(shared_index: Index) -> None:
    definition = DefinitionQuestion("AI2", True)
    plain, with_bonus = (
        {item.quote: item.score for item in scored(shared_index, "What is AI2?", question)}
        for question in (None, definition)
    )
    for quote, score in plain.items():
        assert with_bonus[quote] - score == pytest.approx(definition.score_bonus(quote))
    assert max(with_bonus, key=lambda quote: with_bonus[quote]).startswith("The Alpha Institute (AI2)")


def test_question_without_content_words_has_no_word_match(shared_index: Index) -> None:
    assert {item.word_match for item in scored(shared_index, "What is it?")} == {0.0}


def test_selected_sentences_are_few_and_in_reading_order(shared_index: Index) -> None:
    selected = select_sentences(scored(shared_index, "Alpha Institute methods founded Lund"))
    assert 1 <= len(selected) <= MAX_QUOTES
    assert [item.span.start for item in selected] == sorted(item.span.start for item in selected)


def test_without_sentences_nothing_is_selected() -> None:
    assert select_sentences([]) == []


def test_contradicting_sentence_is_also_selected(tmp_path: Path) -> None:
    hours = "The office in Lund opens at {} every morning for visitors and for guests of the whole region."
    documents = [
        document("one.md", hours.format(8), title="Office in Lund"),
        document("two.md", "Rain falls often in autumn. " + hours.format(9) + " Snow falls in winter.", title="Other"),
    ]
    quotes = quotes_of(documents, "When does the office in Lund open for visitors?", tmp_path)
    assert quotes == [hours.format(8), hours.format(9)]


def test_sentence_that_occurs_in_two_documents_is_selected_once(tmp_path: Path) -> None:
    texts = ["The hub opened in 2019. It is large.", "The hub opened in 2019. Nurses train there every autumn."]
    documents = [document(f"{number}.md", text) for number, text in enumerate(texts)]
    assert quotes_of(documents, "When was the hub opened in 2019?", tmp_path).count("The hub opened in 2019.") == 1


def test_list_item_is_widened_to_the_whole_list(tmp_path: Path) -> None:
    text = "The partners of the network are:\n\n- Lund hospital\n- Umeå university\n- patient groups"
    assert quotes_of([document(text=text)], "Is Umeå university a partner?", tmp_path) == [text]
