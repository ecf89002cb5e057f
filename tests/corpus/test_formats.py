from __future__ import annotations

import io
import re

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from assistant.corpus.formats import UnreadableDocumentError, parse_document_file, read_front_matter


def make_pdf(*lines: str) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data)
    for number, line in enumerate(lines):
        canvas.drawString(72, 720 - 15 * number, line)
    canvas.save()
    return data.getvalue()


def test_markdown_is_read_with_front_matter_and_headings() -> None:
    document = parse_document_file(
        b"---\ntitle: Title\nurl: https://example.org/a\nlanguage: en\nsource: someone\nretrieved: 2026-01-31\n---\n"
        b"# First\n\nSome *emphatic* words.\n\n- one\n- two\n",
        "folder/a.md",
    )
    assert (document.document_id, document.title, document.language) == ("folder/a.md", "Title", "en")
    assert (document.url, document.source) == ("https://example.org/a", "someone")
    assert document.retrieved == "2026-01-31"
    assert document.text == "First\n\nSome emphatic words.\n\n- one\n- two"
    (heading,) = document.headings
    assert document.text[heading.span.start : heading.span.end] == heading.text == "First"


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [("a.md", b"Words.\n\n# Heading\n", "Heading"), ("annual-report.txt", b"Words.", "annual report")],
)
def test_the_title_defaults_to_the_heading_or_file_name(name: str, data: bytes, title: str) -> None:
    assert parse_document_file(data, name).title == title


def test_html_is_reduced_to_its_main_content() -> None:
    body = "".join(f"<p>Paragraph {i} tells at length how the partners work together.</p>" for i in range(6))
    page = (
        f"<html lang=en><head><title>The page</title></head><body><nav><a href=/>Menu entry</a></nav>"
        f"<article><h2>Partners</h2>{body}</article><footer>Cookie notice</footer><script>alert(1)</script>"
    )
    document = parse_document_file(page.encode(), "a.html")
    assert "Paragraph 3 tells" in document.text
    assert [heading.text for heading in document.headings] == ["Partners"]
    assert not {"Menu", "Cookie", "alert"} & set(document.text.replace("(", " ").split())


def test_pdf_text_is_read() -> None:
    document = parse_document_file(make_pdf("The centre was founded in 2017.", "It is in Lund."), "a.pdf")
    assert document.text == "The centre was founded in 2017.\nIt is in Lund."


def test_docx_paragraphs_headings_and_tables_are_read_in_order() -> None:
    file, data = docx.Document(), io.BytesIO()
    file.add_heading("Funding", 2)
    file.add_paragraph("The region pays.")
    row = file.add_table(1, 2).rows[0]
    row.cells[0].text, row.cells[1].text = "Year", "2024"
    file.save(data)
    document = parse_document_file(data.getvalue(), "a.docx")
    assert document.text == "Funding\n\nThe region pays.\n\nYear | 2024"
    assert document.headings[0].level == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings_and_line_endings_are_recognised(encoding: str) -> None:
    assert parse_document_file("Råd\r\n\r\noch stöd".encode(encoding), "a.txt").text == "Råd\n\noch stöd"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.md", b"  \n", "empty"),
        ("only-pictures.md", b"![a](b.png)", "no text"),
        ("latin1.txt", "Västerås får".encode("latin-1"), "not UTF-8"),
        ("binary.txt", b"\x00\x01\xff\xfe", "binary"),
        ("nul.txt", b"a\x00b", "binary"),
        ("photo.png", b"\x89PNG\r\n", "unsupported file type"),
        ("broken.pdf", b"%PDF-1.7 nothing follows", "broken PDF"),
        ("cut.pdf", make_pdf("A text.")[:400], "broken PDF"),
        ("blank.pdf", make_pdf(), "no text"),
        ("broken.docx", b"PK\x03\x04 nothing follows", "broken or encrypted DOCX"),
        ("navigation.html", b"<html><body><nav></nav></body></html>", "no main content"),
        ("yaml.md", b"---\na: [\n---\ntext", "front matter is not valid YAML"),
        ("list.md", b"---\n- a\n---\ntext", "front matter must consist of"),
        ("scheme.md", b"---\nurl: javascript:alert(1)\n---\ntext", "not a web address"),
        ("ipv6.md", b'---\nurl: "http://[x"\n---\ntext', "not a web address"),
        ("date.md", b"---\nretrieved: 2026-13-45\n---\ntext", "not valid YAML"),
        ("words.md", b"---\nretrieved: last week\n---\ntext", "not a date such as"),
        ("deep.md", b"---\na: " + b"[" * 5000 + b"\n---\ntext", "broken"),
        ("language.md", b"---\nlanguage: Swedish\n---\ntext", "not a language code such as en"),
    ],
)
def test_unreadable_files_are_rejected_with_the_reason(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=re.escape(reason)):
        parse_document_file(data, name)


def test_an_encrypted_pdf_is_rejected() -> None:
    writer, data = PdfWriter(), io.BytesIO()
    writer.append(PdfReader(io.BytesIO(make_pdf("Secret."))))
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(data)
    with pytest.raises(UnreadableDocumentError, match="encrypted; save it without a password"):
        parse_document_file(data.getvalue(), "a.pdf")


def test_an_aes_encrypted_pdf_is_rejected() -> None:
    # pypdf needs another package to decrypt AES. If that package is missing, pypdf raises its own type of error.
    trailer = b"trailer<</Root 1 0 R/Encrypt<</Filter/Standard/V 5/R 6/Length 256/CF<</StdCF<</CFM/AESV3>>>>"
    data = b"%PDF-2.0\n1 0 obj<</Type/Catalog>>endobj\n" + trailer + b">>>>\n%%EOF"
    with pytest.raises(UnreadableDocumentError, match="broken"):
        parse_document_file(data, "a.pdf")


@pytest.mark.parametrize(("code", "language"), [("no", "no"), ("sv-SE", "sv"), ("EN_gb", "en")])
def test_the_language_code_is_reduced_to_two_letters(code: str, language: str) -> None:
    assert parse_document_file(f"---\nlanguage: {code}\n---\nEn tekst.".encode(), "a.md").language == language


def test_front_matter_is_optional() -> None:
    assert read_front_matter(b"---\nowner: Anna\n---\nWords.") == {"owner": "Anna"}
    assert read_front_matter(b"Words.\n---\nowner: Anna\n---\n") == {}
