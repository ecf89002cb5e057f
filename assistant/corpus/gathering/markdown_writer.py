"""A Document -> a Markdown file of the corpus that reads as the same Document."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from assistant.corpus.formats import UnreadableError, read_file
from assistant.schema import Document

_LIST_LINE = re.compile(r"- \S")
# What CommonMark takes for markup within a line, and at the beginning of one; or, to be sure, all it could take.
_LIGHT = re.compile(r"([\\`*_\[\]<>|])|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(?:([-+=#~:])|(\d{1,9})([.)]))", re.MULTILINE)
_FULL = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text is from: a page with what its server calls that state of it, or a file by its name.

    `more` are lines of front matter that somebody added here.
    """

    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    file: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def text_hash(text: str) -> str:
    """What tells one state of a text from another; its layout doesn't count."""
    return "sha256:" + sha256(" ".join(text.split()).encode("utf-8")).hexdigest()


def is_edited(content: str, written: str) -> bool:
    """Whether somebody changed the body since it was `written` (its hash), a link or a comment included."""
    return _digest(markdown_body(content)) != written


def _digest(body: str) -> str:
    return "sha256:" + sha256(body.encode("utf-8")).hexdigest()


def to_markdown(document: Document, origin: Origin, retrieved: str) -> str:
    """The file's content: front matter and text.

    Args:
        document: as it was read from a page or another file.
        origin: where it comes from.
        retrieved: the day, YYYY-MM-DD.

    Raises:
        UnreadableError: the text can't be written so that it reads as it was.
    """
    for escape in (_LIGHT, _FULL):
        body = _body(document, escape)
        content = _front_matter(document, origin, retrieved, body) + body
        read = read_file(content.encode("utf-8"), "text.md")
        if read.text.split() == document.text.split():
            return content
    raise UnreadableError("its text can't be written as Markdown without a change of words")


def markdown_body(content: str) -> str:
    """What stands after the front matter."""
    return content.split("\n---\n\n", 1)[-1]


def write_file(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")  # hidden files are no texts of the corpus
    beside.write_text(content, encoding="utf-8", newline="\n")
    os.replace(beside, path)


def _front_matter(document: Document, origin: Origin, retrieved: str, body: str) -> str:
    import yaml

    values = {
        "title": document.title, "url": origin.url, "language": document.language, "source": document.source,
        "retrieved": retrieved, "hash": text_hash(document.text), "written": _digest(body), "file": origin.file,
        "etag": origin.etag, "last_modified": origin.last_modified,
    }  # fmt: skip
    added = {key: value for key, value in origin.more.items() if key not in values}
    kept = {key: value for key, value in {**values, **added}.items() if value}
    dumped: str = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{dumped}---\n\n"


def _body(document: Document, escape: re.Pattern[str]) -> str:
    """Blocks with an empty line between; `escape` is the markup that has to be plain."""
    levels = {heading.span.start: heading.level for heading in document.headings}
    parts, at = [], 0
    for block in document.text.split("\n\n"):
        level = levels.get(at, 0)
        at += len(block) + 2
        lines = block.split("\n")
        if level:
            parts.append("#" * level + " " + _plain(" ".join(lines), escape))
        elif all(_LIST_LINE.match(line) for line in lines):
            parts.append("\n".join("- " + _plain(line[2:], escape) for line in lines))
        else:
            parts.append("\\\n".join(_plain(line.strip(), escape) for line in lines))
    return "\n\n".join(parts) + "\n"


def _plain(text: str, escape: re.Pattern[str]) -> str:
    escaped = escape.sub(lambda found: "\\" + found.group(), text)
    if escape is _FULL:
        return escaped
    return _LINE_START.sub(
        lambda found: found[1] + (f"\\{found[2]}" if found[2] else f"{found[3]}\\{found[4]}"), escaped
    )
