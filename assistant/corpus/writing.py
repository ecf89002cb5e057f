"""A Document -> a Markdown file of the corpus that reads as the same Document."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assistant.corpus.formats import UnreadableError, read_file
from assistant.schema import Document

_LIST_LINE = re.compile(r"- \S")
# What CommonMark takes for markup within a line, and at the beginning of one; or, to be sure, all it could take.
_LIGHT = re.compile(r"([\\`*_\[\]<>|])|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(?:([-+=#~:])|(\d{1,9})([.)]))", re.MULTILINE)
_FULL = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text was fetched, and what its server calls that state of it."""

    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None


def text_hash(text: str) -> str:
    """What tells one state of a text from another; its layout doesn't count."""
    return "sha256:" + sha256(" ".join(text.split()).encode("utf-8")).hexdigest()


def as_markdown(document: Document, origin: Origin, retrieved: str) -> str:
    """The file's content: front matter and text.

    Args:
        document: as it was read from a page or another file.
        origin: where it comes from.
        retrieved: the day, YYYY-MM-DD.

    Raises:
        UnreadableError: the text can't be written so that it reads as it was.
    """
    for escape in (_LIGHT, _FULL):
        content = _front_matter(document, origin, retrieved) + _body(document, escape)
        read = read_file(content.encode("utf-8"), "text.md")
        if read.text.split() == document.text.split():
            return content
    raise UnreadableError("its text can't be written as Markdown without a change of words")


def write_file(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")  # hidden files are no texts of the corpus
    beside.write_text(content, encoding="utf-8", newline="\n")
    os.replace(beside, path)


def _front_matter(document: Document, origin: Origin, retrieved: str) -> str:
    import yaml

    values = {
        "title": document.title, "url": origin.url, "language": document.language, "source": document.source,
        "retrieved": retrieved, "hash": text_hash(document.text), "etag": origin.etag,
        "last_modified": origin.last_modified,
    }  # fmt: skip
    kept = {key: value for key, value in values.items() if value}
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
