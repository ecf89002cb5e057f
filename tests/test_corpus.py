from __future__ import annotations

import io
import os
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from assistant.corpus.reading import read_corpus
from assistant.errors import CorpusError
from assistant.schema import Document
from tests.conftest import ROOT

LIMIT = 100_000


def read_one(folder: Path) -> Document:
    (only,) = read_corpus(folder, LIMIT)
    return only


def reason(folder: Path) -> str:
    """Why the one file in `folder` can't be read."""
    (folder / "good.txt").write_text("A good text.")
    reading = read_corpus(folder, LIMIT, skip_unreadable=True)
    assert "good.txt" in [kept.document_id for kept in reading]
    (item,) = reading.unreadable
    with pytest.raises(CorpusError, match=item.path.replace(".", r"\.")):
        list(read_corpus(folder, LIMIT))
    return item.reason


def pdf(*lines: str) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data)
    for number, line in enumerate(lines):
        canvas.drawString(72, 720 - 15 * number, line)
    canvas.save()
    return data.getvalue()


def test_markdown_gives_words_without_markup_and_headings_with_offsets(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\ntitle: Title\nurl: https://example.org/a\nlanguage: en\nsource: someone\n---\n"
        "# First\n\nSome *emphatic* words,\nwrapped, with a [link](https://x.example) and `code`.\n\n"
        "![picture of a dog](dog.png)\n\n- one\n- two\n\n<div>raw</div>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    found = read_one(tmp_path)
    assert (found.title, found.url, found.source) == ("Title", "https://example.org/a", "someone")
    assert found.text == (
        "First\n\nSome emphatic words, wrapped, with a link and code.\n\n- one\n- two\n\na | b\n1 | 2"
    )
    heading = found.headings[0]
    assert found.text[heading.span.start : heading.span.end] == heading.text == "First"


def test_numbered_and_nested_lists_keep_their_numbers_and_order(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("3. three\n4. four\n   - inner\n")
    assert read_one(tmp_path).text == "3. three\n4. four\n- inner"


def test_plain_text_loses_only_the_breaks_that_wrap_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "Regional centres are located in many cities of the coun-\ntry, and they share their methods with one\n"
        "another.\n\nShort line\nNext line that is very much longer than the short one before\n"
    )
    assert read_one(tmp_path).text == (
        "Regional centres are located in many cities of the country, and they share their methods with one another."
        "\n\nShort line\nNext line that is very much longer than the short one before"
    )


def test_html_gives_the_main_content_only(tmp_path: Path) -> None:
    body = "".join(f"<p>Paragraph {i} tells at length how the partners work together.</p>" for i in range(6))
    (tmp_path / "a.html").write_text(
        f"<html lang=en><head><title>The page</title></head><body><nav><a href=/>Menu entry</a></nav>"
        f"<article><h2>Partners</h2>{body}</article><footer>Cookie notice</footer><script>alert(1)</script>"
    )
    found = read_one(tmp_path)
    assert "Paragraph 3 tells" in found.text
    assert [heading.text for heading in found.headings] == ["Partners"]
    assert not {"Menu", "Cookie", "alert"} & set(found.text.replace("(", " ").split())


def test_pdf_gives_its_text(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf("The centre was founded in 2017.", "It is in Lund."))
    assert read_one(tmp_path).text == "The centre was founded in 2017.\nIt is in Lund."


def test_docx_gives_paragraphs_headings_and_tables_in_order(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_heading("Funding", 2)
    made.add_paragraph("The region pays.")
    row = made.add_table(1, 2).rows[0]
    row.cells[0].text, row.cells[1].text = "Year", "2024"
    made.save(tmp_path / "a.docx")
    found = read_one(tmp_path)
    assert found.text == "Funding\n\nThe region pays.\n\nYear | 2024"
    assert found.headings[0].level == 2


def test_sub_folders_are_read_and_hidden_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.txt").write_text("Text.")
    (tmp_path / ".hidden.txt").write_text("Secret.")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.txt").write_text("Secret.")
    assert read_one(tmp_path).document_id == "deep/er/a.txt"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("empty.md", b"  \n", "empty"),
        ("only-pictures.md", b"![a](b.png)", "no text"),
        ("latin1.txt", "Västerås får".encode("latin-1"), "not UTF-8"),
        ("binary.txt", b"\x00\x01\xff\xfe", "binary"),
        ("nul.txt", b"a\x00b", "binary"),
        ("photo.png", b"\x89PNG\r\n", "not a kind of file"),
        ("broken.pdf", b"%PDF-1.7 nothing follows", "broken PDF"),
        ("cut.pdf", pdf("A text.")[:400], "broken PDF"),
        ("blank.pdf", pdf(), "no text"),
        ("broken.docx", b"PK\x03\x04 nothing follows", "broken or encrypted DOCX"),
        ("navigation.html", b"<html><body><nav></nav></body></html>", "no main content"),
        ("yaml.md", b"---\na: [\n---\ntext", "front matter"),
        ("scheme.md", b"---\nurl: javascript:alert(1)\n---\ntext", "no web address"),
        ("ipv6.md", b'---\nurl: "http://[x"\n---\ntext', "no web address"),
        ("date.md", b"---\nretrieved: 2026-13-45\n---\ntext", "not valid YAML"),
        ("deep.md", b"---\na: " + b"[" * 5000 + b"\n---\ntext", "broken"),
        ("language.md", b"---\nlanguage: Swedish\n---\ntext", "no code such as en"),
        ("large.txt", b"a" * (LIMIT + 1), "larger than"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_reason(
    tmp_path: Path, name: str, data: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert expected in reason(tmp_path)


def test_control_characters_of_a_text_are_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("One&#13;&#13;two \x1b[31mred\x1b[0m three.\ttab", encoding="utf-8")
    assert read_one(tmp_path).text == "One  two  [31mred [0m three.\ttab"


def test_norwegian_is_no_false(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nlanguage: no\n---\nEn tekst.")
    assert read_one(tmp_path).language == "no"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf_is_named(tmp_path: Path, algorithm: str) -> None:
    if algorithm == "AES-256":
        # pypdf reads AES only with a further package; what it raises without it is a reason too.
        trailer = b"trailer<</Root 1 0 R/Encrypt<</Filter/Standard/V 5/R 6/Length 256/CF<</StdCF<</CFM/AESV3>>>>"
        (tmp_path / "a.pdf").write_bytes(b"%PDF-2.0\n1 0 obj<</Type/Catalog>>endobj\n" + trailer + b">>>>\n%%EOF")
        assert "broken" in reason(tmp_path)
        return
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(pdf("Secret."))))
    writer.encrypt("password", algorithm=algorithm)
    writer.write(tmp_path / "a.pdf")
    assert "encrypted" in reason(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (tmp_path / "secret.txt").write_text("Secret.")
    (corpus / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert "out of the corpus folder" in reason(corpus)


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (tmp_path / "other").mkdir()
    (corpus / "link").symlink_to(tmp_path / "other")
    assert "out of the corpus folder" in reason(corpus)


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert reason(tmp_path) == "no regular file"


def test_no_folder_and_an_empty_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="--corpus"):
        read_corpus(tmp_path / "none", LIMIT)
    with pytest.raises(CorpusError, match="put files there"):
        list(read_corpus(tmp_path, LIMIT))


def test_a_text_is_read_when_its_turn_comes(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("As it was.")
    texts = iter(read_corpus(tmp_path, LIMIT))
    assert next(texts).text == "As it was."
    (tmp_path / "b.txt").write_text("As it is.")
    assert [item.text for item in texts] == ["As it is."]


def test_the_seed_texts_are_word_for_word_and_without_the_caption() -> None:
    found = {item.document_id: item for item in read_corpus(ROOT / "corpus", LIMIT)}
    collaboration = found["collaboration-with-scilifelab.md"]
    assert collaboration.url == "https://genomicmedicine.se/en/scilifelab-en/"
    assert collaboration.text.startswith("One important foundation for improved precision medicine")
    assert collaboration.text.endswith("the working group Complex diseases within GMS.")
    assert "green lab coat" not in collaboration.text
    assert found["introduction-collaboration.md"].title == "Introduction collaboration"
