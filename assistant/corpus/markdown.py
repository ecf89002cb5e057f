"""Markdown -> blocks of plain words. Markup is dropped, pictures too; the words stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.corpus.blocks import Block

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_BREAKS = {"softbreak": " ", "hardbreak": "\n"}


def parse_markdown(text: str) -> list[Block]:
    """The blocks of a CommonMark text (with tables); raw HTML is left out."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    return [block for node in tree.children for block in _blocks(node)]


def _blocks(node: SyntaxTreeNode) -> Iterator[Block]:
    match node.type:
        case "heading":
            yield Block(_words(node), int(node.tag[1]))
        case "paragraph":
            yield Block(_words(node))
        case "bullet_list" | "ordered_list":
            yield Block("\n".join(_items(node)))
        case "table":
            rows = [row for part in node.children for row in part.children]
            yield Block("\n".join(" | ".join(_words(cell) for cell in row.children) for row in rows))
        case "fence" | "code_block":
            yield Block(node.content.rstrip("\n"))
        case "blockquote":
            for child in node.children:
                yield from _blocks(child)


def _items(items: SyntaxTreeNode) -> Iterator[str]:
    """One line an item, inner lists after the line of their item."""
    first = int(items.attrs.get("start", 1))
    for number, item in enumerate(items.children, first):
        lines = [block.text for child in item.children for block in _blocks(child) if block.text]
        mark = f"{number}. " if items.type == "ordered_list" else "- "
        if lines:
            yield mark + "\n".join(lines)


def _words(node: SyntaxTreeNode) -> str:
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type in _BREAKS:
        return _BREAKS[node.type]
    if node.type in {"image", "html_inline"}:
        return ""
    return "".join(_words(child) for child in node.children)
