"""Writing a Document as a Markdown file, which gives an equal Document when it is read back."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from assistant.corpus.formats import UnreadableDocumentError, parse_document_file
from assistant.schema import Document

_LIST_LINE = re.compile(r"- \S")
# Characters that CommonMark usually treats as markup: first those within a line, then those at the start of a line.
_COMMON_MARKUP = re.compile(r"([\\`*_\[\]<>|])|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(?:([-+=#~:])|(\d{1,9})([.)]))", re.MULTILINE)
_ALL_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_MAX_NAME_CHARACTERS = 80  # maximum length of each part of a path


@dataclass(frozen=True, slots=True)
class DocumentOrigin:
    """The source of a document, which is either a web page (with its cache validators) or a file.

    `extra_metadata` contains front matter that somebody has added by hand to the file in the corpus folder.
    """

    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    file_name: str | None = None
    extra_metadata: Mapping[str, Any] = field(default_factory=dict)


def text_hash(text: str) -> str:
    """Return a hash of the words of `text`. White space doesn't affect the hash."""
    return "sha256:" + sha256(" ".join(text.split()).encode("utf-8")).hexdigest()


def is_edited(content: str, body_hash: str) -> bool:
    """Return whether a file's body has been edited since it was written. `body_hash` is the original body's hash."""
    return _hash_body(markdown_body(content)) != body_hash


def _hash_body(body: str) -> str:
    return "sha256:" + sha256(body.encode("utf-8")).hexdigest()


def document_to_markdown(document: Document, origin: DocumentOrigin, retrieved: str) -> str:
    """Return `document` as Markdown with front matter.

    Args:
        document: the document, which was read from a page or a file.
        origin: the source of the document.
        retrieved: the date on which the document was retrieved, YYYY-MM-DD.

    Raises:
        UnreadableDocumentError: the document can't be written as Markdown that has the same words when read back.
    """
    for markup in (_COMMON_MARKUP, _ALL_PUNCTUATION):
        body = _make_body(document, markup)
        content = _make_front_matter(document, origin, retrieved, body) + body
        read_back = parse_document_file(content.encode("utf-8"), "text.md")
        if read_back.text.split() == document.text.split():
            return content
    raise UnreadableDocumentError("the text can't be converted to Markdown without changing words")


def markdown_body(content: str) -> str:
    """Return the part of a file that follows its front matter."""
    return content.split("\n---\n\n", 1)[-1]


def write_file(path: Path, content: str) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")  # the temporary file is hidden, so that it isn't read as a document
    temporary.write_text(content, encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def _make_front_matter(document: Document, origin: DocumentOrigin, retrieved: str, body: str) -> str:
    import yaml

    values = {
        "title": document.title, "url": origin.url, "language": document.language, "source": document.source,
        "retrieved": retrieved, "hash": text_hash(document.text), "written": _hash_body(body), "file": origin.file_name,
        "etag": origin.etag, "last_modified": origin.last_modified,
    }  # fmt: skip
    extra = {key: value for key, value in origin.extra_metadata.items() if key not in values}
    metadata = {key: value for key, value in {**values, **extra}.items() if value}
    dumped: str = yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{dumped}---\n\n"


def _make_body(document: Document, markup: re.Pattern[str]) -> str:
    """Return the text of `document` as Markdown. Characters that match `markup` are escaped."""
    levels = {heading.span.start: heading.level for heading in document.headings}
    parts, offset = [], 0
    for block in document.text.split("\n\n"):
        level = levels.get(offset, 0)
        offset += len(block) + 2
        lines = block.split("\n")
        if level:
            parts.append("#" * level + " " + _escape(" ".join(lines), markup))
        elif all(_LIST_LINE.match(line) for line in lines):
            parts.append("\n".join("- " + _escape(line[2:], markup) for line in lines))
        else:
            parts.append("\\\n".join(_escape(line.strip(), markup) for line in lines))
    return "\n\n".join(parts) + "\n"


def _escape(text: str, markup: re.Pattern[str]) -> str:
    escaped = markup.sub(lambda match: "\\" + match.group(), text)
    if markup is _ALL_PUNCTUATION:
        return escaped
    return _LINE_START.sub(
        lambda match: match[1] + (f"\\{match[2]}" if match[2] else f"{match[3]}\\{match[4]}"), escaped
    )


def corpus_path_for_url(url: str) -> Path:
    """Return a readable path for a page, relative to the corpus folder. The path can't lead out of that folder."""
    parts = urlsplit(url)
    segments = [file_name_slug(part) for part in unquote(parts.path).split("/") if part.strip("./ ")]
    name = segments.pop() if segments else "index"
    name = re.sub(r"-(?:html?|php|aspx?|pdf|docx|md|txt)$", "", name)
    if parts.query:
        name += "-" + sha256(parts.query.encode()).hexdigest()[:8]
    return Path(file_name_slug(parts.hostname or "web", dots=True), *segments[:6], f"{name}.md")


def file_name_slug(text: str, dots: bool = False) -> str:
    """Convert `text` to a string that is safe in a file name. If `dots` is True, dots inside it are kept."""
    slug = re.sub(r"[^\w.]+" if dots else r"[\W]+", "-", text.lower())
    return slug.strip("-.")[:_MAX_NAME_CHARACTERS] or "text"
