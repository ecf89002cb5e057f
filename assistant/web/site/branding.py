"""An organisation's name, colour and picture on every page, as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SettingsError

_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
_MOST_BYTES = 500_000
_LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
_LIGHT, _DARK = "#ffffff", "#12161f"  # the backgrounds of site.css


@dataclass(frozen=True, slots=True)
class Branding:
    """What the pages look like; `accent_dark` is the colour on a dark background."""

    organisation: str
    accent: str
    accent_dark: str
    logo: bytes | None
    logo_type: str


def make_branding(organisation: str, accent: str, logo: Path | None) -> Branding:
    """Check the settings and make the look.

    Raises:
        SettingsError: the colour can't be read on white, or the logo is no picture that is served.
    """
    if contrast(accent, _LIGHT) < _LEAST_CONTRAST:
        raise SettingsError(
            f"setting 'accent': {accent!r} has a contrast of {contrast(accent, _LIGHT):.1f} to white; "
            f"choose a darker colour ({_LEAST_CONTRAST} or more, WCAG 1.4.3)"
        )
    data, kind = _read_logo(logo) if logo else (None, "")
    return Branding(organisation, accent, lighten(accent), data, kind)


def _read_logo(path: Path) -> tuple[bytes, str]:
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise SettingsError(f"setting 'logo': {str(path)!r} is no {', '.join(_TYPES)} file; name one")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"setting 'logo': can't read {str(path)!r} ({error.strerror}); check the path and its rights"
        ) from None
    if len(data) > _MOST_BYTES:
        raise SettingsError(f"setting 'logo': {str(path)!r} is larger than {_MOST_BYTES // 1000} KB; make it smaller")
    return data, kind


def lighten(colour: str) -> str:
    """`colour` mixed with white until it can be read on the dark background."""
    parts = _parts(colour)
    for step in range(21):
        mixed = "#" + "".join(f"{round(255 * (part + (1 - part) * step / 20)):02x}" for part in parts)
        if contrast(mixed, _DARK) >= _LEAST_CONTRAST + 1.5:  # buttons and cards are lighter than the page
            return mixed
    return _LIGHT


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[float, float, float]:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)
