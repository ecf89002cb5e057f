"""Who sent a request: a named user, a program with an API key, or an anonymous user."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

from assistant.store.api_keys import ApiKey

_GROUP_PREFIX = "group:"


@dataclass(frozen=True, slots=True)
class Identity:
    """The sender of a request: a named user, a program with an API key, or an anonymous user.

    Attributes:
        user_name: the user name from the proxy or the OpenID Connect provider, or "" if there is none.
        display_name: the user's name as shown on the pages.
        is_document_owner: whether the user is a document owner.
        is_signed_in: whether the user signed in on this server and can therefore sign out.
        api_key: the program's API key, or None if a user sent the request.
    """

    user_name: str = ""
    display_name: str = ""
    is_document_owner: bool = False
    is_signed_in: bool = False
    api_key: ApiKey | None = None


ANONYMOUS = Identity()


def request_identity(scope: Scope) -> Identity:
    """Return the identity that the access middleware stored in `scope`, or `ANONYMOUS` if it stored none."""
    identity: Identity = scope.get("state", {}).get("identity", ANONYMOUS)
    return identity


def signed_in_user(scope: Scope) -> dict[str, Any] | None:
    """Return the signed-in user from the session, or None if nobody is signed in or the session has expired.

    The session middleware has already verified the cookie's signature. The keys of the result are `name`, `shown` (the
    display name), `groups` (owner groups only) and `until` (the time when the session expires, in seconds since the
    epoch).
    """
    person: dict[str, Any] | None = scope.get("session", {}).get("person")
    return person if person and person["until"] > time.time() else None


def is_document_owner(name: str, groups: Collection[str], owners: Collection[str]) -> bool:
    """Return whether `owners` contains the user's name, or one of the user's groups in the form `group:<name>`."""
    listed_by_name = name in owners and not name.startswith(_GROUP_PREFIX)
    return listed_by_name or any(_GROUP_PREFIX + group in owners for group in groups)


def document_owner_groups(groups: Collection[str], owners: Collection[str]) -> list[str]:
    """Return the groups that are listed in `owners`, sorted. No other groups are stored in the session."""
    return sorted(group for group in groups if _GROUP_PREFIX + group in owners)
