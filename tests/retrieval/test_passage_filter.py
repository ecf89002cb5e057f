from __future__ import annotations

import pytest

from assistant.index.loading import Index
from assistant.retrieval.passage_filter import PassageFilter
from tests.conftest import document, index_of


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    documents = [
        document("north/a.md", "The hospital trains nurses. " * 120),  # a document with several passages
        document("north/b.md", "Sjukhuset utbildar nurses.", language="sv"),
        document("south.md", "Nurses are trained."),
    ]
    return index_of(documents, tmp_path_factory.mktemp("filtered"))


def allowed_documents(index: Index, passage_filter: PassageFilter) -> set[str]:
    rows = passage_filter.allowed_rows(index)
    assert rows is not None
    return {index.passages[row].document_id for row in rows.tolist()}


def test_an_empty_filter_allows_every_passage(index: Index) -> None:
    assert PassageFilter().allowed_rows(index) is None


@pytest.mark.parametrize(
    ("passage_filter", "expected"),
    [
        (PassageFilter(("north",)), {"north/a.md", "north/b.md"}),
        (PassageFilter(("north/",)), {"north/a.md", "north/b.md"}),
        (PassageFilter(("south.md",)), {"south.md"}),
        (PassageFilter(("south.md", "north/b.md")), {"south.md", "north/b.md"}),
        (PassageFilter(("nort",)), set()),
    ],
)
def test_documents_and_folders_restrict_passages(
    index: Index, passage_filter: PassageFilter, expected: set[str]
) -> None:
    assert allowed_documents(index, passage_filter) == expected


def test_language_restricts_passages(index: Index) -> None:
    assert allowed_documents(index, PassageFilter(language="sv")) == {"north/b.md"}
    assert allowed_documents(index, PassageFilter(("south.md",), "sv")) == set()
    assert allowed_documents(index, PassageFilter(language="fi")) == set()


def test_all_passages_of_an_allowed_document_are_included(index: Index) -> None:
    rows = PassageFilter(("north/a.md",)).allowed_rows(index)
    assert rows is not None
    assert rows.tolist() == list(index.document_passages("north/a.md"))
    assert len(rows) > 1
