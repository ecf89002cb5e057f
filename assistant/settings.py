"""Settings: defaults, then `assistant.toml`, then `ASSISTANT_*` variables, then the command line.

An unknown key is an error that names it: a typo must not silently mean the default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
FILE = "assistant.toml"
_LISTS = frozenset({"allowed_origins", "hosts"})


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
        (), description="names the server answers to, comma-separated; this machine's own when it listens there"
    )
    rate_per_minute: int | None = Field(
        None, ge=0, description="questions a minute from one address; 0: no limit; 60 unless it listens on loopback"
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
    threads: int = Field(2, ge=1, le=64, description="threads for embedding passages; a question uses one")


def load_settings(
    environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None, folder: Path = Path()
) -> Settings:
    """Merge defaults, `folder/assistant.toml`, `environment` and `overrides` (later wins).

    Raises:
        SettingsError: the file is no TOML, a key is unknown, or a value doesn't fit.
    """
    values: dict[str, Any] = {**_from_file(folder / FILE), **_from_environment(environment)}
    values.update({key: value for key, value in (overrides or {}).items() if value is not None})
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {name!r} (or {PREFIX}{name.upper()}): {first['msg']}; see the table of settings in README.md"
        ) from None
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
    named = {key[len(PREFIX) :].lower(): value for key, value in environment.items() if key.startswith(PREFIX)}
    _refuse_unknown(named, "the environment", PREFIX)
    return {
        key: tuple(part.strip() for part in value.split(",") if part.strip()) if key in _LISTS else value
        for key, value in named.items()
    }


def _refuse_unknown(values: Mapping[str, Any], where: str, prefix: str) -> None:
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        name = prefix + unknown[0].upper() if prefix else unknown[0]
        raise SettingsError(f"unknown setting {name!r} in {where}; known: {', '.join(sorted(Settings.model_fields))}")
