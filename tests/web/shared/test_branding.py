from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.web.shared.branding import contrast_ratio, lighten_for_dark_background, make_branding


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("#ffffff", "#000000", 21), ("#777777", "#777777", 1), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_follows_wcag_and_is_symmetric(first: str, second: str, ratio: float) -> None:
    assert contrast_ratio(first, second) == pytest.approx(ratio, abs=0.01)
    assert contrast_ratio(second, first) == contrast_ratio(first, second)


def test_unreadable_accent_colour_is_rejected() -> None:
    with pytest.raises(SettingsError, match=r"'#ffcc00' has a contrast of 1\.\d"):
        make_branding("", "#ffcc00", None)


@pytest.mark.parametrize("colour", ["#0b4f6c", "#000000", "#7a0019", "#00582a"])
def test_accent_colour_is_readable_on_dark_pages(colour: str) -> None:
    assert contrast_ratio(lighten_for_dark_background(colour), "#12161f") >= 4.5
    assert make_branding("Example", colour, None).accent_colour_on_dark == lighten_for_dark_background(colour)


def test_readable_colour_is_not_lightened() -> None:
    assert lighten_for_dark_background("#ffee88") == "#ffee88"


@pytest.mark.parametrize(
    ("name", "media_type"), [("logo.svg", "image/svg+xml"), ("LOGO.PNG", "image/png"), ("logo.webp", "image/webp")]
)
def test_logo_is_loaded_with_its_media_type(tmp_path: Path, name: str, media_type: str) -> None:
    (tmp_path / name).write_bytes(b"image")
    branding = make_branding("Example", "#0b4f6c", tmp_path / name)
    assert (branding.logo_bytes, branding.logo_media_type) == (b"image", media_type)


@pytest.mark.parametrize("name", ["logo.exe", "missing.png"])
def test_unsupported_or_missing_logo_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        make_branding("", "#0b4f6c", tmp_path / name)


def test_too_large_logo_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "big.png").write_bytes(b"x" * 500_001)
    with pytest.raises(SettingsError, match="larger than 500 KB"):
        make_branding("", "#0b4f6c", tmp_path / "big.png")
