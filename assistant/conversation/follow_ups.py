"""Resolves follow-up questions: applies rules that rewrite them so that they make sense on their own.

A question is rewritten only if it clearly refers to the previous one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.schema import Span, Turn
from assistant.text.function_words import is_function_word
from assistant.text.words import split_words

_PRONOUNS = frozenset(
    "it they them he she him this that these those den de dem han hon honom henne denna dessa".split()
)
_POSSESSIVES = frozenset("its their his her dess deras hans hennes".split())
# The Swedish word "det" is a dummy subject ("hur är det") as often as it is a pronoun. In these contexts, it is
# certainly a pronoun.
_PRONOUN_DET = re.compile(r"\b(?:finansierar|betyder|innebär|gör|om|med|för|av) det\??$", re.IGNORECASE)
_EXPLETIVE_IT = re.compile(
    r"\b(?:is|was|does|did|can|will) it (?:true|possible|necessary|take|cost|rain|mean)\b", re.IGNORECASE
)
_OPENERS = re.compile(r"^(?:and|but|so|och|men|så)\b[\s,]*", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:what about|how about|hur är det med|vad sägs om|då)\s+", re.IGNORECASE)
_PREPOSITIONS = frozenset(
    "in at for with from since during on to by of i på för med från sedan under till av hos vid".split()
)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_QUESTION_WORDS = frozenset(
    "what who whom whose which where when why how is are was were do does did can could vad vem vems vilka vilken "
    "vilket var när varför hur är finns kan har gör".split()
)


def resolve_follow_up(question: str, history: Sequence[Turn]) -> str:
    """Return `question`, rewritten if necessary so that it makes sense without the previous question."""
    if not history:
        return question
    previous = history[-1].resolved_question or history[-1].question
    without_opener = _OPENERS.sub("", question)
    fragment = _WHAT_ABOUT.sub("", without_opener)
    if fragment != without_opener or (without_opener != question and _is_fragment(fragment)):
        return _resolve_fragment(fragment, previous)
    if _is_fragment(question):
        return _join(previous, question)
    return _replace_pronoun(question, previous)


def _is_fragment(question: str) -> bool:
    """Return whether `question` has too few content words to make sense on its own ("Since when?", "In Lund?")."""
    all_words = split_words(question)
    content = [word for word in all_words if not is_function_word(word)]
    if all_words and all_words[0] in _PREPOSITIONS and len(all_words) <= 4:
        return True
    return not content or (len(content) == 1 and len(all_words) > 1 and not set(all_words) & _QUESTION_WORDS)


def _resolve_fragment(fragment: str, previous: str) -> str:
    """Replace the topic of the previous question with `fragment`, or append `fragment` to the previous question.

    After "Who funds GMS?", "NBIS?" becomes "Who funds NBIS?", and "in Lund?" becomes "Who funds GMS? in Lund?".
    """
    first = split_words(fragment)[:1]
    topic = _topic_span(previous)
    if topic and first and first[0] not in _PREPOSITIONS and first[0] not in _QUESTION_WORDS:
        return previous[: topic.start] + fragment.rstrip("?!. ") + previous[topic.end :]
    return _join(previous, fragment)


def _join(previous: str, question: str) -> str:
    end = "" if previous.rstrip().endswith((".", "?", "!")) else "."
    return f"{previous.rstrip()}{end} {question}"


def _replace_pronoun(question: str, previous: str) -> str:
    """Replace the first pronoun in `question` with the topic of the previous question."""
    if _EXPLETIVE_IT.search(question) or _topic_span(question):
        return question
    span = _topic_span(previous)
    topic = previous[span.start : span.end] if span else ""
    first_sentence = re.split(r"[.!?]\s", question)[0]  # later pronouns may refer to this sentence
    for match in _WORD.finditer(first_sentence):
        word = match.group().casefold()
        pronoun_det = word == "det" and _PRONOUN_DET.search(question[: match.end()] + "?")
        if word not in _PRONOUNS and word not in _POSSESSIVES and not pronoun_det:
            continue
        if not topic or _is_determiner(word, question[match.end() :]):
            return _join(previous, question)
        genitive = topic if topic.endswith("s") else f"{topic}s" if word in {"dess", "deras"} else f"{topic}'s"
        replacement = genitive if word in _POSSESSIVES else topic
        return question[: match.start()] + replacement + question[match.end() :]
    return question


def _is_determiner(word: str, rest: str) -> bool:
    """Return whether `word` is a demonstrative that is followed by a noun ("this project")."""
    following = split_words(rest)[:1]
    return word in {"this", "that", "these", "those", "den", "de", "denna", "dessa"} and bool(
        following and not is_function_word(following[0]) and following[0] not in _QUESTION_WORDS
    )


def _topic_span(question: str) -> Span | None:
    """Return the span of the last name in `question`: a run of capitalised words or abbreviations."""
    runs: list[tuple[int, int]] = []
    for match in _WORD.finditer(question):
        word = match.group()
        is_name = word[0].isupper() and (match.start() > 0 or any(char.isupper() for char in word[1:]))
        if not is_name or word.casefold() in _QUESTION_WORDS or is_function_word(word.casefold()):
            continue
        if runs and question[runs[-1][1] : match.start()].isspace():
            runs[-1] = (runs[-1][0], match.end())
        else:
            runs.append((match.start(), match.end()))
    return Span(*runs[-1]) if runs else None
