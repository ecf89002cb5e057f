from __future__ import annotations

import pytest

from assistant.conversation.small_talk import recognise_small_talk, small_talk_reply


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Hello!", ("en", "greeting")),
        ("hej", ("sv", "greeting")),
        ("Tack så mycket!", ("sv", "thanks")),
        ("Good bye.", ("en", "farewell")),
        ("Vi ses!", ("sv", "farewell")),
        ("What can you do?", ("en", "about")),
        ("Är du en robot?", ("sv", "about")),
        ("Hello, what is NBIS?", None),
        ("Thanks to whom was it built?", None),
        ("", None),
    ],
)
def test_only_pure_small_talk_is_recognised(message: str, expected: tuple[str, str] | None) -> None:
    assert recognise_small_talk(message) == expected


def test_greeting_names_the_topics() -> None:
    assert small_talk_reply("en", "greeting", ("A", "B")).endswith("The documents include: A; B.")
    assert small_talk_reply("sv", "about", ("A", "B")).endswith("Exempel på dokument: A; B.")


def test_reply_without_topics_names_none() -> None:
    assert small_talk_reply("sv", "greeting", ()) == "Hej! Ställ gärna en fråga om innehållet i dokumenten."
    assert small_talk_reply("en", "thanks", ("A",)) == "You're welcome!"


def test_reply_contains_no_citation_marker() -> None:
    assert small_talk_reply("en", "greeting", ("Report [1]",)).endswith("Report (1).")
