from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import load_settings


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings({}, folder=tmp_path)
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 7860, "multilingual-e5-small")


def test_the_environment_beats_the_file_and_the_command_line_beats_both(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text('port = 1\nhost = "a"\nmodel = "m"\n')
    settings = load_settings({"ASSISTANT_HOST": "b", "ASSISTANT_PORT": "2"}, {"port": 3, "corpus": None}, tmp_path)
    assert (settings.port, settings.host, settings.model, settings.corpus) == (3, "b", "m", Path("corpus"))


def test_origins_are_separated_by_commas(tmp_path: Path) -> None:
    settings = load_settings({"ASSISTANT_ALLOWED_ORIGINS": "https://a.example, https://b.example"}, folder=tmp_path)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_PROT"):
        load_settings({"ASSISTANT_PROT": "1"}, folder=tmp_path)


def test_an_unknown_key_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("prot = 1\n")
    with pytest.raises(SettingsError, match="'prot'"):
        load_settings({}, folder=tmp_path)


def test_a_value_that_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'port'"):
        load_settings({"ASSISTANT_PORT": "many"}, folder=tmp_path)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("port 1")
    with pytest.raises(SettingsError, match=r"assistant\.toml"):
        load_settings({}, folder=tmp_path)
