"""The chunker, which is a llama-index node parser.

A passage never crosses a heading. Within a section, whole paragraphs are combined until a passage would exceed
`CHUNK_SIZE_TOKENS`. A paragraph that is too long is split between sentences, and a sentence that is too long is
split between words. llama-index's own `SentenceSplitter` isn't used, because it finds a chunk's offset by searching
for the chunk's text: if two paragraphs are identical, both get the offset of the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from llama_index.core.node_parser import NodeParser
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.schema import Document as LlamaDocument
from pydantic import PrivateAttr

from assistant.chunking import CHUNK_SIZE_TOKENS, passage_header
from assistant.embedding.encoder import Encoder
from assistant.schema import Document, Passage, Span
from assistant.text.sentences import sentence_spans

_TOKEN_COUNT_CACHE_SIZE = 1024
_MAX_HEADER_TOKENS = 48  # reserved for the title and heading path that the model reads before each passage
_MIN_BUDGET = 16  # the smallest token budget for a passage


class PassageParser(NodeParser):
    """A llama-index node parser that creates one `TextNode` for each passage.

    A node's metadata contains `document`, `heading` (the path of headings) and `sentences` (their spans, in document
    offsets). This metadata is excluded from the text that a model reads.
    """

    _encoder: Encoder = PrivateAttr()
    _count: Callable[[str], int] = PrivateAttr()

    def __init__(self, encoder: Encoder, **data: Any) -> None:
        super().__init__(include_prev_next_rel=False, **data)
        self._encoder = encoder
        self._count = lru_cache(_TOKEN_COUNT_CACHE_SIZE)(encoder.count_tokens)

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **_: Any) -> list[BaseNode]:
        return [passage for node in nodes for passage in self._split_document(node.metadata["document"])]

    def _split_document(self, document: Document) -> Iterator[TextNode]:
        for heading, section in _sections(document):
            for sentences in self._group_sentences(document, heading, section):
                start, end = sentences[0].start, sentences[-1].end
                text = document.text[start:end]
                key = f"{document.document_id}\0{start}\0{text}".encode()
                yield TextNode(
                    id_=hashlib.sha256(key).hexdigest()[:16],
                    text=text,
                    start_char_idx=start,
                    end_char_idx=end,
                    metadata={"document": document, "heading": heading, "sentences": tuple(sentences)},
                    excluded_embed_metadata_keys=["document", "heading", "sentences"],
                    excluded_llm_metadata_keys=["document", "heading", "sentences"],
                )

    def _group_sentences(self, document: Document, heading: Sequence[str], section: Span) -> Iterator[list[Span]]:
        """Yield groups of consecutive sentences. Each group fits within a passage's token budget."""
        count = self._count
        special_tokens = count("")
        header_tokens = min(count(passage_header(document.title, heading)), _MAX_HEADER_TOKENS)
        budget = max(_MIN_BUDGET, min(CHUNK_SIZE_TOKENS, self._encoder.max_tokens - header_tokens) - special_tokens)
        group: list[Span] = []
        group_tokens = 0
        for paragraph in _paragraphs(document.text, section):
            sizes = []
            for sentence in self._sentences(document, paragraph, budget):
                sizes.append((sentence, count(document.text[sentence.start : sentence.end]) - special_tokens + 1))
            if group and group_tokens + sum(size for _, size in sizes) > budget:
                yield group
                group, group_tokens = [], 0
            for sentence, size in sizes:
                if group and group_tokens + size > budget:
                    yield group
                    group, group_tokens = [], 0
                group.append(sentence)
                group_tokens += size
        if group:
            yield group

    def _sentences(self, document: Document, paragraph: Span, budget: int) -> Iterator[Span]:
        text = document.text[paragraph.start : paragraph.end]
        for span in sentence_spans(text, document.language, paragraph.start):
            yield from self._split_sentence(document.text, span, budget)

    def _split_sentence(self, text: str, span: Span, budget: int) -> Iterator[Span]:
        """Halve a sentence repeatedly until each part fits within the token budget. If possible, split it at spaces."""
        if self._count(text[span.start : span.end]) <= budget:
            yield span
            return
        middle = (span.start + span.end) // 2
        space = text.rfind(" ", span.start + 1, middle)
        left, right = (space, space + 1) if space > 0 else (middle, middle)
        yield from self._split_sentence(text, Span(span.start, left), budget)
        yield from self._split_sentence(text, Span(right, span.end), budget)


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Yield the span of each stretch of text between headings, with the path of headings that it comes under."""
    path: list[tuple[int, str]] = []
    start = 0
    for heading in document.headings:
        if heading.span.start > start:
            yield tuple(text for _, text in path), Span(start, heading.span.start)
        path = [(level, text) for level, text in path if level < heading.level]
        path.append((heading.level, heading.text))
        start = heading.span.end
    yield tuple(text for _, text in path), Span(start, len(document.text))


def _paragraphs(text: str, section: Span) -> Iterator[Span]:
    start = section.start
    for paragraph in text[section.start : section.end].split("\n\n"):
        if paragraph.strip():
            yield Span(start, start + len(paragraph))
        start += len(paragraph) + 2


def split_into_passages(documents: Sequence[Document], encoder: Encoder) -> list[Passage]:
    """Split documents into passages, which are returned in the order of the documents.

    llama-index's `IngestionPipeline` isn't used, because its cache keeps the text of deleted documents.
    Without its cache, the pipeline would be no more than a loop.
    """
    llama_documents = [
        LlamaDocument(id_=document.document_id, text=document.text, metadata={"document": document})
        for document in documents
    ]
    nodes = PassageParser(encoder).get_nodes_from_documents(llama_documents)
    return [_to_passage(node) for node in nodes if isinstance(node, TextNode)]


def _to_passage(node: TextNode) -> Passage:
    document: Document = node.metadata["document"]
    assert node.start_char_idx is not None  # `PassageParser` sets both indices
    assert node.end_char_idx is not None
    return Passage(
        passage_id=node.node_id,
        document_id=document.document_id,
        title=document.title,
        url=document.url,
        language=document.language,
        heading=node.metadata["heading"],
        text=node.text,
        start=node.start_char_idx,
        end=node.end_char_idx,
        sentences=node.metadata["sentences"],
    )
