"""Makes answers that contain markup in as many fields as possible."""

from __future__ import annotations

from typing import Any

from assistant.schema import Answer, Citation, Notice, Verdict

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"


def hostile_answer(**fields: Any) -> Answer:
    """Return an answer that contains markup in as many fields as possible. `fields` overrides individual fields."""
    citation = Citation(
        number=1, document_id=HOSTILE, title=HOSTILE, url="javascript:alert(1)", heading=(HOSTILE,),
        passage_id='"><script>', quote=f"{HOSTILE}\n\n[a](http://evil.example) ![b](http://evil.example/c.png)",
        start=0, end=9, score=1.0, language='"><script>',
    )  # fmt: skip
    values = {
        "question": HOSTILE, "resolved_question": HOSTILE, "language": "en", "verdict": Verdict.ANSWERED,
        "abstained": False, "answer": f"{citation.quote} [1]", "confidence": 0.9, "citations": (citation,),
        "suggestions": (HOSTILE,), "notices": (Notice("changed", (1,)),), "answer_id": '"><script>',
    }  # fmt: skip
    return Answer(**{**values, **fields})
