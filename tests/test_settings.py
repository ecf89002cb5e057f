from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings, load_settings


def test_defaults_apply_without_file_or_environment(tmp_path: Path) -> None:
    settings = load_settings({}, folder=tmp_path)
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 7860, "multilingual-e5-small")


def test_later_sources_override_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text('port = 1\nhost = "a"\nmodel = "m"\n')
    settings = load_settings({"ASSISTANT_HOST": "b", "ASSISTANT_PORT": "2"}, {"port": 3, "corpus": None}, tmp_path)
    assert (settings.port, settings.host, settings.model, settings.corpus) == (3, "b", "m", Path("corpus"))


def test_list_variables_are_separated_by_commas(tmp_path: Path) -> None:
    settings = load_settings({"ASSISTANT_ALLOWED_ORIGINS": "https://a.example, https://b.example,"}, folder=tmp_path)
    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_the_home_folder_of_the_cache_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings({"ASSISTANT_CACHE": "~/models"}, folder=tmp_path).cache == tmp_path / "models"


def test_an_unknown_variable_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_PROT"):
        load_settings({"ASSISTANT_PROT": "1"}, folder=tmp_path)


def test_an_unknown_key_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("prot = 1\n")
    with pytest.raises(SettingsError, match="'prot'"):
        load_settings({}, folder=tmp_path)


def test_an_invalid_value_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'port'"):
        load_settings({"ASSISTANT_PORT": "many"}, folder=tmp_path)


def test_an_invalid_toml_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "assistant.toml").write_text("port 1")
    with pytest.raises(SettingsError, match=r"assistant\.toml"):
        load_settings({}, folder=tmp_path)


def test_secrets_are_hidden_when_settings_are_printed() -> None:
    settings = Settings(session_secret="s" * 32, oidc_secret="hidden", owners_password="hidden")
    assert "hidden" not in repr(settings)
    assert "sss" not in repr(settings)


def test_the_file_size_limit_is_converted_to_bytes() -> None:
    assert Settings(max_file_mb=1.5).max_file_bytes == 1_500_000


@pytest.mark.parametrize(
    ("url", "path", "host"),
    [("", "", ""), ("https://a.example/", "", "a.example"), ("https://a.example:8443/x/y/", "/x/y", "a.example")],
)
def test_path_and_host_come_from_the_public_url(url: str, path: str, host: str) -> None:
    settings = Settings(public_url=url)
    assert (settings.public_url_path, settings.public_url_host) == (path, host)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ACCESS": "proxy"}, "access = proxy needs proxies"),
        ({"ACCESS": "oidc"}, "access = oidc needs oidc_issuer"),
        ({"ACCESS": "oidc", "OIDC_ISSUER": "https://x", "OIDC_CLIENT": "y"}, "access = oidc needs public_url"),
        ({"ACCESS": "anybody"}, "'open', 'proxy' or 'oidc'"),
        ({"PROXIES": "the proxy"}, "'the proxy' does not appear to be an IPv4 or IPv6 network"),
        ({"PUBLIC_URL": "assistant.example"}, "must be a URL such as https://assistant.example"),
        ({"SESSION_SECRET": "short"}, "session_secret needs 32 characters"),
        ({"USER_HEADER": "X Remote"}, "String should match pattern"),
    ],
)
def test_inconsistent_access_settings_are_reported(variables: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        load_settings({f"ASSISTANT_{name}": value for name, value in variables.items()}, folder=tmp_path)


def test_cache_folder_is_in_the_home_folder_however_settings_are_made() -> None:
    assert Settings().cache == load_settings({}).cache == Path.home() / ".cache/gms-assistant"
    assert Settings(cache=Path("~/models")).cache == Path.home() / "models"
