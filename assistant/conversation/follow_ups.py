"""A follow-up and the turn before it -> a question that stands alone. By rules, without a model.

Only a question that shows that it leans on the one before is changed; a new topic is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Span, Turn
from assistant.text.function_words import is_function_word
from assistant.text.words import words

_SUBJECTS = frozenset(
    "it they them he she him this that these those den de dem han hon honom henne denna dessa".split()
)
_POSSESSIVES = frozenset("its their his her dess deras hans hennes".split())
# "det" is as often an empty subject ("hur är det") as a pronoun: it leans only in these places.
_LEANING_DET = re.compile(r"\b(?:finansierar|betyder|innebär|gör|om|med|för|av) det\??$", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|does|did|can|will) it (?:true|possible|necessary|take|cost|rain|mean)\b", re.IGNORECASE
)
_OPENERS = re.compile(r"^(?:and|but|so|och|men|så)\b[\s,]*", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:what about|how about|hur är det med|vad sägs om|då)\s+", re.IGNORECASE)
_PREPOSITIONS = frozenset(
    "in at for with from since during on to by of i på för med från sedan under till av hos vid".split()
)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_ASKING = frozenset(
    "what who whom whose which where when why how is are was were do does did can could vad vem vems vilka vilken "
    "vilket var när varför hur är finns kan har gör".split()
)


def resolve_follow_up(question: str, history: Sequence[Turn]) -> str:
    """`question` with what it leans on from the last turn written out; unchanged when it stands alone."""
    if not history:
        return question
    before = history[-1].resolved_question or history[-1].question
    bare = _OPENERS.sub("", question)
    fragment = _WHAT_ABOUT.sub("", bare)
    if fragment != bare or (bare != question and _is_fragment(fragment)):
        return _join_fragment(before, fragment)
    if _is_fragment(question):
        return _join(before, question)
    return _replace_pronouns(question, before)


def _is_fragment(question: str) -> bool:
    """Too little to ask for by itself: hardly a content word ("Since when?", "In Lund?")."""
    found = words(question)
    content = [word for word in found if not is_function_word(word)]
    if found and found[0] in _PREPOSITIONS and len(found) <= 4:
        return True
    return not content or (len(content) == 1 and len(found) > 1 and not set(found) & _ASKING)


def _join_fragment(before: str, fragment: str) -> str:
    """ "Who funds GMS?" + "NBIS?" -> "Who funds NBIS?"; + "in Lund?" -> both, one after the other."""
    first = words(fragment)[:1]
    focus = _topic_of(before)
    if focus and first and first[0] not in _PREPOSITIONS and first[0] not in _ASKING:
        return before[: focus.start] + fragment.rstrip("?!. ") + before[focus.end :]
    return _join(before, fragment)


def _join(before: str, question: str) -> str:
    end = "" if before.rstrip().endswith((".", "?", "!")) else "."
    return f"{before.rstrip()}{end} {question}"


def _replace_pronouns(question: str, before: str) -> str:
    """Put the thing the last question was about in the place of the first pronoun."""
    if _EMPTY_IT.search(question) or _topic_of(question):
        return question
    span = _topic_of(before)
    focus = before[span.start : span.end] if span else ""
    own_sentence = re.split(r"[.!?]\s", question)[0]  # later ones have what they refer to before them
    for match in _WORD.finditer(own_sentence):
        word = match.group().casefold()
        leaning_det = word == "det" and _LEANING_DET.search(question[: match.end()] + "?")
        if word not in _SUBJECTS and word not in _POSSESSIVES and not leaning_det:
            continue
        if not focus or _is_determiner(word, question[match.end() :]):
            return _join(before, question)
        genitive = focus if focus.endswith("s") else f"{focus}s" if word in {"dess", "deras"} else f"{focus}'s"
        written = genitive if word in _POSSESSIVES else focus
        return question[: match.start()] + written + question[match.end() :]
    return question


def _is_determiner(word: str, rest: str) -> bool:
    """Whether a demonstrative stands before its noun ("this project"), which keeps its place."""
    following = words(rest)[:1]
    return word in {"this", "that", "these", "those", "den", "de", "denna", "dessa"} and bool(
        following and not is_function_word(following[0]) and following[0] not in _ASKING
    )


def _topic_of(question: str) -> Span | None:
    """Where the last named thing of a question stands: a run of capitalised words or abbreviations."""
    runs: list[tuple[int, int]] = []
    for match in _WORD.finditer(question):
        word = match.group()
        named = word[0].isupper() and (match.start() > 0 or any(char.isupper() for char in word[1:]))
        if not named or word.casefold() in _ASKING or is_function_word(word.casefold()):
            continue
        if runs and question[runs[-1][1] : match.start()].isspace():
            runs[-1] = (runs[-1][0], match.end())
        else:
            runs.append((match.start(), match.end()))
    return Span(*runs[-1]) if runs else None
