"""The function words of English and Swedish: articles, pronouns, prepositions and other words with little meaning."""

from __future__ import annotations

# The module `assistant.text.language` uses these words to tell the two languages apart.
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

_ALL_LANGUAGES = frozenset().union(*FUNCTION_WORDS.values())


def is_function_word(word: str) -> bool:
    """Return whether a folded word is a function word in any supported language."""
    return word in _ALL_LANGUAGES
