"""Personal data in free text, masked before it is written anywhere."""

from __future__ import annotations

import re

# Swedish personal and coordination numbers (SKV 704): YYMMDD-NNNN, YYYYMMDDNNNN, a plus sign from the age of 100.
_PERSONAL_NUMBER = re.compile(
    r"(?<!\d)(?:\d{2})?\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01]|[6-8]\d|9[01])[ ]?[-+–]?[ ]?\d{4}(?!\d)"
)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"]+@[^\s@<>()\[\],;:\"]+\.[^\W\d_]{2,}")
# Seven digits or more with the separators of telephone numbers between them, from a zero or a country code on.
_PHONE = re.compile(r"(?<![\w.,])(?:\+|\(?0)\d?(?:[ ()/–-]{0,2}\d){6,14}(?!\w)")
_LONG_NUMBER = re.compile(r"(?<![\w.,])\d{7,}(?![\w])")


def mask(text: str) -> str:
    """`text` with personal numbers, e-mail addresses and telephone numbers replaced by what they are."""
    text = _EMAIL.sub("[e-mail]", text)
    text = _PERSONAL_NUMBER.sub("[personal number]", text)
    text = _PHONE.sub("[phone number]", text)
    return _LONG_NUMBER.sub("[number]", text)
