"""What the assistant itself says, in English and Swedish. Nothing here states a fact of the corpus."""

from __future__ import annotations

import re

from assistant.citations import without_markers
from assistant.schema import Verdict
from assistant.text.language import LANGUAGES

_REFUSALS = {
    "en": {
        Verdict.NOT_COVERED: "The texts say nothing about this.",
        Verdict.UNCLEAR: "The texts touch on this but don't clearly answer it. The closest passages are shown below.",
    },
    "sv": {
        Verdict.NOT_COVERED: "Texterna säger ingenting om detta.",
        Verdict.UNCLEAR: "Texterna berör detta men ger inget tydligt svar. De närmaste styckena visas nedan.",
    },
}
_UNCLEAR_BESIDE = {
    "en": "The texts touch on this but don't clearly answer it; ask it alone to see the closest passages.",
    "sv": "Texterna berör detta men ger inget tydligt svar; ställ frågan för sig för att se de närmaste styckena.",
}
_TOPICS = {"en": "They do cover: {topics}.", "sv": "De tar upp: {topics}."}
_CONTACT = {"en": "You can ask: {contact}", "sv": "Du kan fråga: {contact}"}
_LEAD_YES_NO = {"en": "This is what the texts say about it:", "sv": "Så här står det i texterna:"}
_YES_NO = {
    "en": re.compile(
        r"\W*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|must)\s+\w", re.IGNORECASE
    ),
    # A Swedish question without a question word begins with its verb, mostly in the present tense.
    "sv": re.compile(
        r"\W*(?:är|var (?!och)(?:det|den|de|han|hon)|finns|får|kan|kunde|ska|skulle|måste|\w{3,}[ae]r)\s+\w",
        re.IGNORECASE,
    ),
}
_LEAD_ACROSS = {"en": "The texts say, in {language}:", "sv": "I texterna står det, på {language}:"}
_LANGUAGE_NAMES = {
    "en": {"en": "English", "sv": "Swedish"},
    "sv": {"en": "engelska", "sv": "svenska"},
}
_OTHER_LANGUAGE = {"en": "their own language", "sv": "deras eget språk"}


def reply_language(language: str, default: str) -> str:
    """The language the assistant speaks to somebody who writes `language`."""
    return language if language in LANGUAGES else default


def partly_unclear_note(language: str) -> str:
    """The refusal of one question beside another that is answered: no passages are shown then."""
    return _UNCLEAR_BESIDE[language]


def refusal_text(verdict: Verdict, language: str, topics: tuple[str, ...], contact: str) -> str:
    """The text of a refusal: what it is, the nearest topics, and whom to ask."""
    parts = [_REFUSALS[language][verdict]]
    if topics:
        parts.append(_TOPICS[language].format(topics="; ".join(topics)))
    if contact:
        parts.append(_CONTACT[language].format(contact=contact))
    return without_markers(" ".join(parts))


def lead_in(language: str, quoted: str, question: str) -> str:
    """What stands before quotes in another language than the asker's, or where yes or no was asked for.

    The quote decides, not the assistant: it never says yes or no itself. Empty in other cases.
    """
    if language == quoted:
        return _LEAD_YES_NO[language] if _YES_NO[language].match(question) else ""
    name = _LANGUAGE_NAMES[language].get(quoted, _OTHER_LANGUAGE[language])
    return _LEAD_ACROSS[language].format(language=name)
