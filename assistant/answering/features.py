"""Computes features that help `answerability` to distinguish answers from sentences that are merely on topic.

The strongest evidence against an answer is a name or number that is in the question but not in or near the sentence.
The next strongest features measure how well each word of the question is matched, and whether the sentence contains
the type of answer that the question asks for (a time, a number or a name).
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
from assistant.text.words import content_words, fold_text, split_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Languages that write a compound as one word. A compound is split into many tokens even if it isn't rare.
_COMPOUNDING_LANGUAGES = frozenset({"sv", "no", "da", "de", "nl", "fi"})
_DEFAULT_SCORE_GAP = 0.2  # the score gap if all sentences are from the same passage
_MATCH_THRESHOLD = 0.55  # two words count as having the same meaning if their cosine is at least this high
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
    """The features of the best sentence found for a question.

    The window consists of the best sentence, the sentences before and after it, the title and the headings. A word
    of the question is missing if the window doesn't contain the word.

    Attributes:
        sentence_cosine: the cosine between the question and the sentence.
        sentence_word_match: the word match of the sentence; see `ScoredSentence`.
        passage_word_match: the word match of the whole passage; see `RetrievedPassage`.
        weakest_word_match: the lowest match of any question word. The match of a question word is its highest cosine to
            a word in the window.
        unmatched_idf_share: the total weight of the question words whose match is below `_MATCH_THRESHOLD`, 0..1.
        passage_lexical_score: the lexical score of the passage; see `RetrievedPassage`.
        word_coverage: the total weight of the question words that the window contains, 0..1; 0 if `is_cross_lingual`.
        max_missing_word_idf: the idf of the rarest missing word, divided by the highest possible idf; 0 if
            `is_cross_lingual`.
        max_missing_word_rarity: the highest character rarity of a missing word, 0..1; 0 if `is_cross_lingual`.
        max_missing_word_tokens: the highest token count of a missing word (rare names have many tokens); 0 if
            `is_cross_lingual` or if the language writes compounds as one word.
        max_unknown_word_tokens: the highest token count of a question word that isn't in the corpus; 0 under the same
            conditions as `max_missing_word_tokens`.
        missing_name_count: the number of names in the question that are missing; values above 2 count as 2.
        lacks_number: 1 if a number in the question doesn't occur in the window.
        lacks_answer_type: 1 if the question asks for a time, number or name and the sentence contains none.
        negation_mismatch: 1 if either the question or the sentence is negated, but not both.
        score_gap: the difference between the score of the sentence and the score of the best sentence from any other
            passage.
        retriever_agreement: how many of the two retrievers (lexical and dense) rank the passage first, 0..2.
        question_length: ln(1 + the number of content words in the question).
        is_cross_lingual: 1 if the question and the sentence are in different languages.
        cosine_if_cross_lingual: `sentence_cosine` multiplied by `is_cross_lingual`.
        word_match_if_cross_lingual: `sentence_word_match` multiplied by `is_cross_lingual`.
        missing_names_if_cross_lingual: `missing_name_count` multiplied by `is_cross_lingual`.
    """

    sentence_cosine: float
    sentence_word_match: float
    passage_word_match: float
    weakest_word_match: float
    unmatched_idf_share: float
    passage_lexical_score: float
    word_coverage: float
    max_missing_word_idf: float
    max_missing_word_rarity: float
    max_missing_word_tokens: float
    max_unknown_word_tokens: float
    missing_name_count: float
    lacks_number: float
    lacks_answer_type: float
    negation_mismatch: float
    score_gap: float
    retriever_agreement: float
    question_length: float
    is_cross_lingual: float
    cosine_if_cross_lingual: float
    word_match_if_cross_lingual: float
    missing_names_if_cross_lingual: float


def compute_features(
    index: Index, query: Query, retrieved: Sequence[RetrievedPassage], sentences: Sequence[ScoredSentence]
) -> Features | None:
    """Compute the features of the best sentence.

    Args:
        index: the index that was searched.
        query: the question.
        retrieved: the retrieved passages.
        sentences: the sentences of those passages, best first.

    Returns:
        The features, or None if there are no sentences.
    """
    if not sentences:
        return None
    best = sentences[0]
    runner_up = next((item for item in sentences if item.passage.passage_id != best.passage.passage_id), None)
    window = _Window(index, query, best)
    top_lexical = max(retrieved, key=lambda item: item.lexical_score)
    top_cosine = max(retrieved, key=lambda item: item.cosine)
    cross_lingual = float(query.language != best.passage.language)
    tokens_comparable = float(not cross_lingual and query.language not in _COMPOUNDING_LANGUAGES)
    missing_names = min(2.0, window.missing_names(bool(cross_lingual)))
    return Features(
        sentence_cosine=best.cosine,
        sentence_word_match=best.word_match,
        passage_word_match=best.retrieved_passage.word_match,
        weakest_word_match=float(window.matches.min(initial=1.0)),
        unmatched_idf_share=float(query.word_weights[window.matches < _MATCH_THRESHOLD].sum()),
        passage_lexical_score=best.retrieved_passage.lexical_score,
        word_coverage=(1 - cross_lingual) * window.word_coverage(),
        max_missing_word_idf=(1 - cross_lingual) * window.rarest_missing_idf(),
        max_missing_word_rarity=(1 - cross_lingual) * window.max_missing_rarity(),
        max_missing_word_tokens=window.max_missing_tokens() * tokens_comparable,
        max_unknown_word_tokens=window.max_unknown_tokens() * tokens_comparable,
        missing_name_count=missing_names,
        lacks_number=float(bool(_numbers(query.text) - _numbers(window.text))),
        lacks_answer_type=float(_lacks_answer_type(query.text, best.quote)),
        negation_mismatch=float(bool(_NEGATION.search(query.text)) != bool(_NEGATION.search(best.quote))),
        score_gap=best.score - runner_up.score if runner_up else _DEFAULT_SCORE_GAP,
        retriever_agreement=float(best.retrieved_passage is top_lexical) + float(best.retrieved_passage is top_cosine),
        question_length=log1p(len(query.content_words)),
        is_cross_lingual=cross_lingual,
        cosine_if_cross_lingual=cross_lingual * best.cosine,
        word_match_if_cross_lingual=cross_lingual * best.word_match,
        missing_names_if_cross_lingual=cross_lingual * missing_names,
    )


class _Window:
    """The best sentence, together with the sentences before and after it, the title and the headings.

    Attributes:
        text: the text of the window.
        matches: the highest cosine of each question word to any word in the window, `[question words]`.
    """

    def __init__(self, index: Index, query: Query, best: ScoredSentence) -> None:
        self._index, self._query = index, query
        passage = best.passage
        number = passage.sentences.index(best.span)
        first, last = max(0, number - 1), number + 1
        quotes = [passage.quote(span) for span in passage.sentences[first : last + 1]]
        self.text = " ".join([passage.title, *passage.heading, *quotes])
        self._words = set(split_words(self.text))
        self._stems = set(content_stems(self.text, passage.language))
        row = index.row_by_passage_id[passage.passage_id]
        numbers = index.word_vector_index.passage_sentence_numbers(row)
        in_window = (numbers < 0) | ((numbers >= first) & (numbers <= last))
        self.matches: NDArray[np.float32] = index.word_vector_index.word_cosines(query.word_vectors, row)[
            in_window
        ].max(axis=0, initial=-1.0)

    def word_coverage(self) -> float:
        """Return the total weight of the question words that the window contains, 0..1."""
        pairs = zip(self._query.content_words, self._query.word_weights.tolist(), strict=True)
        return float(sum(weight for word, weight in pairs if self._contains(word)))

    def rarest_missing_idf(self) -> float:
        """Return the idf of the rarest missing word, divided by the highest possible idf, 0..1."""
        missing = [word for word in self._query.content_words if not self._contains(word)]
        lexical = self._index.lexical_index
        return float(max(lexical.word_idfs(missing), default=0.0) / lexical.highest_idf)

    def max_missing_rarity(self) -> float:
        """Return the highest character rarity of a missing word, 0..1.

        A word with a high rarity is probably a name that doesn't occur in the corpus ("Aicardi"). A word with a low
        rarity may be a synonym of a word that does occur.
        """
        missing = [word for word in self._query.content_words if not self._contains(word)]
        return max((self._index.lexical_index.character_rarity(word) for word in missing), default=0.0)

    def max_missing_tokens(self) -> float:
        """Return the highest token count of a missing word. A high count suggests a rare name."""
        pairs = zip(self._query.content_words, self._query.word_token_counts, strict=True)
        return float(max((count for word, count in pairs if not self._contains(word)), default=0))

    def max_unknown_tokens(self) -> float:
        """Return the highest token count of a question word that doesn't occur in the corpus."""
        lexical = self._index.lexical_index
        pairs = zip(self._query.content_words, self._query.word_token_counts, strict=True)
        return float(
            max((count for word, count in pairs if lexical.word_idfs([word])[0] >= lexical.highest_idf), default=0)
        )

    def missing_names(self, cross_lingual: bool) -> float:
        """Return how many capitalised words of the question are missing from the window.

        If `cross_lingual` is true, a name whose meaning matches a word in the window isn't counted as missing.
        """
        text = self._query.text
        names = {
            fold_text(text[span.start : span.end])
            for _, span in content_words(text)
            if span.start > 0 and text[span.start].isupper()
        }
        match_of = dict(zip(self._query.content_words, self.matches.tolist(), strict=True))
        missing = [name for name in names if not self._contains(name)]
        return float(sum(not (cross_lingual and match_of.get(name, 1.0) >= _MATCH_THRESHOLD) for name in missing))

    def _contains(self, word: str) -> bool:
        """Return whether the window contains `word`, one of its inflections or a word that begins in the same way."""
        if word in self._words or self._stems.intersection(self._index.lexical_index.word_stems(word)):
            return True
        prefix = word[: max(4, int(len(word) * 0.65))]
        return len(word) > 4 and any(other.startswith(prefix) for other in self._words)


def _numbers(text: str) -> set[str]:
    """Return the numbers in `text` in normalised form: "1,000" becomes "1000", and "third" becomes "3"."""
    numbers = set()
    for word in split_words(text):
        if word[0].isdigit():
            numbers.add(re.sub(r"\D", "", re.split(r"(?<=\d)(?:st|nd|rd|th|s)\b", word)[0]))
        elif word in _NUMBERS and not is_function_word(word):
            numbers.add(_NUMBERS[word])
    return numbers


def _lacks_answer_type(question: str, quote: str) -> bool:
    """Return whether the question asks for a time, number or name and the quote contains none."""
    folded = question.casefold()
    return any(
        pattern.search(folded) and not _ANSWER_TYPE_EVIDENCE[kind].search(quote)
        for kind, pattern in _ANSWER_TYPES.items()
    )
