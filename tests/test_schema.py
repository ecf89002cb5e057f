from __future__ import annotations

import json

from assistant.schema import Answer, Notice, Passage, Span, Verdict, answer_as_dict


def test_a_passage_quotes_by_document_offsets() -> None:
    passage = Passage(
        passage_id="p", document_id="a.md", title="A", url=None, language="en", heading=(),
        text="Another thing.", start=11, end=25, sentences=(Span(11, 25),),
    )  # fmt: skip
    assert passage.quote(Span(19, 24)) == "thing"


def test_an_answer_becomes_a_json_object() -> None:
    answer = Answer(
        question="q", resolved_question="q", language="sv", verdict=Verdict.UNCLEAR, abstained=True,
        answer="a", confidence=0.25, notices=(Notice("disagree", (1, 2)),),
    )  # fmt: skip
    values = json.loads(json.dumps(answer_as_dict(answer)))
    assert values["verdict"] == "unclear"
    assert values["notices"] == [{"kind": "disagree", "citations": [1, 2]}]
    assert (values["citations"], values["answer_id"], values["timings_ms"]) == ([], "", {})
