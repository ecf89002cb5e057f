"""What the assistant itself says, in English and Swedish. Nothing here states a fact of the corpus."""

from __future__ import annotations

from assistant.language import LANGUAGES
from assistant.schema import Verdict

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
_TOPICS = {"en": "They do cover: {topics}.", "sv": "De tar upp: {topics}."}
_CONTACT = {"en": "You can ask: {contact}", "sv": "Du kan fråga: {contact}"}
_LEAD_ACROSS = {"en": "The texts say, in {language}:", "sv": "I texterna står det, på {language}:"}
_LANGUAGE_NAMES = {
    "en": {"en": "English", "sv": "Swedish"},
    "sv": {"en": "engelska", "sv": "svenska"},
}
_OTHER_LANGUAGE = {"en": "their own language", "sv": "deras eget språk"}


def page_language(language: str, default: str) -> str:
    """The language the assistant speaks to somebody who writes `language`."""
    return language if language in LANGUAGES else default


def refusal(verdict: Verdict, language: str, topics: tuple[str, ...], contact: str) -> str:
    """The text of a refusal: what it is, the nearest topics, and whom to ask."""
    parts = [_REFUSALS[language][verdict]]
    if topics:
        parts.append(_TOPICS[language].format(topics="; ".join(topics)))
    if contact:
        parts.append(_CONTACT[language].format(contact=contact))
    return " ".join(parts)


def lead(language: str, quoted: str) -> str:
    """What stands before quotes in another language than the asker's; empty for the same."""
    if language == quoted:
        return ""
    name = _LANGUAGE_NAMES[language].get(quoted, _OTHER_LANGUAGE[language])
    return _LEAD_ACROSS[language].format(language=name)
