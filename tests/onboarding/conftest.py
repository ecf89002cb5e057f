"""A small corpus about rain, and functions for making an index or a citation."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.conversation.assistant import Assistant
from assistant.index.loading import Index
from assistant.onboarding.introduction import Introduction
from assistant.schema import Citation
from tests.conftest import assistant_with_introduction, document, index_of
from tests.fakes import ANSWERABILITY, BagOfWords

WEATHER = (
    "The National Weather Institute (NWI) is a public agency that measures rain in every valley of the country. "
    "NWI collaborates with Harbour University on better gauges for heavy rain and snow. "
    "Together with farmers, the private sector and local councils, NWI warns of floods in spring.\n\n"
    "Harbour University trains students in the art of reading gauges and clouds. "
    "Since 2011 the students have visited Harbour University in the first week of every autumn term."
)


@pytest.fixture(scope="session")
def weather_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of one document, alpha.md, whose text is `WEATHER`."""
    return index_of([document(text=WEATHER)], tmp_path_factory.mktemp("weather"))


@pytest.fixture(scope="session")
def weather_assistant(weather_index: Index) -> Assistant:
    """An assistant that answers from `weather_index` and suggests questions."""
    assistant, _ = assistant_with_introduction(Assistant(weather_index, BagOfWords(), ANSWERABILITY))
    return assistant


@pytest.fixture(scope="session")
def weather_introduction(weather_assistant: Assistant) -> Introduction:
    """The introduction to `weather_index`."""
    _, introduction = assistant_with_introduction(weather_assistant)
    return introduction


def index_of_text(text: str, folder: Path, **fields: str) -> Index:
    """Build an index of a single document that has the given text and fields."""
    return index_of([document(text=text, **fields)], folder)


def citation(quote: str = "It rains.", passage_id: str = "p1", start: int = 0, language: str = "en") -> Citation:
    """Make a citation whose quote is `quote`."""
    return Citation(1, "alpha.md", "Alpha", None, (), passage_id, quote, start, start + len(quote), 0.0, language)
