from __future__ import annotations

import pytest

from assistant.store.masking import mask_personal_data


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("I am 19811218-9876.", "I am [personal number]."),
        ("born 8112189876", "born [personal number]"),
        ("coordination number 811278-9873", "coordination number [personal number]"),
        ("over a hundred: 191218+9874", "over a hundred: [personal number]"),
        ("mail ada.b@example.co.uk now", "mail [e-mail] now"),
        ("call +46 70 123 45 67", "call [phone number]"),
        ("ring (08) 123 456 78", "ring [phone number]"),
        ("order 123456789", "order [number]"),
        ("ring 070 - 123 45 67 nu", "ring [phone number] nu"),
        ("ring 070.123.45.67", "ring [phone number]"),
        ("ring +46\u00a070\u2011123\u00a045\u00a067", "ring [phone number]"),
        ("born 850101\u22121234", "born [personal number]"),
        ("interim 850101-T123", "interim [personal number]"),
        ("born 1985-01-01-1234", "born [personal number]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask_personal_data(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "p = 0.00001234 of 12345",
        "In 2019, 1 000 000 kronor and version 1.2.3",
        "the gene BRCA1 on chromosome 17",
    ],
)
def test_other_numbers_are_kept(text: str) -> None:
    assert mask_personal_data(text) == text
