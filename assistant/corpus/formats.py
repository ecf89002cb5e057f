"""Converting files in several formats into Documents."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from assistant.corpus.blocks import DocumentBlock, join_blocks, join_wrapped_lines
from assistant.corpus.markdown import parse_markdown
from assistant.schema import Document
from assistant.text.language import detect_text_language

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class UnreadableDocumentError(Exception):
    """A file can't be read; the message tells the user why."""


@dataclass(frozen=True, slots=True)
class _Content:
    blocks: list[DocumentBlock]
    metadata: dict[str, Any] = field(default_factory=dict)


def parse_document_file(data: bytes, name: str) -> Document:
    """Convert `data`, the content of the file `name`, into a Document.

    Raises:
        UnreadableDocumentError: the file is empty, broken, encrypted, binary, or of an unsupported type.
    """
    if not data.strip():
        raise UnreadableDocumentError("the file is empty")
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise UnreadableDocumentError(f"unsupported file type (supported: {' '.join(SUPPORTED_SUFFIXES)})")
    content = _read_content(reader, data)
    text, headings = join_blocks(content.blocks)
    if not text.strip():
        raise UnreadableDocumentError("the file contains no text (if it contains images, run text recognition first)")
    metadata = content.metadata
    title = metadata.get("title") or (headings[0].text if headings else PurePosixPath(name).stem.replace("-", " "))
    return Document(
        document_id=name,
        title=str(title).strip(),
        text=text,
        language=_parse_language(metadata.get("language"), text),
        url=_parse_url(metadata.get("url")),
        source=str(metadata["source"]) if metadata.get("source") else None,
        retrieved=_parse_date(metadata.get("retrieved")),
        headings=headings,
    )


def read_front_matter(data: bytes) -> dict[str, Any]:
    """Return the front matter of a Markdown file, or {} if the file has no front matter.

    Raises:
        UnreadableDocumentError: the file isn't a text file, or its front matter is invalid.
    """
    match = _FRONT_MATTER.match(_decode(data))
    return _parse_front_matter(match.group(1)) if match else {}


def _read_content(reader: Callable[[bytes], _Content], data: bytes) -> _Content:
    """Call `reader`. Any error from a library means that the file is broken and becomes an UnreadableDocumentError."""
    try:
        return reader(data)
    except UnreadableDocumentError:
        raise
    except Exception as error:  # libraries raise many kinds of error, including those from their dependencies
        raise UnreadableDocumentError(f"the file is broken ({type(error).__name__})") from error


def _parse_date(value: Any) -> str | None:
    """Return a date from front matter as YYYY-MM-DD. `value` may be a date, a date with a time, or a string."""
    if not value:
        return None
    day = str(value)[:10]
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise ValueError
        date.fromisoformat(day)
    except ValueError:
        raise UnreadableDocumentError(f"retrieved: {str(value)!r} is not a date such as 2026-01-31") from None
    return day


def _parse_url(value: Any) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(str(value))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UnreadableDocumentError(f"url: {str(value)!r} is not a web address (http:// or https://)")
    return str(value)


def _parse_language(value: Any, text: str) -> str:
    """Return the two-letter language code from front matter, or the code of the detected language if `value` is empty.

    YAML reads the code for Norwegian, "no", as False.
    """
    if value is None or value == "":
        return detect_text_language(text)
    code = "no" if value is False else str(value).strip().lower()
    if not re.fullmatch(r"[a-z]{2}(?:[-_][a-z0-9]+)*", code):
        raise UnreadableDocumentError(f"language: {str(value)!r} is not a language code such as en or sv")
    return code[:2]


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        problem = "binary" if b"\0" in data else "not UTF-8"
        raise UnreadableDocumentError(f"the file is {problem} (byte {error.start}); save it as UTF-8 text") from None
    if "\0" in text:
        raise UnreadableDocumentError("the file is binary (it contains NUL characters)")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_markdown(data: bytes) -> _Content:
    text = _decode(data)
    metadata: dict[str, Any] = {}
    if match := _FRONT_MATTER.match(text):
        metadata = _parse_front_matter(match.group(1))
        text = text[match.end() :]
    return _Content(parse_markdown(text), metadata)


def _parse_front_matter(source: str) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError) as error:  # an impossible date raises a ValueError
        raise UnreadableDocumentError(f"the front matter is not valid YAML ({str(error).splitlines()[0]})") from None
    if loaded is not None and not isinstance(loaded, dict):
        raise UnreadableDocumentError("the front matter must consist of 'key: value' lines")
    return loaded or {}


def _read_plain_text(data: bytes) -> _Content:
    return _Content([DocumentBlock(part) for part in join_wrapped_lines(_decode(data))])


def _read_html(data: bytes) -> _Content:
    """Extract a page's main content with trafilatura, as Markdown."""
    import trafilatura

    if b"\0" in data[:1024] and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise UnreadableDocumentError("the file is binary")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its failures are reported as errors instead
    text = trafilatura.extract(
        data, output_format="markdown", include_formatting=True, include_comments=False, favor_recall=True
    )
    if not text:
        raise UnreadableDocumentError("no main content was found in the page")
    page_metadata = trafilatura.extract_metadata(data)
    fields = page_metadata.as_dict() if page_metadata else {}
    metadata = {key: fields.get(key) for key in ("title", "language")}
    url = str(fields.get("url") or "")
    if url.startswith(("http://", "https://")):
        metadata["url"] = url
    return _Content(parse_markdown(text), metadata)


def _read_pdf(data: bytes) -> _Content:
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocumentError("the file is encrypted; save it without a password")
        pages = [page.extract_text() for page in reader.pages]
        title = reader.metadata.title if reader.metadata else None
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableDocumentError(f"this is a broken PDF ({type(error).__name__})") from None
    return _Content([DocumentBlock(part) for page in pages for part in join_wrapped_lines(page)], {"title": title})


def _read_docx(data: bytes) -> _Content:
    import zipfile

    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table
    from lxml.etree import XMLSyntaxError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # python-docx warns about unusual styles, but these don't affect the text
            document = docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, XMLSyntaxError) as error:
        raise UnreadableDocumentError(f"this is a broken or encrypted DOCX ({type(error).__name__})") from None
    blocks = []
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            rows = [" | ".join(cell.text.strip() for cell in row.cells) for row in item.rows]
            blocks.append(DocumentBlock("\n".join(rows)))
            continue
        style = (item.style.name if item.style else None) or ""
        level = int(style[8:]) if re.fullmatch(r"Heading \d", style) else 1 if style == "Title" else 0
        blocks.append(DocumentBlock(item.text.strip(), level))
    return _Content(blocks, {"title": document.core_properties.title})


_READERS: dict[str, Callable[[bytes], _Content]] = {
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".txt": _read_plain_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".docx": _read_docx,
}
SUPPORTED_SUFFIXES = tuple(_READERS)
