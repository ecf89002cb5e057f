from __future__ import annotations

from dataclasses import replace

from assistant.citations import split_at_citations
from assistant.conversation.answer_combining import combine_answers
from assistant.schema import Answer, Citation, Verdict


def citation(quote: str, number: int = 1, document_id: str = "a.md") -> Citation:
    return Citation(number, document_id, "A", None, (), f"p-{quote}", quote, 0, len(quote), 1.0, "en")


def answered(question: str, *quotes: str, confidence: float = 0.9) -> Answer:
    citations = tuple(citation(quote, number) for number, quote in enumerate(quotes, 1))
    text = " ".join(f"{item.quote} [{item.number}]" for item in citations)
    return Answer(question, question, "en", Verdict.ANSWERED, False, text, confidence, citations)


def refused(question: str, verdict: Verdict, confidence: float = 0.1) -> Answer:
    closest = (citation(f"Near {question}"),) if verdict is Verdict.UNCLEAR else ()
    return Answer(question, question, "en", verdict, True, "Refused.", confidence, closest=closest)


def test_quotes_are_numbered_through_all_questions() -> None:
    combined = combine_answers("Both", [answered("One?", "First."), answered("Two?", "Second.", "Third.")], "en")
    assert combined.answer == "One? First. [1]\nTwo? Second. [2] Third. [3]"
    assert [(item.number, item.quote) for item in combined.citations] == [(1, "First."), (2, "Second."), (3, "Third.")]
    assert (combined.question, combined.resolved_question) == ("Both", "One? Two?")


def test_repeated_quote_keeps_its_number() -> None:
    combined = combine_answers("Both", [answered("One?", "First."), answered("Two?", "Second.", "First.")], "en")
    assert combined.answer == "One? First. [1]\nTwo? Second. [2] First. [1]"
    assert len(combined.citations) == 2


def test_answered_question_decides_the_verdict_and_confidence() -> None:
    answers = [answered("One?", "A.", confidence=0.9), answered("Two?", "B.", confidence=0.6)]
    combined = combine_answers("All", [*answers, refused("Three?", Verdict.NOT_COVERED)], "en")
    assert (combined.verdict, combined.abstained, combined.confidence) == (Verdict.ANSWERED, False, 0.6)
    assert combined.answer.endswith("Three? Refused.")


def test_unclear_question_beside_an_answer_gets_a_note_without_passages() -> None:
    combined = combine_answers("Both", [answered("One?", "A."), refused("Two?", Verdict.UNCLEAR)], "en")
    assert combined.closest == ()
    assert "Two? I found passages about this" in combined.answer
    assert "Refused." not in combined.answer


def test_closest_passages_of_unclear_questions_are_merged() -> None:
    answers = [refused(name, Verdict.UNCLEAR) for name in ("One?", "Two?", "One?")]
    combined = combine_answers("All", [*answers, refused("Three?", Verdict.NOT_COVERED)], "en")
    assert (combined.verdict, combined.abstained) == (Verdict.UNCLEAR, True)
    assert [(item.number, item.quote) for item in combined.closest] == [(1, "Near One?"), (2, "Near Two?")]


def test_small_talk_beside_a_refusal_is_a_refusal() -> None:
    small_talk = replace(refused("Hello?", Verdict.ABOUT_ME), abstained=False)
    combined = combine_answers("Both", [small_talk, refused("One?", Verdict.NOT_COVERED)], "en")
    assert (combined.verdict, combined.abstained) == (Verdict.NOT_COVERED, True)


def test_segments_of_a_combined_answer_are_its_words_and_quotes() -> None:
    combined = combine_answers("Both", [answered("One?", "A."), refused("Two?", Verdict.NOT_COVERED)], "en")
    assert list(split_at_citations(combined)) == ["One?", combined.citations[0], "Two? Refused."]


def test_marker_in_a_question_is_rewritten() -> None:
    combined = combine_answers("Both", [answered("One [1]?", "A."), answered("Two?", "B.")], "en")
    assert combined.answer == "One (1)? A. [1]\nTwo? B. [2]"


def test_suggestions_are_distinct_and_at_most_three() -> None:
    one = replace(answered("One?", "A."), suggestions=("P?", "Q?"))
    two = replace(answered("Two?", "B."), suggestions=("Q?", "R?", "S?"))
    assert combine_answers("Both", [one, two], "en").suggestions == ("P?", "Q?", "R?")
