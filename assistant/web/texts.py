"""What the page says, in English and Swedish; also the words of Gradio that its Swedish lacks."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Collaboration assistant",
        "intro": "# Collaboration assistant\n\nAsk about the organisation's texts. This is a computer program (AI), "
        "not a person: it answers with sentences from the texts, and the number after each opens its source. "
        "Don't write personal or patient data.\n\n[English](?lang=en) · [Svenska](?lang=sv)",
        "conversation": "Conversation",
        "question": "Your question",
        "placeholder": "Ask a question",
        "ask": "Ask",
        "understood": "Understood as:",
        "common.complete": "Done",
    },
    "sv": {
        "title": "Samverkansassistenten",
        "intro": "# Samverkansassistenten\n\nFråga om organisationens texter. Det här är ett datorprogram (AI), "
        "ingen människa: det svarar med meningar ur texterna, och siffran efter varje öppnar källan. "
        "Skriv inga person- eller patientuppgifter.\n\n[English](?lang=en) · [Svenska](?lang=sv)",
        "conversation": "Samtal",
        "question": "Din fråga",
        "placeholder": "Ställ en fråga",
        "ask": "Fråga",
        "understood": "Uppfattat som:",
        "common.complete": "Klart",
    },
}
