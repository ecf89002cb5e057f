"""Parsing Markdown into plain text. Markup, pictures and raw HTML are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.corpus.blocks import DocumentBlock

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def parse_markdown(text: str) -> list[DocumentBlock]:
    """Parse Markdown (CommonMark with tables) into blocks of plain text."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    return [block for node in tree.children for block in _blocks(node)]


def _blocks(node: SyntaxTreeNode) -> Iterator[DocumentBlock]:
    match node.type:
        case "heading":
            yield DocumentBlock(_plain_text(node), int(node.tag[1]))
        case "paragraph":
            yield DocumentBlock(_plain_text(node))
        case "bullet_list" | "ordered_list":
            yield DocumentBlock("\n".join(_list_items(node)))
        case "table":
            rows = [row for part in node.children for row in part.children]
            yield DocumentBlock("\n".join(" | ".join(_plain_text(cell) for cell in row.children) for row in rows))
        case "fence" | "code_block":
            yield DocumentBlock(node.content.rstrip("\n"))
        case "blockquote":
            for child in node.children:
                yield from _blocks(child)


def _list_items(node: SyntaxTreeNode) -> Iterator[str]:
    """Yield one string for each top-level item of a list. Nested items are on separate lines of that string."""
    first = int(node.attrs.get("start", 1))
    for number, item in enumerate(node.children, first):
        lines = [block.text for child in item.children for block in _blocks(child) if block.text]
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        if lines:
            yield mark + "\n".join(lines)


def _plain_text(node: SyntaxTreeNode) -> str:
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type in _BREAKS:
        return _BREAKS[node.type]
    if node.type in {"image", "html_inline"}:
        return ""
    return "".join(_plain_text(child) for child in node.children)
