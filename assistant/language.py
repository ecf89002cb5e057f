"""Which language a text or a question is in, and what its words are: English and Swedish first.

Function words decide where they can (a question is often too short for statistics); py3langid
(Lui & Baldwin 2012, "langid.py") decides the rest among the languages of our users' neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from assistant.schema import Span

# Words with little content of their own; also what tells the two languages apart.
FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a about above after again against all also am among an and another any are as at be because been before "
        "being below between both but by can could d did do does doing done during each either else ever every for "
        "from further get gets got had has have having he her here hers herself him himself his how i if in into is "
        "it its itself just ll m may me might more most must my myself neither no nor not now of off on once only "
        "onto or other our ours out over own per please re s same shall she should so some still such t than that "
        "the their theirs them themselves then there these they this those through to too under until up upon us ve "
        "very via was we were what when where whether which while who whom whose why will with within without would "
        "yet you your yours".split()
    ),
    "sv": frozenset(
        "alla allt alltså andra annan annat att av bara bland blev bli blir blivit båda bör da de dem den denna deras "
        "dess dessa det detta dig din dina dit ditt dock du där därför efter ej eller en endast enligt er era ert ett "
        "fick finns finnas från får för före genom gjorde gjort gå gör göra görs ha hade haft han hans har henne "
        "hennes hit hon honom hos hur här i ibland ifrån in inga ingen inget innan inom inte ja jag kan kom kommer "
        "kring kunde kunna man med medan mellan men mer mest mig min mina mitt mot mycket måste ni nog nu när någon "
        "något några nästan och också ofta om oss per på redan runt samt sedan ser sig sin sina sitt ska skall "
        "skulle som så sådan sådana sådant till tills trots under upp ut utan utom utöver vad var vara vare varit "
        "varje vars vart varför vem vems vet vi via vid vidare vilka vilkas vilken vilket vill visst vår våra vårt "
        "än ännu även åt är över".split()
    ),
}
LANGUAGES = tuple(FUNCTION_WORDS)  # the languages of the page
_NEIGHBOURS = ("en", "sv", "no", "da", "fi", "de", "fr", "es", "it", "nl", "pl", "pt", "ru", "ar", "uk", "zh")
_ALL = frozenset().union(*FUNCTION_WORDS.values())
_SHARED = FUNCTION_WORDS["en"] & FUNCTION_WORDS["sv"]
_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


def fold(text: str) -> str:
    """`text` for comparison: NFKC, lower case."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def words(text: str) -> list[str]:
    """The words of `text`, folded; numbers keep their decimals, hyphens and apostrophes divide."""
    return _WORD.findall(fold(text))


def content_words(text: str) -> list[tuple[str, Span]]:
    """Folded words of `text` and where they stand, without function words of any of our languages."""
    found = [(fold(match.group()), Span(match.start(), match.end())) for match in _WORD.finditer(text)]
    return [(word, span) for word, span in found if not is_function_word(word)]


def is_function_word(word: str) -> bool:
    """Whether a folded word has little content of its own in any of our languages."""
    return word in _ALL


def detect_question(text: str, default: str) -> str:
    """Language code of a question; `default` where it shows none (a name, an abbreviation)."""
    found = words(text)
    votes = {code: sum(word in own and word not in _SHARED for word in found) for code, own in FUNCTION_WORDS.items()}
    best = max(votes, key=lambda code: votes[code])
    if sum(votes.values()) == votes[best] > 0:
        return best
    if any(char in "åäö" for word in found for char in word) and votes["sv"] >= votes["en"]:
        return "sv" if _classify(text) in {"sv", "no", "da", "en"} else _classify(text)
    if len(found) < 3:
        return default
    return _classify(text)


def detect_text(text: str) -> str:
    """Language code of a longer text."""
    return _classify(text[:4000])


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_NEIGHBOURS))
    return identifier


def _classify(text: str) -> str:
    return str(_identifier().classify(text)[0])


@lru_cache(maxsize=4)
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer({"sv": "swedish"}.get(language, "english"))


def stem(word: str, language: str) -> str:
    """The stem of a folded word (Snowball, Porter 2001); a language without a stemmer counts as English."""
    return str(_stemmer(language).stemWord(word))


def stems(text: str, language: str) -> list[str]:
    """Content words of `text` in order, stemmed; function words of any of our languages left out."""
    return stems_of([word for word, _ in content_words(text)], language)


def stems_of(found: Sequence[str], language: str) -> list[str]:
    """The stem of each folded word; see `stem`."""
    return [str(own) for own in _stemmer(language).stemWords(found)]
