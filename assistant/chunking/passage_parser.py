"""The chunker: a llama-index node parser.

A node never crosses a heading. Within a section whole paragraphs are packed up to `CHUNK_TOKENS`;
a longer paragraph is divided between sentences, and a sentence that is too long itself between
words. `SentenceSplitter` of llama-index finds a chunk's offset by searching for its text, which
gives the first of two equal paragraphs for both; so this is a `NodeParser` of our own.
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

from assistant.chunking import CHUNK_TOKENS, passage_header
from assistant.embedding.encoder import Encoder
from assistant.schema import Document, Passage, Span
from assistant.text.sentences import sentence_spans

_COUNTED = 1024  # texts whose tokens were counted lately
_HEADER_TOKENS = 48  # of title and heading path, repeated in front of each passage for the model


class PassageParser(NodeParser):
    """llama-index node parser that gives one `TextNode` for each passage.

    `metadata` of a node holds `heading` (the path) and `sentences` (document offsets); neither is
    meant for a model, and both are excluded from its texts.
    """

    _encoder: Encoder = PrivateAttr()
    _count: Callable[[str], int] = PrivateAttr()

    def __init__(self, encoder: Encoder, **data: Any) -> None:
        super().__init__(include_prev_next_rel=False, **data)
        self._encoder = encoder
        self._count = lru_cache(_COUNTED)(encoder.count_tokens)  # a sentence is cut by its size, then packed by it

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **_: Any) -> list[BaseNode]:
        return [made for node in nodes for made in self._nodes_of(node.metadata["document"])]

    def _nodes_of(self, document: Document) -> Iterator[TextNode]:
        for heading, section in _sections(document):
            for sentences in self._pack(document, heading, section):
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

    def _pack(self, document: Document, heading: Sequence[str], section: Span) -> Iterator[list[Span]]:
        """Groups of sentences, each within the budget of tokens."""
        count = self._count
        empty = count("")
        header = min(count(passage_header(document.title, heading)), _HEADER_TOKENS)
        budget = max(16, min(CHUNK_TOKENS, self._encoder.max_tokens - header) - empty)
        group: list[Span] = []
        used = 0
        for paragraph in _paragraphs(document.text, section):
            sizes = []
            for sentence in self._sentences(document, paragraph, budget):
                sizes.append((sentence, count(document.text[sentence.start : sentence.end]) - empty + 1))
            if group and used + sum(size for _, size in sizes) > budget:
                yield group
                group, used = [], 0
            for sentence, size in sizes:
                if group and used + size > budget:
                    yield group
                    group, used = [], 0
                group.append(sentence)
                used += size
        if group:
            yield group

    def _sentences(self, document: Document, paragraph: Span, budget: int) -> Iterator[Span]:
        text = document.text[paragraph.start : paragraph.end]
        for span in sentence_spans(text, document.language, paragraph.start):
            yield from self._cut(document.text, span, budget)

    def _cut(self, text: str, span: Span, budget: int) -> Iterator[Span]:
        """Halve a sentence at a space until each piece fits; a word without spaces anywhere."""
        if self._count(text[span.start : span.end]) <= budget:
            yield span
            return
        middle = (span.start + span.end) // 2
        space = text.rfind(" ", span.start + 1, middle)
        left, right = (space, space + 1) if space > 0 else (middle, middle)
        yield from self._cut(text, Span(span.start, left), budget)
        yield from self._cut(text, Span(right, span.end), budget)


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], Span]]:
    """The stretches between headings with the path of headings over them."""
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
    at = section.start
    for part in text[section.start : section.end].split("\n\n"):
        if part.strip():
            yield Span(at, at + len(part))
        at += len(part) + 2


def split_into_passages(documents: Sequence[Document], encoder: Encoder) -> list[Passage]:
    """Divide documents into passages, in the order of the documents.

    `IngestionPipeline` isn't used: without its cache it is a loop, and its cache holds the texts of
    removed documents.
    """
    carriers = [
        LlamaDocument(id_=document.document_id, text=document.text, metadata={"document": document})
        for document in documents
    ]
    nodes = PassageParser(encoder).get_nodes_from_documents(carriers)
    return [_to_passage(node) for node in nodes if isinstance(node, TextNode)]


def _to_passage(node: TextNode) -> Passage:
    document: Document = node.metadata["document"]
    assert node.start_char_idx is not None  # the parser sets both
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
