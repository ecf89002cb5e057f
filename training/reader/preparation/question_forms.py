"""Rewrites English questions in forms that people type but the training data lacks.

The rules are few and strict: a question for which no rule is reliable has no such form.
"""

from __future__ import annotations

import re

from assistant.text.function_words import FUNCTION_WORDS

_WORD = re.compile(r"[^\W_]+(?:[.,'’&/-][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s$")
_FILLERS = frozenset("called kind kinds many much name named sort term type types".split())
_NEGATIONS = frozenset("not no never without nobody nothing neither nor except isn't wasn't didn't doesn't".split())
MIN_KEYWORDS, MAX_KEYWORDS = 2, 6

_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_YEAR = r"\d{4}"
_TIMES = (  # patterns of times, each with the preposition that it needs
    (re.compile(rf"(?:{_MONTH},? )?{_YEAR}"), "in"),
    (re.compile(rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? {_YEAR})?"), "on"),
    (re.compile(r"(?:the )?(?:(?:early|mid|late)[ -])?(?:\d{3,4}s|\d{1,2}(?:st|nd|rd|th) century)"), "in the"),
)
_PLACE = re.compile(r"(?:the |The )?[A-ZÅÄÖ][\w.'’-]*(?:,? (?:of (?:the )?)?[A-ZÅÄÖ][\w.'’-]*){0,3}")
# What may be said to be someone or something: a name, or at most two words such as "critical mass".
_NAME = re.compile(r"(?:[Tt]he )?[A-ZÅÄÖ][\w.'’-]*(?: [\w.'’-]+){0,4}")
_SHORT_NOUN_PHRASE = re.compile(r"(?:(?:the|a|an) )?[a-zåäö][\w'’-]*(?: [\w'’-]+)?")
_SENTENCE_BREAK = re.compile(r"\w{4}\. ")
_NOT_A_PHRASE = re.compile(r"\d|\b(?:is|was|are|were|has|had|have|who|which|that)\b")

_WHEN = re.compile(
    r"(?:when|(?:in |during )?(?:what|which) (?:year|decade|century)|on (?:what|which) (?:day|date))"
    r" (?P<verb>did|was|were|is|are) (?P<rest>.+)", re.IGNORECASE,
)  # fmt: skip
_WHERE = re.compile(
    r"(?:where|in (?:what|which) (?:city|town|country|state|region)) (?P<verb>did|was|were|is|are) (?P<rest>.+)",
    re.IGNORECASE,
)
_WHO = re.compile(r"(?:who|what) (?P<verb>is|was) (?P<rest>.+)", re.IGNORECASE)
# These are noun phrases: "the first head of …", "the river in …", "Anna's second book".
_DESCRIPTION = re.compile(r"the (?:(?!like )[\w-]+ ){1,4}(?:of|in|for|on|between|that|which|who) .+", re.IGNORECASE)
_POSSESSION = re.compile(r"[\w-]+['’]s(?: [\w-]+){1,4}")
# Words after which the gap that the answer fills isn't at the end, or isn't a place or a time.
_OPEN_ENDS = frozenset(
    "about after against around as at be before behind by called come considered do doing during for found from "
    "given go going in into known like made mean move moved named near of off on onto over return returned sent since "
    "than through to travel under until up used via with".split()
)


def to_lower_case(question: str) -> str:
    """Return `question` without capitals and question mark."""
    return question.lower().rstrip("? ")


def to_keywords(question: str) -> str | None:
    """Return the content words of `question` in lower case and in order.

    Returns None if they are too few or too many, or if the question contains a negation, which they would lose.
    """
    words = [_POSSESSIVE.sub("", word) for word in _WORD.findall(question.lower())]
    content = [word for word in words if word not in FUNCTION_WORDS["en"] and word not in _FILLERS]
    if _NEGATIONS.intersection(words):
        return None
    return " ".join(content) if MIN_KEYWORDS <= len(content) <= MAX_KEYWORDS else None


def to_yes_no(question: str, answer: str) -> str | None:
    """Return a yes/no question that states `answer` to `question`, or None if no rule is reliable.

    "When was the house built?" with the answer "1847" becomes "Was the house built in 1847?", and "Who was the first
    head of the school?" with the answer "Anna Berg" becomes "Was Anna Berg the first head of the school?".
    """
    body, answer = question.strip().rstrip("? "), answer.strip(' .,;:()"“”')
    if _SENTENCE_BREAK.search(answer):
        return None
    for pattern, insert in ((_WHEN, _with_time), (_WHERE, _with_place), (_WHO, _with_name)):
        if match := pattern.fullmatch(body):
            statement = insert(match["rest"], answer)
            if statement is None:
                return None
            changed = f"{match['verb'].lower()} {statement}" + ("?" if question.rstrip().endswith("?") else "")
            return changed.lower() if question.islower() else changed[0].upper() + changed[1:]
    return None


def _with_time(rest: str, answer: str) -> str | None:
    if _has_open_end(rest) or re.search(_YEAR, rest):
        return None
    for preposition in ("in ", "on ", "In ", "On "):
        answer = answer.removeprefix(preposition)
    for pattern, preposition in _TIMES:
        if pattern.fullmatch(answer.lower()):
            return f"{rest} {preposition} {answer.removeprefix('the ')}"
    return None


def _with_place(rest: str, answer: str) -> str | None:
    for preposition in ("in ", "at ", "In ", "At "):
        if answer.startswith(preposition):
            answer, chosen = answer.removeprefix(preposition), preposition.lower()
            break
    else:
        chosen = "in "
    if _has_open_end(rest) or not _PLACE.fullmatch(answer) or len(rest.split()) < 2:
        return None
    return f"{rest} {chosen}{answer}"


def _with_name(rest: str, answer: str) -> str | None:
    words = answer.lower().split()
    if not words or words[-1] in FUNCTION_WORDS["en"] or words[0] in FUNCTION_WORDS["en"] - {"the", "a", "an"}:
        return None
    if _NOT_A_PHRASE.search(answer) or _has_open_end(rest):
        return None
    is_name, is_description = bool(_NAME.fullmatch(answer)), bool(_DESCRIPTION.fullmatch(rest))
    if is_name and (is_description or _POSSESSION.fullmatch(rest)):
        return f"the {answer[4:]} {rest}" if words[0] == "the" else f"{answer} {rest}"
    return f"{answer} {rest}" if is_description and _SHORT_NOUN_PHRASE.fullmatch(answer) else None


def _has_open_end(rest: str) -> bool:
    last = rest.split()[-1].lower()
    return last in _OPEN_ENDS or last.endswith("ing")
