"""One file's bytes -> Document, by the ending of its name."""

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

from assistant.corpus.blocks import Block, join_blocks, reflow
from assistant.corpus.markdown import parse_markdown
from assistant.schema import Document
from assistant.text.language import detect_text_language

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class UnreadableError(Exception):
    """A file gives no text; the message is the reason, for people."""


@dataclass(frozen=True, slots=True)
class _Content:
    blocks: list[Block]
    metadata: dict[str, Any] = field(default_factory=dict)


def read_file(data: bytes, name: str) -> Document:
    """Turn the bytes of corpus file `name` into a Document.

    Raises:
        UnreadableError: the file is empty, broken, encrypted, binary, or of an unknown kind.
    """
    if not data.strip():
        raise UnreadableError("empty")
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise UnreadableError(f"not a kind of file that is read ({' '.join(SUFFIXES)})")
    content = _guarded(reader, data)
    text, headings = join_blocks(content.blocks)
    if not text.strip():
        raise UnreadableError("no text in it (a scanned or image-only file has to go through text recognition first)")
    meta = content.metadata
    title = meta.get("title") or (headings[0].text if headings else PurePosixPath(name).stem.replace("-", " "))
    return Document(
        document_id=name,
        title=str(title).strip(),
        text=text,
        language=_language(meta.get("language"), text),
        url=_web_address(meta.get("url")),
        source=str(meta["source"]) if meta.get("source") else None,
        retrieved=_day(meta.get("retrieved")),
        headings=headings,
    )


def read_front_matter(data: bytes) -> dict[str, Any]:
    """What stands at the head of a Markdown file, {} for nothing.

    Raises:
        UnreadableError: it is no text, or what stands there is no front matter.
    """
    match = _FRONT_MATTER.match(_decode(data))
    return _front_matter(match.group(1)) if match else {}


def _guarded(reader: Callable[[bytes], _Content], data: bytes) -> _Content:
    """What `reader` makes of a file; whatever a library raises over a broken one becomes a reason."""
    try:
        return reader(data)
    except UnreadableError:
        raise
    except Exception as error:  # the libraries raise classes of their own, and of what they use
        raise UnreadableError(f"broken ({type(error).__name__})") from error


def _day(value: Any) -> str | None:
    """A day from front matter: YAML makes it a date, or a date with a time."""
    if not value:
        return None
    found = re.match(r"\d{4}-\d{2}-\d{2}", str(value))
    try:
        date.fromisoformat(found.group() if found else "")
    except ValueError:
        found = None
    if not found:
        raise UnreadableError(f"its date retrieved {str(value)!r} is no day like 2026-01-31")
    return found.group()


def _web_address(value: Any) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(str(value))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UnreadableError(f"its url {str(value)!r} is no web address (http:// or https://)")
    return str(value)


def _language(value: Any, text: str) -> str:
    """The two-letter code of a text; YAML reads the Norwegian "no" as False."""
    if value is None or value == "":
        return detect_text_language(text)
    code = "no" if value is False else str(value).strip().lower()
    if not re.fullmatch(r"[a-z]{2}(?:[-_][a-z0-9]+)*", code):
        raise UnreadableError(f"its language {str(value)!r} is no code such as en or sv")
    return code[:2]


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = "binary" if b"\0" in data else "not UTF-8"
        raise UnreadableError(f"{kind} (byte {error.start}); save it as UTF-8 text") from None
    if "\0" in text:
        raise UnreadableError("binary (it holds NUL characters)")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _markdown(data: bytes) -> _Content:
    text = _decode(data)
    metadata: dict[str, Any] = {}
    if match := _FRONT_MATTER.match(text):
        metadata = _front_matter(match.group(1))
        text = text[match.end() :]
    return _Content(parse_markdown(text), metadata)


def _front_matter(source: str) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise UnreadableError(f"its front matter is not valid YAML ({str(error).splitlines()[0]})") from None
    if loaded is not None and not isinstance(loaded, dict):
        raise UnreadableError("its front matter is no list of 'key: value' lines")
    return loaded or {}


def _plain(data: bytes) -> _Content:
    return _Content([Block(part) for part in reflow(_decode(data))])


def _html(data: bytes) -> _Content:
    """Main content only, by trafilatura, which writes it as Markdown."""
    import trafilatura

    if b"\0" in data[:1024] and data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise UnreadableError("binary")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs what we report ourselves
    text = trafilatura.extract(
        data, output_format="markdown", include_formatting=True, include_comments=False, favor_recall=True
    )
    if not text:
        raise UnreadableError("no main content found in the page")
    described = trafilatura.extract_metadata(data)
    found = described.as_dict() if described else {}
    metadata = {key: found.get(key) for key in ("title", "language")}
    address = str(found.get("url") or "")
    if address.startswith(("http://", "https://")):
        metadata["url"] = address
    return _Content(parse_markdown(text), metadata)


def _pdf(data: bytes) -> _Content:
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("encrypted; save it without a password")
        pages = [page.extract_text() for page in reader.pages]
        title = reader.metadata.title if reader.metadata else None
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableError(f"broken PDF ({type(error).__name__})") from None
    return _Content([Block(part) for page in pages for part in reflow(page)], {"title": title})


def _docx(data: bytes) -> _Content:
    import zipfile

    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table
    from lxml.etree import XMLSyntaxError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # python-docx warns of odd styles; the text is all we take
            document = docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, XMLSyntaxError) as error:
        raise UnreadableError(f"broken or encrypted DOCX ({type(error).__name__})") from None
    blocks = []
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            rows = [" | ".join(cell.text.strip() for cell in row.cells) for row in item.rows]
            blocks.append(Block("\n".join(rows)))
            continue
        style = (item.style.name if item.style else None) or ""
        level = int(style[8:]) if re.fullmatch(r"Heading \d", style) else 1 if style == "Title" else 0
        blocks.append(Block(item.text.strip(), level))
    return _Content(blocks, {"title": document.core_properties.title})


_READERS: dict[str, Callable[[bytes], _Content]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _docx,
}
SUFFIXES = tuple(_READERS)
