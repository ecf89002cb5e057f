from __future__ import annotations

import numpy as np

from assistant.reader.reader import Reading
from assistant.reader.windows import SentenceReading, Window, choose_windows, read_windows
from assistant.schema import Passage, Span
from tests.fakes import WordReader


def passage_of(*sentences: str, passage_id: str = "p", start: int = 100) -> Passage:
    """A passage that begins at the offset `start` of its document."""
    text, spans = " ".join(sentences), []
    for sentence in sentences:
        begin = start + text.index(sentence)
        spans.append(Span(begin, begin + len(sentence)))
    return Passage(passage_id, "d.md", "D", None, "en", (), text, start, start + len(text), tuple(spans))


PASSAGE = passage_of("Ada ran.", "Bo sat.", "Cy fell in 1998.", "Di won 12.", "Ed left.")


def test_window_consists_of_a_sentence_and_its_neighbours() -> None:
    assert choose_windows([(PASSAGE, PASSAGE.sentences[2])]) == [Window(PASSAGE, 1, 3)]


def test_window_ends_with_its_passage() -> None:
    assert choose_windows([(PASSAGE, PASSAGE.sentences[0]), (PASSAGE, PASSAGE.sentences[4])]) == [
        Window(PASSAGE, 0, 1),
        Window(PASSAGE, 3, 4),
    ]


def test_sentence_in_an_earlier_window_gets_none_of_its_own() -> None:
    sentences = [(PASSAGE, PASSAGE.sentences[number]) for number in (2, 3, 4)]
    assert choose_windows(sentences) == [Window(PASSAGE, 1, 3), Window(PASSAGE, 3, 4)]


def test_only_so_many_windows_are_chosen() -> None:
    passages = [passage_of("Ada ran.", passage_id=str(number)) for number in range(9)]
    windows = choose_windows(((passage, passage.sentences[0]) for passage in passages), count=4)
    assert [window.passage.passage_id for window in windows] == ["0", "1", "2", "3"]


def test_words_are_given_in_offsets_of_the_document() -> None:
    readings = read_windows(WordReader(), "When did Cy fall?", [Window(PASSAGE, 1, 3)])
    reading = readings["p", PASSAGE.sentences[2]]
    assert PASSAGE.quote(reading.answer) == "1998"
    assert reading == SentenceReading(3.0, 6.0, reading.answer)


def test_words_do_not_include_the_punctuation_after_them() -> None:
    class SentenceReader(WordReader):
        def read(self, question: str, text: str) -> Reading:
            return Reading(0.0, np.array([9.0]), np.array([9.0]), np.array([(0, len(text))]))

    readings = read_windows(SentenceReader(), "Who ran?", [Window(passage_of("Ada ran."), 0, 0)])
    assert [PASSAGE.quote(item.answer) for item in readings.values()] == ["Ada ran"]


def test_each_sentence_of_a_window_has_its_own_reading() -> None:
    readings = read_windows(WordReader(), "When did Cy fall?", [Window(PASSAGE, 1, 3)])
    assert {PASSAGE.quote(span): item.span_margin for (_, span), item in readings.items()} == {
        "Bo sat.": -6.0,
        "Cy fell in 1998.": 6.0,
        "Di won 12.": -6.0,
    }


def test_nothing_more_is_read_once_a_sentence_clearly_answers() -> None:
    reader = WordReader()
    read_windows(reader, "When did Cy fall?", [Window(PASSAGE, 0, 1), Window(PASSAGE, 1, 2), Window(PASSAGE, 3, 4)])
    assert len(reader.questions) == 2
