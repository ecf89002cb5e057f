from __future__ import annotations

from assistant.text.stemming import content_stems, stem_word, stem_words


def test_inflected_forms_share_their_stems() -> None:
    assert content_stems("The collaborations of the centres", "en") == content_stems("collaboration centre", "en")
    assert content_stems("metoderna vid sjukhusen", "sv") == content_stems("metod sjukhus", "sv")


def test_stems_depend_on_the_language() -> None:
    assert stem_word("metoderna", "sv") == "metod"
    assert stem_word("metoderna", "en") != "metod"


def test_other_languages_use_the_english_stemmer() -> None:
    assert stem_words(["trained", "nurses"], "fi") == stem_words(["trained", "nurses"], "en") == ["train", "nurs"]
