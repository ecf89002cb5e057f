"""Talk about the assistant itself: greetings, thanks, "what can you do?".

Only a message that is nothing but that counts; a question that begins with "hello" is a question.
"""

from __future__ import annotations

from assistant.citations import without_markers
from assistant.text.words import words

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
    },
}  # fmt: skip
_REPLIES = {
    "en": {
        "greeting": "Hello! Ask me something about the texts I have.",
        "thanks": "You're welcome.",
        "farewell": "Goodbye!",
        "about": "I am a computer program. I search this organisation's texts and answer with their own sentences, "
        "each with its source. When the texts don't say, I say so.",
    },
    "sv": {
        "greeting": "Hej! Fråga mig något om texterna jag har.",
        "thanks": "Varsågod.",
        "farewell": "Hej då!",
        "about": "Jag är ett datorprogram. Jag söker i organisationens texter och svarar med deras egna meningar, "
        "var och en med sin källa. När texterna inte säger något om saken säger jag det.",
    },
}
_TOPICS = {"en": "The texts are about: {topics}.", "sv": "Texterna handlar om: {topics}."}


def recognise_small_talk(message: str) -> tuple[str, str] | None:
    """Language and kind of a message that is only talk about the assistant, else None."""
    said = " ".join(words(message))
    for language, kinds in _FORMS.items():
        for kind, forms in kinds.items():
            if said in forms:
                return language, kind
    return None


def small_talk_reply(language: str, kind: str, topics: tuple[str, ...]) -> str:
    """What the assistant says of itself; `topics` are titles of the corpus."""
    text = _REPLIES[language][kind]
    if kind in {"greeting", "about"} and topics:
        text += " " + _TOPICS[language].format(topics="; ".join(topics))
    return without_markers(text)
