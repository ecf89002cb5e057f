"""Runs Canaille, a real OpenID Connect provider, on the loopback address, with two users and one registered client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port, stop_process

PASSWORDS = {"anna": "anna keeps the texts", "bo": "bo asks about them"}  # Anna belongs to the group "editors"
CLIENT, SECRET = "assistant", "known to both"


@dataclass(frozen=True)
class Provider:
    """A running provider, identified by its address."""

    issuer: str


@contextmanager
def running_provider(folder: Path, redirect_uri: str) -> Iterator[Provider]:
    """Run a provider that keeps its files in `folder` and sends users to `redirect_uri` once they have signed in."""
    port = free_port()
    program = Path(sys.executable).parent / "canaille"
    environment = {**os.environ, "CANAILLE_CONFIG": str(folder / "canaille.toml")}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [program, *arguments], check=True, capture_output=True, text=True, env=environment, timeout=120
        ).stdout

    _configure(folder, port, "")
    _configure(folder, port, f"ACTIVE_JWKS = [{_toml(json.loads(run('jwk', 'create', 'rsa')))}]")
    run("install")
    for name, password in PASSWORDS.items():
        mail = f"{name}@example.org"
        run("create", "user", "--user-name", name, "--password", password, "--emails", mail, "--family-name", "Berg",
            "--formatted-name", f"{name.title()} Berg")  # fmt: skip
    run("create", "group", "--display-name", "editors", "--members", "anna")
    run("create", "client", "--client-id", CLIENT, "--client-secret", SECRET, "--client-name", "Assistant",
        "--redirect-uris", redirect_uri, "--grant-types", "authorization_code", "--response-types", "code",
        "--scope", "openid", "--scope", "profile", "--scope", "email", "--scope", "groups",
        "--token-endpoint-auth-method", "client_secret_basic", "--client-uri", "http://127.0.0.1")  # fmt: skip
    with subprocess.Popen([program, "run", "--bind", f"127.0.0.1:{port}"], env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            yield Provider(f"http://127.0.0.1:{port}")
        finally:
            stop_process(process)


def _configure(folder: Path, port: int, keys: str) -> None:
    (folder / "canaille.toml").write_text(
        f'SECRET_KEY = "of the tests"\nSERVER_NAME = "127.0.0.1:{port}"\nPREFERRED_URL_SCHEME = "http"\n'
        f'[CANAILLE]\nLANGUAGE = "en"\n[CANAILLE_SQL]\nDATABASE_URI = "sqlite:///{folder / "canaille.sqlite"}"\n'
        f"[CANAILLE_OIDC]\n{keys}\n",
        encoding="utf-8",
    )


def _toml(key: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items()) + "}"


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                assert re.search(rb'"issuer"', response.read())
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{address} did not respond")
