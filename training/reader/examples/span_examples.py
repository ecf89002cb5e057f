"""Makes examples from questions whose answer's position is known, and mixes them with others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from numpy.random import Generator

from training.reader.data import SpanData
from training.reader.examples.example import CandidateSpan, Example, ExampleMaker, make_example
from training.reader.examples.form_sampler import FormSampler
from training.reader.examples.windows import spans_within, window_tokens

_WINDOW_SHARE = 0.35  # of the answerable examples
_MAX_WINDOW_SIZE = 5  # sentences


@dataclass(frozen=True)
class SpanExamples:
    """Makes examples from the questions in `data`, each with its whole text or with a window around the answer."""

    data: SpanData

    def make(self, rng: Generator) -> Example:
        """Make an example."""
        number = int(rng.integers(len(self.data.labels)))
        question = self._form_sampler.draw(rng, number, self.data.questions[number])
        text, sentences = self.data.texts[number], self.data.sentences[number]
        spans = tuple(CandidateSpan(first, last) for first, last in self.data.spans[number].tolist())
        if not spans:
            return make_example(question, text, is_answerable=bool(self.data.labels[number]))
        sentence = int(sentences[spans[0].first])
        if rng.random() < _WINDOW_SHARE and sentence == sentences[spans[0].last]:
            count = int(sentences[-1]) + 1
            size = int(rng.integers(1, min(_MAX_WINDOW_SIZE, count) + 1))
            start = int(rng.integers(max(0, sentence - size + 1), min(sentence, count - size) + 1))
            window = window_tokens(sentences, start, size)
            if window and (inside := spans_within(spans, window)):
                return make_example(question, text[window], inside, True)
        return make_example(question, text, spans, True)

    @cached_property
    def _form_sampler(self) -> FormSampler:
        return FormSampler.of(self.data.forms)


@dataclass(frozen=True)
class MixedExamples:
    """Makes examples with `others` for a share of them, and with `main` for the rest."""

    main: ExampleMaker
    others: ExampleMaker
    share_of_others: float = 0.3

    def make(self, rng: Generator) -> Example | None:
        """Make an example."""
        return (self.others if rng.random() < self.share_of_others else self.main).make(rng)
