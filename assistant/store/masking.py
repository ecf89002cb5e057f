"""Masks personal data in free text before the text is stored. Doubtful cases are masked, too."""

from __future__ import annotations

import re

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\uff0d"), "-")
_SPACES = dict.fromkeys([0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000], " ")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"), None)
# Swedish personal, coordination and interim numbers (SKV 704): YYMMDD-NNNN, YYYYMMDDNNNN, YYMMDD-TNNN. From the year
# in which a person turns 100, a plus sign replaces the hyphen. The date itself often contains separators, too.
_PERSONAL_NUMBER = re.compile(
    r"(?<!\d)(?:\d{2})?\d{2}[-./ ]?(?:0\d|1[0-2])[-./ ]?(?:[0-2]\d|3[01]|[6-8]\d|9[01])"
    r"[ ]?[-+]?[ ]?[\dA-Za-z]\d{3}(?!\d)"
)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]+@[^\s@<>()\[\],;:\"]+\.[^\W\d_]{2,}")
# Seven or more digits that start with a country code or a zero, unless the zero precedes a decimal sign.
_PHONE = re.compile(r"(?<![\w.,])(?:\+|\(?0(?![.,]))(?:[\s().\-/]{0,3}\d){6,15}(?!\w)")
_LONG_NUMBER = re.compile(r"(?<![\w.,])\d{7,}(?!\w)")


def mask_personal_data(text: str) -> str:
    """Replace personal numbers, e-mail addresses and telephone numbers in `text` with placeholders."""
    text = text.translate({**_DASHES, **_SPACES, **_INVISIBLE})
    text = _EMAIL.sub("[e-mail]", text)
    text = _PERSONAL_NUMBER.sub("[personal number]", text)
    text = _PHONE.sub("[phone number]", text)
    return _LONG_NUMBER.sub("[number]", text)
