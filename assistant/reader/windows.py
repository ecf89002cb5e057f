"""Chooses the parts of the passages that the reader reads: sentences together with their neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.reader.reader import Reader
from assistant.schema import Passage, Span

MAX_WINDOWS = 4  # reading more windows didn't improve the results on the development sets, and each costs time
# No further window is read once a sentence has this reading score: on the development sets, the results are the same
# as if all windows had been read.
_CLEAR_SCORE = 2.0
_MARGIN_WEIGHT, MAX_MARGIN = 0.4, 8.0
_PUNCTUATION = ".,;:!?"  # not part of an answer at its end
_NEIGHBOURS = 1  # number of sentences before and after that are read with a sentence


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive sentences of a passage, which are read together.

    `first` and `last` are the positions of the sentences in `passage.sentences`. `last` is included.
    """

    passage: Passage
    first: int
    last: int

    @property
    def span(self) -> Span:
        """The position of the window in the document."""
        return Span(self.passage.sentences[self.first].start, self.passage.sentences[self.last].end)


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What the reader makes of a sentence.

    Attributes:
        answer_logit: the log-odds that the sentence and its neighbours answer the question.
        span_margin: the log-probability of the best words in the sentence, minus that of "no answer".
        answer: the position of these words in the document.
    """

    answer_logit: float
    span_margin: float
    answer: Span

    @property
    def score(self) -> float:
        """How likely the sentence answers the question. Log-odds and margin are weighted as in training."""
        return self.answer_logit + _MARGIN_WEIGHT * max(-MAX_MARGIN, min(MAX_MARGIN, self.span_margin))


def choose_windows(sentences: Iterable[tuple[Passage, Span]], count: int = MAX_WINDOWS) -> list[Window]:
    """Choose the windows around the first of `sentences`, which are given as passages and spans, best first.

    A sentence that an earlier window contains doesn't get a window of its own.
    """
    windows: list[Window] = []
    for passage, span in sentences:
        number = passage.sentences.index(span)
        if any(_contains(window, passage, number) for window in windows):
            continue
        if len(windows) == count:
            break
        last = min(len(passage.sentences) - 1, number + _NEIGHBOURS)
        windows.append(Window(passage, max(0, number - _NEIGHBOURS), last))
    return windows


def _contains(window: Window, passage: Passage, number: int) -> bool:
    return window.passage.passage_id == passage.passage_id and window.first <= number <= window.last


def read_windows(reader: Reader, question: str, windows: Sequence[Window]) -> dict[tuple[str, Span], SentenceReading]:
    """Read `question` together with each window, until a sentence clearly answers it.

    Returns:
        The reading of each sentence, by the id of its passage and its span. If several windows contain a sentence,
        the reading with the highest score counts.
    """
    found: dict[tuple[str, Span], SentenceReading] = {}
    for window in windows:
        for span, item in _read_window(reader, question, window):
            key = window.passage.passage_id, span
            if key not in found or found[key].score < item.score:
                found[key] = item
        if found and max(item.score for item in found.values()) >= _CLEAR_SCORE:
            break
    return found


def _read_window(reader: Reader, question: str, window: Window) -> Iterator[tuple[Span, SentenceReading]]:
    """Yield each sentence of the window with its reading, except sentences beyond the part that was read."""
    reading = reader.read(question, window.passage.quote(window.span))
    offset = window.span.start
    for span in window.passage.sentences[window.first : window.last + 1]:
        answer = reading.best_answer(Span(span.start - offset, span.end - offset))
        if answer:
            words = _without_punctuation(window.passage, answer.span.start + offset, answer.span.end + offset)
            yield span, SentenceReading(reading.answer_logit, answer.margin, words)


def _without_punctuation(passage: Passage, start: int, end: int) -> Span:
    """Return the span without the punctuation that ends it, unless it consists of nothing else."""
    words = passage.quote(Span(start, end))
    return Span(start, start + len(words.rstrip(_PUNCTUATION)) if words.strip(_PUNCTUATION) else end)
