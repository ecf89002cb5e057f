"""Recognises small talk, such as greetings, thanks and "what can you do?", and replies to it.

A message that contains anything else is not small talk: a question that begins with "hello" is still a question.
"""

from __future__ import annotations

from assistant.citations import escape_citation_markers
from assistant.text.words import split_words

_FORMS: dict[str, dict[str, frozenset[str]]] = {
    "en": {
        "greeting": frozenset({"hello", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon"}),
        "thanks": frozenset({"thanks", "thank you", "thank you very much", "many thanks", "thanks a lot", "ok thanks"}),
        "farewell": frozenset({"bye", "goodbye", "good bye", "see you"}),
        "about": frozenset({
            "what can you do", "what do you do", "who are you", "what are you", "how do you work", "help",
            "what can i ask", "what can i ask you", "can you help me", "how does this work", "are you a robot",
            "are you an ai", "what do you know", "how can you help me", "how can you help",
        }),
        "declined": frozenset({"no", "nope", "no thanks", "no thank you", "never mind"}),
    },
    "sv": {
        "greeting": frozenset({"hej", "hejsan", "hallå", "god morgon", "god dag", "hej hej", "tjena", "hej på dig"}),
        "thanks": frozenset({"tack", "tack så mycket", "tackar", "stort tack", "ok tack", "tusen tack"}),
        "farewell": frozenset({"hej då", "adjö", "vi ses"}),
        "about": frozenset({
            "vad kan du göra", "vad kan du", "vad gör du", "vem är du", "vad är du", "hur fungerar du", "hjälp",
            "vad kan jag fråga", "vad kan jag fråga dig", "vad kan jag fråga om", "kan du hjälpa mig",
            "hur fungerar det här", "är du en robot", "är du en ai", "vad vet du", "hur kan du hjälpa mig",
        }),
        "declined": frozenset({"nej", "nej tack", "nä", "nix", "glöm det"}),
    },
}  # fmt: skip
_REPLIES = {
    "en": {
        "greeting": "Hello! Ask me anything about the documents.",
        "thanks": "You're welcome!",
        "farewell": "Goodbye!",
        "declined": "All right. Just ask if you want to know anything else.",
        "agreed": "What would you like to know?",
        "about": "I'm a computer program. I search this organisation's documents and answer with sentences quoted "
        "from them, each with its source. If I find no answer, I tell you so.",
    },
    "sv": {
        "greeting": "Hej! Ställ gärna en fråga om innehållet i dokumenten.",
        "thanks": "Varsågod!",
        "farewell": "Hej då!",
        "declined": "Okej. Fråga gärna om du vill veta något annat.",
        "agreed": "Vad vill du veta?",
        "about": "Jag är ett datorprogram. Jag söker i organisationens dokument, svarar med citat ur dem "
        "och anger alltid källan. Om jag inte hittar något svar säger jag det.",
    },
}
_TOPICS = {"en": "The documents include: {topics}.", "sv": "Exempel på dokument: {topics}."}


def recognise_small_talk(message: str) -> tuple[str, str] | None:
    """Return the language and the kind of small talk if `message` is nothing but small talk, else None.

    The kinds are "greeting", "thanks", "farewell", "declined" ("no, thanks") and "about" (a question about the
    assistant).
    """
    normalised = " ".join(split_words(message))
    for language, kinds in _FORMS.items():
        for kind, forms in kinds.items():
            if normalised in forms:
                return language, kind
    return None


def small_talk_reply(language: str, kind: str, topics: tuple[str, ...]) -> str:
    """Return a reply to small talk, or to "yes" (kind "agreed") if nothing has been offered.

    Replies to greetings and to questions about the assistant mention `topics`.
    """
    text = _REPLIES[language][kind]
    if kind in {"greeting", "about"} and topics:
        text += " " + _TOPICS[language].format(topics="; ".join(topics))
    return escape_citation_markers(text)
