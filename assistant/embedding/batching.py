"""Batching questions that several threads encode at the same time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from assistant.embedding.encoder import EncodedTexts, Encoder
from assistant.schema import Span

_MAX_BATCH_SIZE = 16  # the most questions in one pass; a larger batch doesn't lower the cost per question


class _PendingQuestion:
    """A question waiting to be encoded. If `is_leader` is True, the question's own thread runs the next pass."""

    def __init__(self, text: str, spans: Sequence[Span], is_leader: bool) -> None:
        self.text, self.spans, self.is_leader = text, spans, is_leader
        self.wake_up = threading.Event()
        self.result: Future[EncodedTexts] = Future()


class BatchingEncoder:
    """A thread-safe encoder. Questions that arrive while the model is running are collected and encoded as one batch.

    A pass is one run of the model. If fewer than `max_passes` passes are running, a question is encoded at once.
    Otherwise, it joins the next batch. Each pass runs in the thread of one of its questions, called the leader. After
    the pass, the leader wakes a waiting question, which becomes the next leader. `OnnxEncoder` returns exactly the
    same vectors for a question whatever batch it is in. If a batch fails, its questions are encoded one by one, so that
    only the faulty question raises an error.

    Args:
        encoder: the encoder that runs the passes. It must be thread-safe.
        max_passes: the number of passes that may run at the same time.
    """

    def __init__(self, encoder: Encoder, max_passes: int = 1) -> None:
        self.encoder, self._free_passes = encoder, max_passes
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens
        self._lock = threading.Lock()
        self._waiting: list[_PendingQuestion] = []

    def encode_questions(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`. Several texts in one call already form a batch, so they are passed on unchanged."""
        if len(texts) != 1:
            return self.encoder.encode_questions(texts, spans)
        with self._lock:
            pending = _PendingQuestion(texts[0], spans[0] if spans else (), is_leader=self._free_passes > 0)
            if pending.is_leader:
                self._free_passes -= 1
            else:
                self._waiting.append(pending)
        if not pending.is_leader:
            pending.wake_up.wait()
        if pending.is_leader:
            try:
                self._encode_batch(self._take_batch(pending))
            finally:
                self._release_pass()
        return pending.result.result()

    def encode_passages(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> EncodedTexts:
        """See `Encoder`."""
        return self.encoder.encode_passages(texts, spans)

    def count_tokens(self, text: str) -> int:
        """See `Encoder`."""
        return self.encoder.count_tokens(text)

    def _take_batch(self, leader: _PendingQuestion) -> list[_PendingQuestion]:
        with self._lock:
            batch = [leader, *self._waiting[: _MAX_BATCH_SIZE - 1]]
            del self._waiting[: _MAX_BATCH_SIZE - 1]
        return batch

    def _encode_batch(self, batch: list[_PendingQuestion]) -> None:
        try:
            encoded = self.encoder.encode_questions([item.text for item in batch], [item.spans for item in batch])
            results = [EncodedTexts(encoded.vectors[i : i + 1], (encoded.span_vectors[i],)) for i in range(len(batch))]
        except BaseException as error:  # if any error went unreported, the waiting threads would block for ever
            if len(batch) > 1:
                for item in batch:
                    self._encode_batch([item])
                return
            batch[0].result.set_exception(error)
        else:
            for item, result in zip(batch, results, strict=True):
                item.result.set_result(result)
        for item in batch:
            item.wake_up.set()

    def _release_pass(self) -> None:
        """Make the first waiting question the next leader. If no question is waiting, let another pass start."""
        with self._lock:
            if not self._waiting:
                self._free_passes += 1
                return
            next_leader = self._waiting.pop(0)
            next_leader.is_leader = True
        next_leader.wake_up.set()
