"""Settings from defaults, `assistant.toml`, `ASSISTANT_*` variables and the command line; later sources win.

Unknown keys are errors. If they weren't, a misspelt setting would be ignored and the default would apply unnoticed.
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
_MIN_SECRET_CHARACTERS = 32
_HEADER_PATTERN = r"^[A-Za-z0-9-]+$"
_LIST_SETTINGS = frozenset({"allowed_origins", "hosts", "proxies", "owners"})


class Settings(BaseModel):
    """All settings. Each field can also be set through the environment variable `ASSISTANT_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: Path = Field(Path("corpus"), description="folder that contains the documents")
    index: Path = Field(Path("index"), description="folder that contains the index")
    cache: Path = Field(
        Path("~/.cache/gms-assistant"), validate_default=True, description="folder in which prepared models are kept"
    )
    model: str = Field(
        "multilingual-e5-small",
        description="embedding model: the name of a packaged model, a local folder, or a model on the Hugging Face hub",
    )
    query_prompt: str | None = Field(None, description="prompt for questions, used instead of the model's own")
    passage_prompt: str | None = Field(None, description="prompt for passages, used instead of the model's own")
    host: str = Field("127.0.0.1", description="address that the server listens on")
    port: int = Field(7860, ge=0, le=65535, description="port that the server listens on")
    allowed_origins: tuple[str, ...] = Field(
        (), description="comma-separated origins that may embed the chat or call the API"
    )
    hosts: tuple[str, ...] = Field(
        (),
        description="comma-separated host names that the server accepts, besides its own and that of public_url",
    )
    public_url: str = Field("", description="URL at which users reach a server that runs behind a reverse proxy")
    proxies: tuple[str, ...] = Field((), description="comma-separated addresses or networks of trusted reverse proxies")
    access: Literal["open", "proxy", "oidc"] = Field(
        "open",
        description="who may use the server: anyone, users named by a proxy, or users signed in with OpenID Connect",
    )
    user_header: str = Field(
        "X-Remote-User", pattern=_HEADER_PATTERN, description="header in which the proxy sends the user name"
    )
    groups_header: str = Field(
        "X-Remote-Groups",
        pattern=_HEADER_PATTERN,
        description="header in which the proxy sends the user's groups, comma-separated",
    )
    oidc_issuer: str = Field("", description="URL of the OpenID Connect provider")
    oidc_client: str = Field("", description="client id of this server with the OpenID Connect provider")
    oidc_secret: SecretStr = Field(SecretStr(""), description="client secret that belongs to oidc_client")
    oidc_scope: str = Field(
        "openid profile email", description="OpenID Connect scopes to request; some providers also need groups"
    )
    oidc_user_claim: str = Field("sub", min_length=1, description="claim that identifies the user")
    oidc_groups_claim: str = Field("groups", min_length=1, description="claim that lists the user's groups")
    session_secret: SecretStr = Field(
        SecretStr(""),
        description="secret that signs the session cookie; if it is empty, a new one is generated at each start-up",
    )
    owners: tuple[str, ...] = Field(
        (),
        description="comma-separated users and groups (group:name) who have access to the owners' page and the metrics",
    )
    rate_storage: str = Field(
        "",
        description="redis:// URL of a store that counts requests for several servers; if it is empty, each server "
        "counts requests in memory",
    )
    rate_per_minute: int | None = Field(
        None,
        ge=0,
        description="maximum number of questions per minute for each API key, user or address; 0 means no limit; "
        "the default is 60, or 0 if the server listens on a loopback address",
    )
    log_requests: bool = Field(False, description="log each request as a line of JSON, without the text of questions")
    language: str = Field(
        "en",
        pattern="^(en|sv)$",
        description="language (en or sv) to assume for a question whose language can't be detected",
    )
    contact: str = Field("", description="whom to ask instead; shown if the assistant can't answer")
    organisation: str = Field("", max_length=80, description="name of the organisation, shown on every page")
    logo: Path | None = Field(None, description="logo shown on every page: SVG, PNG or WebP")
    accent: str = Field("#0b4f6c", pattern="^#[0-9a-fA-F]{6}$", description="colour of buttons and links")
    database: str = Field(
        "sqlite:///data/assistant.sqlite",
        description="SQLAlchemy URL of the store for answers and feedback; if it is empty, there is no store",
    )
    store_questions: bool = Field(False, description="store the text of questions, with personal data masked")
    keep_days: int = Field(30, ge=1, le=3650, description="number of days after which stored rows are deleted")
    probes: Path = Field(Path("data/probes.jsonl"), description="file in which probes are saved")
    owners_password: SecretStr = Field(
        SecretStr(""),
        description="password for the owners' page (user name: owner); if it is empty, no password is accepted",
    )
    reader: bool = Field(
        True,
        description="whether a reader checks that the quotes answer the question and marks the words that do; without "
        "it, answers are faster and more often wrong",
    )
    answer_from: float | None = Field(
        None, ge=0, le=1, description="lowest probability at which the assistant answers; see assistant calibrate"
    )
    max_file_mb: float = Field(50.0, gt=0, description="maximum size of a document, in megabytes")
    threads: int = Field(
        2,
        ge=1,
        le=64,
        description="number of threads that embed passages, and of model runs for questions that may run in parallel",
    )
    workers: int = Field(
        0,
        ge=0,
        le=64,
        description="number of worker processes, useful with more than two cores; with 0, the server process answers",
    )

    @field_validator("public_url")
    @classmethod
    def _validate_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("must be a URL such as https://assistant.example or https://intranet.example/assistant")
        return value.rstrip("/")

    @field_validator("cache")
    @classmethod
    def _expand_cache(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("proxies")
    @classmethod
    def _validate_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            ip_network(proxy)  # if this raises a ValueError, the error's text becomes the message
        return value

    @model_validator(mode="after")
    def _validate_combinations(self) -> Self:
        """Check that settings that depend on each other are consistent."""
        if self.access == "proxy" and not self.proxies:
            raise ValueError("access = proxy needs proxies: the address of the reverse proxy that identifies users")
        if 0 < len(self.session_secret.get_secret_value()) < _MIN_SECRET_CHARACTERS:
            raise ValueError(
                f"session_secret needs {_MIN_SECRET_CHARACTERS} characters or more; create one: openssl rand -hex 32"
            )
        if self.access == "oidc":
            for name in ("oidc_issuer", "oidc_client", "public_url"):
                if not getattr(self, name):
                    raise ValueError(f"access = oidc needs {name}")
        return self

    @property
    def max_file_bytes(self) -> int:
        """The maximum size of a document, in bytes."""
        return int(self.max_file_mb * 1e6)

    @property
    def public_url_path(self) -> str:
        """The path in `public_url`, such as "/assistant"; "" if the URL has no path."""
        return urlsplit(self.public_url).path

    @property
    def public_url_host(self) -> str:
        """The host name in `public_url`; "" if `public_url` isn't set."""
        return urlsplit(self.public_url).hostname or ""


def load_settings(
    environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None, folder: Path = Path()
) -> Settings:
    """Merge the defaults, `folder/assistant.toml`, `environment` and `overrides`; later sources win.

    Raises:
        SettingsError: `assistant.toml` isn't valid TOML, a key is unknown, or a value is invalid.
    """
    values: dict[str, Any] = {**_from_file(folder / SETTINGS_FILE), **_from_environment(environment)}
    values.update({key: value for key, value in (overrides or {}).items() if value is not None})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        subject = f"setting {name!r} (or {ENVIRONMENT_PREFIX}{name.upper()})" if name else "settings"
        raise SettingsError(f"{subject}: {first['msg']}; see docs/reference.md") from None
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{str(path)!r} is not valid TOML ({error}); fix or remove the file") from None
    _refuse_unknown(content, str(path), "")
    return content


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {
        key[len(ENVIRONMENT_PREFIX) :].lower(): value
        for key, value in environment.items()
        if key.startswith(ENVIRONMENT_PREFIX)
    }
    _refuse_unknown(values, "the environment", ENVIRONMENT_PREFIX)
    return {
        key: tuple(part.strip() for part in value.split(",") if part.strip()) if key in _LIST_SETTINGS else value
        for key, value in values.items()
    }


def _refuse_unknown(values: Mapping[str, Any], location: str, prefix: str) -> None:
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        name = prefix + unknown[0].upper() if prefix else unknown[0]
        raise SettingsError(
            f"unknown setting {name!r} in {location}; valid settings: {', '.join(sorted(Settings.model_fields))}"
        )
