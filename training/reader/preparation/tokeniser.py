"""Tokenises texts with the tokenizer of multilingual-e5-small, and numbers the tokens that occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.reader.data import RaggedArray
from training.reader.network import MAX_QUESTION_TOKENS, MAX_TEXT_TOKENS
from training.reader.preparation.text_spans import sentence_numbers

MAX_VOCABULARY_SIZE = 2**16  # so that the number of a token fits into 16 bits
_SPECIAL_TOKENS = 4  # <s>, <pad>, </s> and <unk>: ids 0 to 3, which remain so
_E5_VOCABULARY_SIZE = 250_037


@dataclass(frozen=True)
class TokenisedText:
    """The beginning of a text, at most `MAX_TEXT_TOKENS` tokens.

    Attributes:
        tokens: the number of each token, `[tokens]`.
        offsets: the character range of each token, `[tokens, 2]`.
        sentences: the number of the sentence in which each token begins, `[tokens]`.
    """

    tokens: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    sentences: NDArray[np.int64]


class Tokeniser:
    """Tokenises texts. Tokens are numbered in the order in which they occur first, so that few embeddings suffice.

    Args:
        folder: a folder with the `tokenizer.json` of multilingual-e5-small.

    The methods raise OverflowError if the texts contain more than `MAX_VOCABULARY_SIZE` different tokens.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._ids = list(range(_SPECIAL_TOKENS))
        self._numbers = np.full(_E5_VOCABULARY_SIZE, -1, dtype=np.int32)
        self._numbers[:_SPECIAL_TOKENS] = self._ids

    @property
    def vocabulary(self) -> NDArray[np.int32]:
        """The id in multilingual-e5-small of each token that has a number, `[tokens]`."""
        return np.array(self._ids, dtype=np.int32)

    def encode_questions(self, questions: Sequence[str]) -> RaggedArray:
        """Return the token numbers of each question, at most `MAX_QUESTION_TOKENS`. No text gives no tokens."""
        encodings = self._tokenizer.encode_batch(list(questions), add_special_tokens=False)
        return RaggedArray.of([self._number(encoding.ids[:MAX_QUESTION_TOKENS]) for encoding in encodings], np.uint16)

    def encode_texts(self, texts: Sequence[str]) -> list[TokenisedText]:
        """Tokenise `texts`."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        tokenised = []
        for text, encoding in zip(texts, encodings, strict=True):
            offsets = np.array(encoding.offsets[:MAX_TEXT_TOKENS], dtype=np.int64).reshape(-1, 2)
            # The range of a token includes the space before its word.
            starts = [start + text.startswith(" ", start) for start in offsets[:, 0].tolist()]
            tokens = self._number(encoding.ids[:MAX_TEXT_TOKENS])
            tokenised.append(TokenisedText(tokens, offsets, sentence_numbers(text, starts)))
        return tokenised

    def _number(self, ids: Sequence[int]) -> NDArray[np.uint16]:
        for new in ids:
            if self._numbers[new] < 0:
                self._numbers[new] = len(self._ids)
                self._ids.append(new)
        if len(self._ids) > MAX_VOCABULARY_SIZE:
            raise OverflowError(f"the data contains more than {MAX_VOCABULARY_SIZE} different tokens; leave some out")
        return self._numbers[np.asarray(ids, dtype=np.int64)].astype(np.uint16)
