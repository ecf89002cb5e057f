from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from assistant.corpus.corpus_reader import ROLES_FILE, find_corpus_files, read_corpus, read_document
from assistant.corpus.formats import UnreadableDocumentError
from assistant.errors import CorpusError
from assistant.schema import Document
from tests.conftest import ROOT

MAX_BYTES = 100_000


def read_single(folder: Path) -> Document:
    (document,) = read_corpus(folder, MAX_BYTES)
    return document


def read_reason(folder: Path) -> str:
    """Return the reason why the only file in `folder` can't be read.

    Also check that a readable file, added beside it, is still read.
    """
    (folder / "good.txt").write_text("A good text.")
    reader = read_corpus(folder, MAX_BYTES, skip_unreadable=True)
    assert [document.document_id for document in reader] == ["good.txt"]
    (unreadable,) = reader.unreadable
    with pytest.raises(CorpusError, match=f"can't read {unreadable.path!r}: {re.escape(unreadable.reason)}"):
        list(read_corpus(folder, MAX_BYTES))
    return unreadable.reason


def test_subfolders_are_read_and_hidden_files_skipped(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.txt").write_text("Text.")
    (tmp_path / ".hidden.txt").write_text("Secret.")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.txt").write_text("Secret.")
    assert read_single(tmp_path).document_id == "deep/er/a.txt"


def test_only_the_readme_in_the_corpus_folder_itself_is_not_a_document(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("About this folder.")
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "README.md").write_text("How samples are sent.")
    assert read_single(tmp_path).document_id == "methods/README.md"


def test_files_are_sorted_and_the_roles_file_is_not_a_document(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", ROLES_FILE):
        (tmp_path / name).write_text("Text.")
    assert [path.name for path in find_corpus_files(tmp_path)] == ["a.md", "b.txt"]


def test_an_unreadable_file_is_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n")
    assert read_reason(tmp_path).startswith("unsupported file type")


def test_a_long_list_of_unreadable_files_is_shortened(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(CorpusError, match=r"'4\.png': .* and 2 more\. The index is unchanged"):
        list(read_corpus(tmp_path, MAX_BYTES))


def test_a_file_over_the_size_limit_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "large.txt").write_bytes(b"a" * (MAX_BYTES + 1))
    assert "larger than 0 MB (setting max_file_mb)" in read_reason(tmp_path)


@pytest.mark.parametrize("is_folder", [False, True])
def test_links_that_leave_the_corpus_are_not_followed(tmp_path: Path, is_folder: bool) -> None:
    corpus, target = tmp_path / "corpus", tmp_path / "target"
    corpus.mkdir()
    if is_folder:
        target.mkdir()
    else:
        target.write_text("Secret.")
    (corpus / "link.txt").symlink_to(target)
    assert read_reason(corpus) == "a link that points outside the corpus folder"


def test_a_linked_folder_inside_the_corpus_is_not_read_twice(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a").symlink_to(tmp_path / "b")
    assert read_reason(tmp_path) == "a link to another folder of the corpus; remove the link"


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    assert read_reason(tmp_path) == "not a regular file"


def test_a_missing_or_empty_corpus_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="--corpus"):
        read_corpus(tmp_path / "none", MAX_BYTES)
    with pytest.raises(CorpusError, match=r"no readable document in .*; add files"):
        list(read_corpus(tmp_path, MAX_BYTES))


def test_documents_are_read_one_at_a_time(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Before.")
    documents = iter(read_corpus(tmp_path, MAX_BYTES))
    assert next(documents).text == "Before."
    (tmp_path / "b.txt").write_text("After.")
    assert [document.text for document in documents] == ["After."]


def test_a_single_document_is_read_by_id(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    assert read_document(tmp_path, "a.txt", MAX_BYTES).text == "Text."
    with pytest.raises(UnreadableDocumentError, match="outside the corpus folder"):
        read_document(tmp_path, "../a.txt", MAX_BYTES)


def test_the_seed_documents_are_read_verbatim_and_without_captions() -> None:
    documents = {document.document_id: document for document in read_corpus(ROOT / "corpus", MAX_BYTES)}
    collaboration = documents["collaboration-with-scilifelab.md"]
    assert collaboration.url == "https://genomicmedicine.se/en/scilifelab-en/"
    assert collaboration.text.startswith("One important foundation for improved precision medicine")
    assert collaboration.text.endswith("the working group Complex diseases within GMS.")
    assert "green lab coat" not in collaboration.text
    assert documents["introduction-collaboration.md"].title == "Introduction collaboration"
