"""Who sent a request, as far as that is known."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from assistant.store.api_keys import ApiKey

_GROUP = "group:"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, a program with a key, or anybody.

    `name` is what the proxy or the provider calls a person, "" for anybody; `shown` is for their own eyes;
    `session` is true for somebody who signed in here, and can sign out.
    """

    name: str = ""
    shown: str = ""
    owner: bool = False
    session: bool = False
    key: ApiKey | None = None


ANONYMOUS = Identity()


def identity_of(scope: Scope) -> Identity:
    """Who sent the request of `scope`; anybody where nothing says."""
    found: Identity = scope.get("state", {}).get("identity", ANONYMOUS)
    return found


def session_person(scope: Scope) -> dict[str, Any] | None:
    """Who signed in, from the session cookie, whose signature was checked; None for nobody, or when it is too long ago.

    It has `name`, `shown`, `groups` (those that matter) and `until` (seconds since the epoch).
    """
    person: dict[str, Any] | None = scope.get("session", {}).get("person")
    return person if person and person["until"] > time.time() else None


def is_owner(name: str, groups: Collection[str], owners: Collection[str]) -> bool:
    """Whether a person is in the list `owners`: by name, or as `group:<name>` by a group."""
    named = name in owners and not name.startswith(_GROUP)
    return named or any(_GROUP + group in owners for group in groups)


def groups_of_owners(groups: Collection[str], owners: Collection[str]) -> list[str]:
    """Those of `groups` that `owners` names: the only ones worth remembering."""
    return sorted(group for group in groups if _GROUP + group in owners)
