"""Questions that are asked at the same time go through the model together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from assistant.embedding.encoder import EncodedTexts, Encoder
from assistant.schema import Span

_MOST = 16  # questions in one pass: beyond, each costs no less


class _PendingQuestion:
    """A question on its way: `leads` when its thread is to run the next pass."""

    def __init__(self, text: str, spans: Sequence[Span], leads: bool) -> None:
        self.text, self.spans, self.leads = text, spans, leads
        self.woken = threading.Event()
        self.encoded: Future[EncodedTexts] = Future()


class BatchingEncoder:
    """An encoder for many threads: while one pass of the model runs, questions gather for the next.

    Nobody waits for company: a question that comes when no pass runs is encoded at once. Each pass is run by
    the thread of one of its questions, which then hands on to one that waits. With an `OnnxEncoder` a vector is the
    same, to the bit, in whatever company it was made. A question that can't be encoded fails alone; the others of its
    pass wait longer.

    Args:
        encoder: runs the passes; safe to call from several threads.
        passes: how many passes may run at a time.
    """

    def __init__(self, encoder: Encoder, passes: int = 1) -> None:
        self._encoder, self._free = encoder, passes
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self._lock = threading.Lock()
        self._waiting: list[_PendingQuestion] = []

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`; several texts in one call are a batch already."""
        if len(texts) != 1:
            return self._encoder.encode_questions(texts, spans)
        with self._lock:
            own = _PendingQuestion(texts[0], spans[0] if spans else (), leads=self._free > 0)
            if own.leads:
                self._free -= 1
            else:
                self._waiting.append(own)
        if not own.leads:
            own.woken.wait()
        if own.leads:
            try:
                self._run(own)
            finally:
                self._hand_on()
        return own.encoded.result()

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self._encoder.encode_passages(texts, spans)

    def count_tokens(self, text: str) -> int:
        """See `Encoder`."""
        return self._encoder.count_tokens(text)

    def _run(self, leader: _PendingQuestion) -> None:
        """One pass for `leader` and those who wait."""
        with self._lock:
            batch = [leader, *self._waiting[: _MOST - 1]]
            del self._waiting[: _MOST - 1]
        self._pass(batch)

    def _pass(self, batch: list[_PendingQuestion]) -> None:
        try:
            encoded = self._encoder.encode_questions([item.text for item in batch], [item.spans for item in batch])
            own = [EncodedTexts(encoded.vectors[at : at + 1], (encoded.spans[at],)) for at in range(len(batch))]
        except BaseException as error:  # whoever waits must hear of it
            if len(batch) > 1:
                for item in batch:
                    self._pass([item])
                return
            batch[0].encoded.set_exception(error)
        else:
            for item, vectors in zip(batch, own, strict=True):
                item.encoded.set_result(vectors)
        for item in batch:
            item.woken.set()

    def _hand_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            following = self._waiting.pop(0)
            following.leads = True
        following.woken.set()
