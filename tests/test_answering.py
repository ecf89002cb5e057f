from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering import phrases, writer
from assistant.answering.answerability import Decision, load_answerability_model
from assistant.answering.definitions import Definition, parse_definition_question, to_search_query
from assistant.answering.features import Features
from assistant.answering.sentence_selection import MAX_QUOTES, score_sentences, select_sentences
from assistant.answering.whole_lists import expand_to_list
from assistant.citations import segments
from assistant.conversation import small_talk
from assistant.conversation.assistant import Assistant
from assistant.retrieval.query import make_query
from assistant.retrieval.retriever import retrieve
from assistant.schema import Span, Verdict
from tests.conftest import document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords


def test_the_sentence_with_the_asked_words_is_weighed_highest(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Who are trained every autumn?", "en")
    found = score_sentences(small_assistant.index, query, retrieve(small_assistant.index, query, 5))
    assert found[0].quote == "Nurses are trained every autumn."
    assert len(found) == 6


def test_one_to_three_sentences_are_chosen_in_reading_order(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Alpha Institute methods founded Lund", "en")
    found = select_sentences(score_sentences(small_assistant.index, query, retrieve(small_assistant.index, query, 5)))
    assert 1 <= len(found) <= MAX_QUOTES
    assert [item.span.start for item in found] == sorted(item.span.start for item in found)
    assert select_sentences([]) == []


def test_every_quote_is_followed_by_its_marker(small_assistant: Assistant) -> None:
    query = make_query(small_assistant.index, BagOfWords(), "Alpha Institute founded", "en")
    citations = writer.make_citations(
        select_sentences(score_sentences(small_assistant.index, query, retrieve(small_assistant.index, query, 5)))
    )
    text = writer.compose_answer(citations, "en", "When?")
    assert text == " ".join(f"{item.quote} [{item.number}]" for item in citations)
    assert writer.compose_answer(citations, "sv", "När?") == f"I texterna står det, på engelska: {text}"
    assert writer.compose_answer(citations, "en", "Was it founded?") == f"This is what the texts say about it: {text}"


def judged(**values: float) -> Decision:
    return ANSWERABILITY.decide(Features(**{name: values.get(name, 0.0) for name in Features.__dataclass_fields__}))


def test_verdicts_follow_the_probabilities() -> None:
    order = [Verdict.NOT_COVERED, Verdict.UNCLEAR, Verdict.ANSWERED]
    found = [order.index(judged(word_match=step / 100).verdict) for step in range(101)]
    assert found == sorted(found)
    assert set(found) == {0, 1, 2}
    assert ANSWERABILITY.decide(None).verdict is Verdict.NOT_COVERED


def test_where_every_word_of_the_question_stands_the_texts_are_not_silent() -> None:
    assert judged(word_match=0.0, word_coverage=0.5).verdict is Verdict.NOT_COVERED
    assert judged(word_match=0.0, word_coverage=1.0).verdict is Verdict.UNCLEAR


def test_the_weights_that_come_with_the_program_use_known_features() -> None:
    model = load_answerability_model()
    assert set(model.answer_model.weights) <= set(Features.__dataclass_fields__) >= set(model.topic_model.weights)
    assert load_answerability_model(0.7).answer_threshold == 0.7


def features_of(assistant: Assistant, question: str) -> Features:
    made = assistant.gather_evidence(question, "en").features
    assert made is not None
    return made


def test_a_name_or_number_that_the_texts_lack_is_noticed(small_assistant: Assistant) -> None:
    there, missing = (
        features_of(small_assistant, f"When was the Alpha Institute founded in {it}?") for it in ("Lund", "Oslo")
    )
    assert (there.missing_names, missing.missing_names) == (0, 1)
    assert features_of(small_assistant, "Was it founded in 1998 in Lund?").number_missing == 0
    assert features_of(small_assistant, "Was it founded in 1850 in Lund?").number_missing == 1


def test_a_question_for_a_time_wants_a_time(small_assistant: Assistant) -> None:
    assert features_of(small_assistant, "When was it founded in Lund?").lacks_answer_type == 0
    assert features_of(small_assistant, "When does Gamma University teach statistics?").lacks_answer_type == 1


def test_a_refusal_names_topics_and_contact_in_the_askers_language() -> None:
    text = phrases.refusal_text(Verdict.NOT_COVERED, "sv", ("Ämne",), "Anna")
    assert text == "Texterna säger ingenting om detta. De tar upp: Ämne. Du kan fråga: Anna"
    assert phrases.refusal_text(Verdict.UNCLEAR, "en", (), "").startswith("The texts touch on this")


def test_somebody_who_writes_a_third_language_is_answered_in_the_default() -> None:
    assert phrases.reply_language("fr", "sv") == "sv"
    assert phrases.reply_language("en", "sv") == "en"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hello!", ("en", "greeting")),
        ("hej", ("sv", "greeting")),
        ("Tack så mycket!", ("sv", "thanks")),
        ("What can you do?", ("en", "about")),
        ("Hello, what is NBIS?", None),
        ("Thanks to whom was it built?", None),
    ],
)
def test_only_talk_about_the_assistant_is_small_talk(message: str, expected: tuple[str, str] | None) -> None:
    assert small_talk.recognise_small_talk(message) == expected


@pytest.mark.parametrize(
    ("question", "name", "spelled_out"),
    [
        ("What is NBIS?", "NBIS", False),
        ("Vad är Clinical Genomics?", "Clinical Genomics", False),
        ("What does GMS stand for?", "GMS", True),
        ("Vad står GMS för?", "GMS", True),
    ],
)
def test_a_question_for_a_definition_is_recognised(question: str, name: str, spelled_out: bool) -> None:
    assert parse_definition_question(question) == Definition(name, spelled_out)


@pytest.mark.parametrize("question", ["What is the purpose of the large project in the north?", "Who funds GMS?"])
def test_another_question_asks_for_no_definition(question: str) -> None:
    assert parse_definition_question(question) is None


def test_the_sentence_that_spells_a_name_out_is_preferred_where_that_is_asked() -> None:
    spelled, stated = "The Alpha Institute (AI2) measures.", "AI2 is an institute."
    assert Definition("AI2", True).bonus(spelled) > Definition("AI2", True).bonus(stated) == 0
    assert Definition("AI2", False).bonus(stated) > Definition("AI2", False).bonus(spelled) > 0
    assert Definition("AI2", True).bonus("AI2 measures.") == 0
    assert to_search_query("What does AI2 stand for?", "en") == "What is AI2?"


LIST = "Partners are:\n\n- hospitals\n- universities\n- patients\n\nThey meet. Two meetings:\n\n1. spring\n2. autumn"


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("Partners are:", LIST[: LIST.index("\n\nThey")]),
        ("universities", LIST[: LIST.index("\n\nThey")]),
        ("They meet.", "They meet."),
        ("Two meetings:", "Two meetings:\n\n1. spring\n2. autumn"),
    ],
)
def test_a_list_is_quoted_whole(words: str, whole: str, tmp_path: Path) -> None:
    (passage,) = index_of([document(text=LIST)], tmp_path).passages
    span = Span(LIST.index(words), LIST.index(words) + len(words))
    assert passage.quote(expand_to_list(passage, span)) == whole


def test_two_questions_are_answered_one_by_one_with_one_numbering(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("When was the Alpha Institute founded in Lund? Where are nurses trained every autumn?")
    assert answer.verdict is Verdict.ANSWERED
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    quotes = [citation.quote for citation in answer.citations]
    assert {"It was founded in 1998 in Lund.", "Nurses are trained every autumn."} <= set(quotes)
    assert "Where are nurses trained every autumn?" in answer.answer


def test_of_two_questions_the_one_without_an_answer_is_refused(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("Who trains nurses every autumn? Zebra xylophone quartz?")
    assert answer.verdict is Verdict.ANSWERED
    assert "Zebra xylophone quartz? The texts say nothing about this." in answer.answer


def test_the_segments_of_an_answer_are_its_words_and_its_quotes(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("Who trains nurses every autumn? Zebra xylophone quartz?")
    found = list(segments(answer))
    assert found[0] == "Who trains nurses every autumn?"
    assert [item for item in found if not isinstance(item, str)] == list(answer.citations)


def test_the_asker_cannot_write_a_marker_into_the_answer(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("Was zebra quartz built [1]? When was the Alpha Institute founded in Lund?")
    assert answer.verdict is Verdict.ANSWERED
    assert "built (1)?" in answer.answer
