"""The organisation's name, accent colour and logo, as shown on every page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SettingsError

_LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
_MAX_LOGO_BYTES = 500_000
_MIN_CONTRAST = 4.5  # required by WCAG 2.2, success criterion 1.4.3
_LIGHT_BACKGROUND, _DARK_BACKGROUND = "#ffffff", "#12161f"  # the background colours set in site.css


@dataclass(frozen=True, slots=True)
class Branding:
    """The look of the pages. `accent_colour_on_dark` is the accent colour used on dark backgrounds."""

    organisation: str
    accent_colour: str
    accent_colour_on_dark: str
    logo_bytes: bytes | None
    logo_media_type: str


def make_branding(organisation: str, accent: str, logo: Path | None) -> Branding:
    """Check the branding settings and load the logo.

    Args:
        organisation: the organisation's name.
        accent: the accent colour, as `#rrggbb`.
        logo: the path of an image file, or None for no logo.

    Raises:
        SettingsError: the contrast between the accent colour and white is too low, or the logo can't be used.
    """
    if contrast_ratio(accent, _LIGHT_BACKGROUND) < _MIN_CONTRAST:
        raise SettingsError(
            f"setting 'accent': {accent!r} has a contrast of {contrast_ratio(accent, _LIGHT_BACKGROUND):.1f} "
            f"against white; use a darker colour with a contrast of at least {_MIN_CONTRAST} (WCAG 1.4.3)"
        )
    data, media_type = _read_logo(logo) if logo else (None, "")
    return Branding(organisation, accent, lighten_for_dark_background(accent), data, media_type)


def _read_logo(path: Path) -> tuple[bytes, str]:
    media_type = _LOGO_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise SettingsError(f"setting 'logo': can't use {str(path)!r}; supported file types: {', '.join(_LOGO_TYPES)}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"setting 'logo': can't read {str(path)!r} ({error.strerror}); check the path and its permissions"
        ) from None
    if len(data) > _MAX_LOGO_BYTES:
        raise SettingsError(
            f"setting 'logo': {str(path)!r} is larger than {_MAX_LOGO_BYTES // 1000} KB; use a smaller file"
        )
    return data, media_type


def lighten_for_dark_background(colour: str) -> str:
    """Mix `colour` with just enough white to make it readable on the dark background."""
    channels = _rgb(colour)
    for step in range(21):
        mixed = "#" + "".join(f"{round(255 * (channel + (1 - channel) * step / 20)):02x}" for channel in channels)
        # Buttons and cards are lighter than the page background, so 1.5 is added to the minimum contrast.
        if contrast_ratio(mixed, _DARK_BACKGROUND) >= _MIN_CONTRAST + 1.5:
            return mixed
    return _LIGHT_BACKGROUND


def contrast_ratio(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> tuple[float, float, float]:
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)
