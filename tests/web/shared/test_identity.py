from __future__ import annotations

import time
from typing import Any

import pytest

from assistant.web.shared.identity import (
    ANONYMOUS,
    Identity,
    document_owner_groups,
    is_document_owner,
    request_identity,
    signed_in_user,
)

OWNERS = ("anna", "group:editors")


def test_identity_is_read_from_the_scope() -> None:
    identity = Identity("anna", "Anna A", is_document_owner=True)
    assert request_identity({"state": {"identity": identity}}) is identity


@pytest.mark.parametrize("scope", [{}, {"state": {}}])
def test_request_without_an_identity_is_anonymous(scope: dict[str, Any]) -> None:
    assert request_identity(scope) is ANONYMOUS
    assert (ANONYMOUS.user_name, ANONYMOUS.is_document_owner, ANONYMOUS.is_signed_in, ANONYMOUS.api_key) == (
        "",
        False,
        False,
        None,
    )


def test_session_ends_at_its_expiry() -> None:
    person = {"name": "anna", "shown": "Anna", "groups": [], "until": time.time() + 60}
    assert signed_in_user({"session": {"person": person}}) == person
    assert signed_in_user({"session": {"person": {**person, "until": time.time() - 1}}}) is None


@pytest.mark.parametrize("scope", [{}, {"session": {}}])
def test_nobody_is_signed_in_without_a_session(scope: dict[str, Any]) -> None:
    assert signed_in_user(scope) is None


@pytest.mark.parametrize(
    ("name", "groups", "owner"),
    [
        ("anna", [], True),
        ("bo", ["editors"], True),
        ("bo", ["readers"], False),
        ("editors", [], False),  # a user isn't treated as the group of the same name
        ("group:editors", [], False),  # a user name is never treated as a group, whatever its prefix
        ("bo", ["anna"], False),
    ],
)
def test_owners_are_listed_by_name_or_group(name: str, groups: list[str], owner: bool) -> None:
    assert is_document_owner(name, groups, OWNERS) is owner


def test_only_owner_groups_are_remembered() -> None:
    owners = (*OWNERS, "group:admins")
    assert document_owner_groups(["readers", "editors", "anna", "admins"], owners) == ["admins", "editors"]
