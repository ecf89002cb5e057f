"""The assistant's own phrases, in English and Swedish. None of them states a fact from the documents."""

from __future__ import annotations

import re

from assistant.citations import escape_citation_markers
from assistant.schema import Verdict
from assistant.text.language import SUPPORTED_LANGUAGES

_REFUSALS = {
    "en": {
        Verdict.NOT_COVERED: "I found no answer to this in the documents.",
        Verdict.UNCLEAR: "I found passages about this, but no clear answer.",
    },
    "sv": {
        Verdict.NOT_COVERED: "Jag hittade inget svar på din fråga i dokumenten.",
        Verdict.UNCLEAR: "Jag hittade stycken som berör frågan, men inget tydligt svar.",
    },
}
_PARTLY_UNCLEAR = {
    "en": "I found passages about this, but no clear answer. Ask this question on its own to see them.",
    "sv": "Jag hittade stycken som berör frågan, men inget tydligt svar. Ställ frågan separat om du vill se styckena.",
}
_RELATED_TOPICS = {"en": "Related topics: {topics}.", "sv": "Närliggande ämnen: {topics}."}
_CONTACT = {"en": "You can contact {contact} instead.", "sv": "Du kan i stället kontakta {contact}."}
_YES_NO_LEAD_IN = {"en": "This is what the documents say:", "sv": "Så här står det i dokumenten:"}
_YES_NO = {
    "en": re.compile(
        r"\W*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|must)\s+\w", re.IGNORECASE
    ),
    # A Swedish yes-or-no question begins with its verb, usually in the present tense.
    "sv": re.compile(
        r"\W*(?:är|var (?!och)(?:det|den|de|han|hon)|finns|får|kan|kunde|ska|skulle|måste|\w{3,}[ae]r)\s+\w",
        re.IGNORECASE,
    ),
}
_OTHER_LANGUAGE_LEAD_IN = {
    "en": "This is what the documents say, in {language}:",
    "sv": "Så här står det på {language} i dokumenten:",
}
_LANGUAGE_NAMES = {
    "en": {"en": "English", "sv": "Swedish"},
    "sv": {"en": "engelska", "sv": "svenska"},
}
_UNNAMED_LANGUAGE = {"en": "the original language", "sv": "originalspråket"}


def reply_language(language: str, default: str) -> str:
    """Return the language of the reply to a question in `language`: `language` itself if supported, else `default`."""
    return language if language in SUPPORTED_LANGUAGES else default


def partial_refusal_text(language: str) -> str:
    """Return the text for refusing one question of a message whose other questions are answered.

    Unlike a full refusal, a partial refusal is not accompanied by the closest passages.
    """
    return _PARTLY_UNCLEAR[language]


def refusal_text(verdict: Verdict, language: str, topics: tuple[str, ...], contact: str) -> str:
    """Return the text of a refusal, which names any related topics and, if there is one, a contact."""
    parts = [_REFUSALS[language][verdict]]
    if topics:
        parts.append(_RELATED_TOPICS[language].format(topics="; ".join(topics)))
    if contact:
        parts.append(_CONTACT[language].format(contact=contact))
    return escape_citation_markers(" ".join(parts))


def quote_lead_in(language: str, quote_language: str, question: str) -> str:
    """Return the words that introduce the quotes, or "" if no introduction is needed.

    Quotes need a lead-in if they aren't in the user's language. They also need one if the question calls for a yes or
    a no, because the assistant itself never says yes or no.
    """
    if language == quote_language:
        return _YES_NO_LEAD_IN[language] if _YES_NO[language].match(question) else ""
    name = _LANGUAGE_NAMES[language].get(quote_language, _UNNAMED_LANGUAGE[language])
    return _OTHER_LANGUAGE_LEAD_IN[language].format(language=name)
