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

from assistant.answering.sentence_selection import ScoredSentence
from assistant.index.loading import Index
from assistant.retrieval.query import Query
from assistant.schema import RetrievedPassage
from assistant.text.function_words import is_function_word
from assistant.text.stemming import content_stems
from assistant.text.words import content_words, fold, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COMPOUNDING_LANGUAGES = frozenset(
    {"sv", "no", "da", "de", "nl", "fi"}
)  # a compound has many pieces without being rare
_GAP_WITHOUT_RIVAL = 0.2  # to the next passage, where there is no other
_MATCH_THRESHOLD = 0.55  # a word cosine from here on counts as the same thing
_ANSWER_TYPES = {
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
_ANSWER_TYPE_EVIDENCE = {
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
_NEGATION = re.compile(
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
    """Features of the best sentence for a question. The window is that sentence, its neighbours and its titles.

    Attributes:
        cosine: of question and sentence.
        word_match: see `ScoredSentence`.
        passage_match: word match of the whole passage, see `RetrievedPassage`.
        weakest_word_match: best cosine in the window of the question's least matched word.
        unmatched_weight: share of the question's words whose match is below the threshold, 0..1.
        lexical_share: see `RetrievedPassage`.
        word_coverage: share of the question's words that occur in the window, 0..1; 0 across languages.
        rarest_missing_idf: idf of the rarest question word not in the window, over the highest idf.
        strangest_missing_word: see `LexicalIndex.character_rarity`, of the missing word that has most of it.
        most_pieces_missing: most tokens that the model splits a missing word into; rare names have many.
        most_pieces_unknown: the same for words that the corpus lacks.
        missing_names: names in the question that the window lacks, at most 2.
        number_missing: 1 when the window lacks a number of the question.
        lacks_answer_type: 1 when the question asks for a time, number or name and the sentence has none.
        negation_mismatch: 1 when only one of question and sentence is negated.
        score_gap: to the best sentence of another passage.
        retriever_agreement: how many of the two retrievers rank its passage first.
        question_length: log of the number of content words.
        cross_lingual: 1 when question and sentence are in different languages.
        cosine_cross_lingual, word_match_cross_lingual, missing_names_cross_lingual: products with `cross_lingual`.
    """

    cosine: float
    word_match: float
    passage_match: float
    weakest_word_match: float
    unmatched_weight: float
    lexical_share: float
    word_coverage: float
    rarest_missing_idf: float
    strangest_missing_word: float
    most_pieces_missing: float
    most_pieces_unknown: float
    missing_names: float
    number_missing: float
    lacks_answer_type: float
    negation_mismatch: float
    score_gap: float
    retriever_agreement: float
    question_length: float
    cross_lingual: float
    cosine_cross_lingual: float
    word_match_cross_lingual: float
    missing_names_cross_lingual: float


def compute_features(
    index: Index, query: Query, retrieved: Sequence[RetrievedPassage], evidence: Sequence[ScoredSentence]
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
    plain = float(not across and query.language not in _COMPOUNDING_LANGUAGES)
    missing_names = min(2.0, window.missing_names(bool(across)))
    return Features(
        cosine=best.cosine,
        word_match=best.word_match,
        passage_match=best.retrieved.word_match,
        weakest_word_match=float(window.matches.min(initial=1.0)),
        unmatched_weight=float(query.weights[window.matches < _MATCH_THRESHOLD].sum()),
        lexical_share=best.retrieved.lexical,
        word_coverage=(1 - across) * window.cover(),
        rarest_missing_idf=(1 - across) * window.rarest_missing(),
        strangest_missing_word=(1 - across) * window.strangest_missing(),
        most_pieces_missing=window.pieces_missing() * plain,
        most_pieces_unknown=window.pieces_unknown() * plain,
        missing_names=missing_names,
        number_missing=float(bool(_numbers(query.text) - _numbers(window.text))),
        lacks_answer_type=float(_lacks_answer_type(query.text, best.quote)),
        negation_mismatch=float(bool(_NEGATION.search(query.text)) != bool(_NEGATION.search(best.quote))),
        score_gap=best.score - other.score if other else _GAP_WITHOUT_RIVAL,
        retriever_agreement=float(best.retrieved is top_lexical) + float(best.retrieved is top_cosine),
        question_length=log1p(len(query.words)),
        cross_lingual=across,
        cosine_cross_lingual=across * best.cosine,
        word_match_cross_lingual=across * best.word_match,
        missing_names_cross_lingual=across * missing_names,
    )


class _Window:
    """The best sentence with its neighbours and titles, compared with the question's words.

    `matches` is the best cosine of each word of the question to one of the window, `[words]`.
    """

    def __init__(self, index: Index, query: Query, best: ScoredSentence) -> None:
        self._index, self._query = index, query
        passage = best.passage
        number = passage.sentences.index(best.span)
        first, last = max(0, number - 1), number + 1
        quotes = [passage.quote(span) for span in passage.sentences[first : last + 1]]
        self.text = " ".join([passage.title, *passage.heading, *quotes])
        self._words = set(words(self.text))
        self._stems = set(content_stems(self.text, passage.language))
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
        return max((self._index.lexical.character_rarity(word) for word in missing), default=0.0)

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
            sum(not self._holds(name) and not (across and matched.get(name, 1.0) >= _MATCH_THRESHOLD) for name in named)
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


def _lacks_answer_type(question: str, quote: str) -> bool:
    """Whether the question asks for a time, number or name and the quote holds none."""
    asked = question.casefold()
    return any(
        pattern.search(asked) and not _ANSWER_TYPE_EVIDENCE[kind].search(quote)
        for kind, pattern in _ANSWER_TYPES.items()
    )
