"""What tells an answer from a passage that is only about the matter, as numbers.

`answerability` weighs them. A name or number of the question that the sentence and its neighbours
lack says most; then how well each word is matched, and whether the sentence holds the kind of thing
that is asked for (a time, a number, a name).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import TYPE_CHECKING

from assistant.answering.sentence_selection import Evidence
from assistant.index.loading import Index
from assistant.retrieval.query import Query
from assistant.schema import Retrieved
from assistant.text.function_words import is_function_word
from assistant.text.stemming import stems
from assistant.text.words import content_words, fold, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COMPOUNDING = frozenset({"sv", "no", "da", "de", "nl", "fi"})  # a compound has many pieces without being rare
_LONE_GAP = 0.2  # to the next passage, where there is no other
_MATCHED = 0.55  # a word cosine from here on counts as the same thing
_KINDS = {
    "time": re.compile(
        r"\b(?:when|since when|until when|what (?:year|date|day|month|century|decade)|"
        r"which (?:year|date|month|century|decade)|när|vilket (?:år|datum|århundrade|årtionde)|vilken (?:dag|månad))\b"
    ),
    "number": re.compile(
        r"\b(?:how (?:many|much|long|old|large|big|tall|far|often|high)|what (?:percentage|number|amount|proportion)|"
        r"hur (?:många|mycket|länge|gammal|stor|stort|långt|ofta|hög|högt)|vad kostar|antalet)\b"
    ),
    "name": re.compile(r"\b(?:who|whom|whose|where|vem|vems|vilka personer|var ligger|var finns|varifrån|vart)\b"),
}
_HOLDS = {
    "time": re.compile(
        r"\b(?:\d{3,4}|\d{1,2}(?:st|nd|rd|th)|januar[yi]|februar[yi]|mars|march|april|ma[yj]|jun[ei]|jul[yi]|august|augusti|"
        r"september|o[ck]tober|november|de[cs]ember|centur\w+|århundrade\w*|decades?|årtionde\w*|years?|days?|år|dag\w*|"
        r"\d+-talet|spring|summer|autumn|winter|vår\w*|sommar\w*|höst\w*|vinter\w*|today|ago|sedan|annual\w*)\b",
        re.IGNORECASE,
    ),
    "number": re.compile(
        r"\d|%|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
        r"billions?|half|third|quarter|both|once|twice|several|many|few|most|ett|två|tre|fyra|fem|sex|sju|åtta|nio|tio|"
        r"elva|tolv|hundra\w*|tusen\w*|miljon\w*|miljard\w*|hälften|flera|många|få)\b",
        re.IGNORECASE,
    ),
    "name": re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÅÄÖ]\w"),
}
_DENIAL = re.compile(
    r"\b(?:not|never|no|none|without|\w+n['’]t|cannot|inte|aldrig|ingen|inget|inga|utan|ej)\b", re.IGNORECASE
)
_NUMBERS = {
    name: str(value)
    for value, names in enumerate(
        "zero noll|one ett|two två second|three tre third tredje|four fyra fourth fjärde|five fem fifth femte|"
        "six sixth|seven sju seventh|eight åtta|nine nio|ten tio".split("|")
    )
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class Features:
    """Numbers about the best sentence for a question; the window is that sentence, its neighbours and title.

    `cosine`, `match`, `passage_match`, `lexical`: as in `Evidence` and `Retrieved`. `weakest`: the
    least matched word of the question in the window, `unmatched` the weight of those hardly matched.
    `cover`: the weight of the question's words that stand in the window, `rarest` that of the rarest
    that doesn't, as a share of the highest idf, `strange` how unlike the corpus' words the strangest
    of these is; `rare` the most pieces the model cuts one of these into, `unknown` the same of those
    the corpus doesn't have; all 0 across languages, the last two also where words are compounded. `missing_names`,
    `missing_number`: names and numbers of the question that the window lacks. `lacks_kind`: it holds
    no time, number or name where one is asked for. `denial`: one of both denies something. `gap`: to
    the best sentence of another passage. `agree`: how many retrievers put its passage first.
    `length`: of the question. `across`: languages differ, alone and times other features.
    """

    cosine: float
    match: float
    passage_match: float
    weakest: float
    unmatched: float
    lexical: float
    cover: float
    rarest: float
    strange: float
    rare: float
    unknown: float
    missing_names: float
    missing_number: float
    lacks_kind: float
    denial: float
    gap: float
    agree: float
    length: float
    across: float
    cosine_across: float
    match_across: float
    names_across: float


def features(
    index: Index, query: Query, retrieved: Sequence[Retrieved], evidence: Sequence[Evidence]
) -> Features | None:
    """The features of the best of `evidence`, None without any."""
    if not evidence:
        return None
    best = evidence[0]
    other = next((item for item in evidence if item.passage.passage_id != best.passage.passage_id), None)
    window = _Window(index, query, best)
    top_lexical = max(retrieved, key=lambda item: item.lexical)
    top_cosine = max(retrieved, key=lambda item: item.cosine)
    across = float(query.language != best.passage.language)
    plain = float(not across and query.language not in _COMPOUNDING)
    missing_names = min(2.0, window.missing_names(bool(across)))
    return Features(
        cosine=best.cosine,
        match=best.match,
        passage_match=best.retrieved.words,
        weakest=float(window.matches.min(initial=1.0)),
        unmatched=float(query.weights[window.matches < _MATCHED].sum()),
        lexical=best.retrieved.lexical,
        cover=(1 - across) * window.cover(),
        rarest=(1 - across) * window.rarest_missing(),
        strange=(1 - across) * window.strangest_missing(),
        rare=window.pieces_missing() * plain,
        unknown=window.pieces_unknown() * plain,
        missing_names=missing_names,
        missing_number=float(bool(_numbers(query.text) - _numbers(window.text))),
        lacks_kind=float(_lacks_kind(query.text, best.quote)),
        denial=float(bool(_DENIAL.search(query.text)) != bool(_DENIAL.search(best.quote))),
        gap=best.score - other.score if other else _LONE_GAP,
        agree=float(best.retrieved is top_lexical) + float(best.retrieved is top_cosine),
        length=log1p(len(query.words)),
        across=across,
        cosine_across=across * best.cosine,
        match_across=across * best.match,
        names_across=across * missing_names,
    )


class _Window:
    """The best sentence with its neighbours and titles, compared with the question's words.

    `matches` is the best cosine of each word of the question to one of the window, `[words]`.
    """

    def __init__(self, index: Index, query: Query, best: Evidence) -> None:
        self._index, self._query = index, query
        passage = best.passage
        number = passage.sentences.index(best.span)
        first, last = max(0, number - 1), number + 1
        quotes = [passage.quote(span) for span in passage.sentences[first : last + 1]]
        self.text = " ".join([passage.title, *passage.heading, *quotes])
        self._words = set(words(self.text))
        self._stems = set(stems(self.text, passage.language))
        row = index.rows[passage.passage_id]
        numbers = index.words.sentence_numbers(row)
        inside = (numbers < 0) | ((numbers >= first) & (numbers <= last))
        self.matches: NDArray[np.float32] = index.words.matches(query.word_vectors, row)[inside].max(
            axis=0, initial=-1.0
        )

    def cover(self) -> float:
        """Weight of the question's words that stand here in some form, 0..1."""
        pairs = zip(self._query.words, self._query.weights.tolist(), strict=True)
        return float(sum(weight for word, weight in pairs if self._holds(word)))

    def rarest_missing(self) -> float:
        """The highest idf of a word of the question that doesn't stand here, over the highest there is."""
        missing = [word for word in self._query.words if not self._holds(word)]
        lexical = self._index.lexical
        return float(max(lexical.idf(missing), default=0.0) / lexical.highest_idf)

    def strangest_missing(self) -> float:
        """How unlike any word of the corpus a missing word of the question is: mean idf of its 4-grams, 0..1.

        It tells a name that the corpus doesn't know ("Aicardi") from another word for what it does.
        """
        missing = [word for word in self._query.words if not self._holds(word)]
        return max((self._index.lexical.strangeness(word) for word in missing), default=0.0)

    def pieces_missing(self) -> float:
        """The most tokens of a word of the question that doesn't stand here: rare names are cut into many."""
        pairs = zip(self._query.words, self._query.pieces, strict=True)
        return float(max((pieces for word, pieces in pairs if not self._holds(word)), default=0))

    def pieces_unknown(self) -> float:
        """The same of a word that stands nowhere in the corpus."""
        lexical = self._index.lexical
        pairs = zip(self._query.words, self._query.pieces, strict=True)
        return float(
            max((pieces for word, pieces in pairs if lexical.idf([word])[0] >= lexical.highest_idf), default=0)
        )

    def missing_names(self, across: bool) -> float:
        """How many capitalised words of the question nothing here stands for; by meaning across languages."""
        text = self._query.text
        named = {
            fold(text[span.start : span.end])
            for _, span in content_words(text)
            if span.start > 0 and text[span.start].isupper()
        }
        matched = dict(zip(self._query.words, self.matches.tolist(), strict=True))
        return float(
            sum(not self._holds(name) and not (across and matched.get(name, 1.0) >= _MATCHED) for name in named)
        )

    def _holds(self, word: str) -> bool:
        """Whether a word stands here, in another form, or one that begins as it does ("Normandie")."""
        if word in self._words or self._stems.intersection(self._index.lexical.variants(word)):
            return True
        beginning = word[: max(4, int(len(word) * 0.65))]
        return len(word) > 4 and any(other.startswith(beginning) for other in self._words)


def _numbers(text: str) -> set[str]:
    """The numbers of a text in one form: 1,000 is 1000, third is 3."""
    found = set()
    for word in words(text):
        if word[0].isdigit():
            found.add(re.sub(r"\D", "", re.split(r"(?<=\d)(?:st|nd|rd|th|s)\b", word)[0]))
        elif word in _NUMBERS and not is_function_word(word):
            found.add(_NUMBERS[word])
    return found


def _lacks_kind(question: str, quote: str) -> bool:
    """Whether the question asks for a time, number or name and the quote holds none."""
    asked = question.casefold()
    return any(pattern.search(asked) and not _HOLDS[kind].search(quote) for kind, pattern in _KINDS.items())
