"""Resolves follow-up questions: applies rules that rewrite them so that they make sense on their own.

A question is rewritten only if it clearly refers to the previous one.
"""

from __future__ import annotations

import re

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
_AGREEMENTS = frozenset(
    phrase.strip()
    for phrase in "yes, yes please, yeah, yep, sure, please, please do, go on, go ahead, more, tell me more, show me, "
    "ja, ja tack, ja gärna, japp, jo, gärna, visst, absolut, mer, berätta mer, fortsätt, visa".split(",")
)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_MAX_INCOMPLETE_WORDS = 2  # most content words of a question that is taken to lack a subject
_QUESTION_WORDS = frozenset(
    "what who whom whose which where when why how is are was were do does did can could vad vem vems vilka vilken "
    "vilket var när varför hur är finns kan har gör".split()
)


def is_agreement(message: str) -> bool:
    """Return whether `message` does no more than accept an offer ("Yes, please")."""
    return " ".join(split_words(message)) in _AGREEMENTS


def resolved_question(turn: Turn) -> str:
    """Return the question of an earlier turn in the form that makes sense on its own."""
    return turn.resolved_question or turn.question


def question_to_read(question: str, resolved: str) -> str:
    """Return the question for the reader: `resolved` or, if `question` was appended to an earlier one, only `question`.

    The reader would otherwise answer the earlier question.
    """
    fragment = _WHAT_ABOUT.sub("", _OPENERS.sub("", question))
    return fragment if resolved != question and resolved.endswith(f" {fragment}") else resolved


def resolve_follow_up(question: str, previous: str) -> str:
    """Return `question`, rewritten if necessary so that it makes sense without the question `previous`."""
    without_opener = _OPENERS.sub("", question)
    fragment = _WHAT_ABOUT.sub("", without_opener)
    if fragment != without_opener or (without_opener != question and _is_fragment(fragment)):
        return _resolve_fragment(fragment, previous)
    if without_opener != question and _is_incomplete(fragment):
        return _join(previous, fragment)
    if _is_fragment(question):
        return _join(previous, question)
    resolved = _replace_pronoun(question, previous)
    return _join(previous, question) if resolved == question and _refers_with_det(question) else resolved


def _refers_with_det(question: str) -> bool:
    """Return whether `question` has a single content word beside the pronoun "det" ("Vad kostar det?")."""
    words = split_words(question)
    return "det" in words and sum(not is_function_word(word) for word in words) == 1


def _is_fragment(question: str) -> bool:
    """Return whether `question` has too few words to make sense on its own ("Since when?", "In Lund?", "Who pays?")."""
    all_words = split_words(question)
    content = [word for word in all_words if not is_function_word(word)]
    if all_words and all_words[0] in _PREPOSITIONS and len(all_words) <= 4:
        return True
    if len(all_words) == 2 and all_words[0] in _QUESTION_WORDS and not _topic_span(question):
        return True
    return not content or (len(content) == 1 and len(all_words) > 1 and not set(all_words) & _QUESTION_WORDS)


def _is_incomplete(question: str) -> bool:
    """Return whether `question`, which began with "and", "but" or "so", lacks a subject ("and who pays for that?")."""
    content = [word for word in split_words(question) if not is_function_word(word)]
    return len(content) <= _MAX_INCOMPLETE_WORDS and not _topic_span(question)


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
    """Append `question` to `previous` or, if that consists of several questions, to the one with most content words."""
    parts = re.split(r"(?<=[.?!])\s+", previous.strip())
    main = max(parts, key=lambda part: sum(not is_function_word(word) for word in split_words(part)))
    end = "" if main.endswith((".", "?", "!")) else "."
    return f"{main}{end} {question}"


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
