"""Settings: defaults, then `assistant.toml`, then `ASSISTANT_*` variables, then the command line.

An unknown key is an error that names it: a typo must not silently mean the default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from assistant.errors import SettingsError

ENVIRONMENT_PREFIX = "ASSISTANT_"
SETTINGS_FILE = "assistant.toml"
_LEAST_SECRET = 32
_HEADER = r"^[A-Za-z0-9-]+$"
_LISTS = frozenset({"allowed_origins", "hosts", "proxies", "owners"})


class Settings(BaseModel):
    """What an operator can change. Each field is also `ASSISTANT_<NAME>` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: Path = Field(Path("corpus"), description="folder with the texts")
    index: Path = Field(Path("index"), description="folder for the built index")
    cache: Path = Field(Path("~/.cache/gms-assistant"), description="folder for prepared models")
    model: str = Field(
        "multilingual-e5-small",
        description="embedding model: a packaged name, a local folder, or a hub name",
    )
    query_prompt: str | None = Field(None, description="overrides the model's own prompt for questions")
    passage_prompt: str | None = Field(None, description="overrides the model's own prompt for passages")
    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(7860, ge=0, le=65535, description="port the server listens on")
    allowed_origins: tuple[str, ...] = Field(
        (), description="origins that may embed the page or call the API, comma-separated"
    )
    hosts: tuple[str, ...] = Field(
        (), description="more names the server answers to, comma-separated, beside its own and the public one"
    )
    public_url: str = Field(
        "", description="address under which people reach the server, when a proxy stands before it"
    )
    proxies: tuple[str, ...] = Field(
        (), description="addresses or networks of reverse proxies that may say who a client is, comma-separated"
    )
    access: Literal["open", "proxy", "oidc"] = Field(
        "open", description="who may ask: anybody, whom a proxy names, or whom an OpenID Connect provider names"
    )
    user_header: str = Field("X-Remote-User", pattern=_HEADER, description="header in which a proxy names the user")
    groups_header: str = Field(
        "X-Remote-Groups", pattern=_HEADER, description="header in which a proxy names the user's groups, with commas"
    )
    oidc_issuer: str = Field("", description="address of the OpenID Connect provider")
    oidc_client: str = Field("", description="the client id it gave this server")
    oidc_secret: SecretStr = Field(SecretStr(""), description="the client secret it gave this server")
    oidc_scope: str = Field("openid profile email", description="what it is asked for; some need groups added")
    oidc_user_claim: str = Field("sub", min_length=1, description="claim that names a user")
    oidc_groups_claim: str = Field("groups", min_length=1, description="claim that lists a user's groups")
    session_secret: SecretStr = Field(
        SecretStr(""), description="signs the session cookie; empty: made anew at each start"
    )
    owners: tuple[str, ...] = Field(
        (), description="users and groups (group:name) that see the owners' page and the metrics, comma-separated"
    )
    rate_storage: str = Field("", description="redis:// address where questions a minute are counted; empty: here")
    rate_per_minute: int | None = Field(
        None,
        ge=0,
        description="questions a minute of one key, person or address; 0: no limit; see README.md",
    )
    log_requests: bool = Field(False, description="write a line of JSON for each request, without its words")
    language: str = Field("en", pattern="^(en|sv)$", description="language when a question shows none: en or sv")
    contact: str = Field("", description="whom to ask when the texts don't say, shown with a refusal")
    organisation: str = Field("", max_length=80, description="whose assistant it is, shown on every page")
    logo: Path | None = Field(None, description="a picture for every page: SVG, PNG or WebP")
    accent: str = Field("#0b4f6c", pattern="^#[0-9a-fA-F]{6}$", description="colour of buttons and links on white")
    database: str = Field(
        "sqlite:///data/assistant.sqlite",
        description="where feedback is kept, as an SQLAlchemy URL; empty: nowhere",
    )
    store_questions: bool = Field(False, description="keep the text of questions, masked")
    keep_days: int = Field(30, ge=1, le=3650, description="days after which stored rows are deleted")
    probes: Path = Field(Path("data/probes.jsonl"), description="file to which bad answers are added as probes")
    owners_password: SecretStr = Field(
        SecretStr(""), description="password of the owners' page (user name: owner); empty: there is no such page"
    )
    answer_from: float | None = Field(
        None, ge=0, le=1, description="least probability of an answer; see assistant calibrate"
    )
    max_file_mb: float = Field(50.0, gt=0, description="a corpus file over this size is refused")
    threads: int = Field(
        2, ge=1, le=64, description="threads for embedding passages, and passes of the model at a time for questions"
    )
    workers: int = Field(
        0, ge=0, le=64, description="processes that answer beside the server, for more than two cores; 0: it answers"
    )

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("no address like https://assistant.example or https://intranet.example/assistant")
        return value.rstrip("/")

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            ip_network(proxy)  # ValueError says what is wrong
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """What one setting asks of others."""
        if self.access == "proxy" and not self.proxies:
            raise ValueError("access = proxy needs proxies: the address of the reverse proxy that names users")
        if 0 < len(self.session_secret.get_secret_value()) < _LEAST_SECRET:
            raise ValueError(f"session_secret needs {_LEAST_SECRET} characters: openssl rand -hex 32")
        if self.access == "oidc":
            for name in ("oidc_issuer", "oidc_client", "public_url"):
                if not getattr(self, name):
                    raise ValueError(f"access = oidc needs {name}")
        return self

    @property
    def max_file_bytes(self) -> int:
        """Size in bytes above which a corpus file is refused."""
        return int(self.max_file_mb * 1e6)

    @property
    def public_path(self) -> str:
        """The sub-path of the public address: "/assistant", or "" for none."""
        return urlsplit(self.public_url).path

    @property
    def public_host(self) -> str:
        """The host name of the public address, "" for none."""
        return urlsplit(self.public_url).hostname or ""


def load_settings(
    environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None, folder: Path = Path()
) -> Settings:
    """Merge defaults, `folder/assistant.toml`, `environment` and `overrides` (later wins).

    Raises:
        SettingsError: the file is no TOML, a key is unknown, or a value doesn't fit.
    """
    values: dict[str, Any] = {**_from_file(folder / SETTINGS_FILE), **_from_environment(environment)}
    values.update({key: value for key, value in (overrides or {}).items() if value is not None})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        named = f"setting {name!r} (or {ENVIRONMENT_PREFIX}{name.upper()})" if name else "settings"
        raise SettingsError(f"{named}: {first['msg']}; see the table of settings in README.md") from None
    return settings.model_copy(update={"cache": settings.cache.expanduser()})


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{str(path)!r} is not valid TOML ({error}); correct it or remove it") from None
    _refuse_unknown(content, str(path), "")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {
        key[len(ENVIRONMENT_PREFIX) :].lower(): value
        for key, value in environment.items()
        if key.startswith(ENVIRONMENT_PREFIX)
    }
    _refuse_unknown(named, "the environment", ENVIRONMENT_PREFIX)
    return {
        key: tuple(part.strip() for part in value.split(",") if part.strip()) if key in _LISTS else value
        for key, value in named.items()
    }


def _refuse_unknown(values: Mapping[str, Any], where: str, prefix: str) -> None:
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        name = prefix + unknown[0].upper() if prefix else unknown[0]
        raise SettingsError(f"unknown setting {name!r} in {where}; known: {', '.join(sorted(Settings.model_fields))}")
