"""A small transformer that reads a question together with a text, on ONNX Runtime.

It was trained like the readers for SQuAD 2.0 (Devlin et al. 2019, arXiv:1810.04805, section 4.3); `training/reader`
makes the weights. Its word embeddings and its tokenizer are those of multilingual-e5-small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.embedding.prepared_model import load_tokenizer
from assistant.errors import ModelError
from assistant.schema import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

NETWORK_FILE = "reader.onnx"
_MAX_QUESTION_TOKENS, _MAX_TEXT_TOKENS = 60, 380  # as in training
_MAX_ANSWER_TOKENS = 30
_START_ID, _SEPARATOR_ID = 0, 2  # <s> and </s>


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """The words that answer best within some part of a text.

    Attributes:
        span: the position of the words in the text.
        margin: the log-probability of these words minus that of "no answer".
    """

    span: Span
    margin: float


@dataclass(frozen=True)
class Reading:
    """What the reader makes of one text.

    Attributes:
        answer_logit: the log-odds that the text answers the question.
        start_scores: how likely the answer starts at each token: log-probability minus that of "no answer", `[tokens]`.
        end_scores: the same for the end of the answer, `[tokens]`.
        offsets: the character range of each token in the text, without surrounding white space, `[tokens, 2]`.
    """

    answer_logit: float
    start_scores: NDArray[np.float32]
    end_scores: NDArray[np.float32]
    offsets: NDArray[np.int64]

    def best_answer(self, within: Span) -> FoundAnswer | None:
        """Return the words that answer best within the range `within` of the text, or None if no token lies in it."""
        import numpy as np

        inside = np.flatnonzero(
            (self.offsets[:, 0] >= within.start)
            & (self.offsets[:, 1] <= within.end)
            & (self.offsets[:, 1] > self.offsets[:, 0])
        )
        if not len(inside):
            return None
        first, last = inside[0], inside[-1] + 1
        totals = self.start_scores[first:last, None] + self.end_scores[None, first:last]
        in_order = np.triu(np.ones_like(totals, dtype=bool)) & ~np.triu(
            np.ones_like(totals, dtype=bool), _MAX_ANSWER_TOKENS
        )
        totals = np.where(in_order, totals, -np.inf)
        start, end = np.unravel_index(int(totals.argmax()), totals.shape)
        span = Span(int(self.offsets[first + start, 0]), int(self.offsets[first + end, 1]))
        return FoundAnswer(span, float(totals[start, end]))


class Reader:
    """The reader that is shipped with the program.

    Args:
        folder: the folder of the prepared model multilingual-e5-small.
        tokenizer: the tokenizer of that model, if it has been loaded already; it takes time and memory.

    Raises:
        ModelError: a file of the prepared model or of the reader is missing or damaged.
    """

    def __init__(self, folder: Path, tokenizer: Tokenizer | None = None) -> None:
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Optimising the graph takes longer than some questions and doesn't make a run of the quantised graph faster.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        network = Path(str(resources.files("assistant.reader"))) / NETWORK_FILE
        try:
            self.tokenizer = tokenizer or load_tokenizer(folder)
            self._word_embeddings = np.load(folder / "word_embeddings.npy", mmap_mode="r")
            self._session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # if a file is damaged, each library raises its own error classes
            raise ModelError("the reader is missing or damaged; reinstall the program: make install") from error

    def read(self, question: str, text: str) -> Reading:
        """Read `question` together with `text`. The end of an overlong question or text is cut off.

        A text is read on its own, not in a batch: batches save no time on a CPU and need padding.
        """
        import numpy as np

        question_ids = self.tokenizer.encode(question, add_special_tokens=False).ids[:_MAX_QUESTION_TOKENS]
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        prefix = [_START_ID, *question_ids, _SEPARATOR_ID, _SEPARATOR_ID]
        ids = np.array([[*prefix, *encoding.ids[:_MAX_TEXT_TOKENS], _SEPARATOR_ID]])
        segments = np.zeros_like(ids)
        segments[:, len(prefix) : -1] = 1
        span_logits, answer_logits = self._session.run(
            None, {"word_embeddings": self._word_embeddings[ids], "segments": segments, "mask": np.ones_like(ids)}
        )
        scores = span_logits[0] - span_logits[0, 0]  # the first token stands for "no answer"
        return _make_reading(text, encoding.offsets[:_MAX_TEXT_TOKENS], float(answer_logits[0]), scores[len(prefix) :])


def _make_reading(
    text: str, offsets: Sequence[tuple[int, int]], answer_logit: float, scores: NDArray[np.float32]
) -> Reading:
    import numpy as np

    without_spaces = np.array([_without_spaces(text, start, end) for start, end in offsets]).reshape(-1, 2)
    scores = scores[: len(offsets)]
    return Reading(answer_logit, scores[:, 0], scores[:, 1], without_spaces)


def _without_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without white space at its start. A token includes the space before its word."""
    while start < end and text[start].isspace():
        start += 1
    return start, end
