"""The settings of a provider of sign-ins: what they allow, and which are refused."""

from __future__ import annotations

import dataclasses

import pytest

from certdesk.domain.people.provider import Provider, allows, fault_of, role_for
from certdesk.domain.people.role import Role

GOOD = Provider(
    name="company",
    issuer="https://id.example.com/realms/one",
    client_id="desk",
    operator_groups=("admins",),
    reviewer_groups=("vetting", "legal"),
    auditor_groups=("audit",),
    user_groups=("everybody",),
)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ((), None),
        (("Vetting",), None),
        (("everybody",), None),
        (("legal", "other"), Role.REVIEWER),
        (("audit", "vetting"), Role.REVIEWER),
        (("audit",), Role.AUDITOR),
        (("admins",), None),
        (("admins", "audit"), Role.AUDITOR),
    ],
)
def test_groups_make_staff_of_strangers_but_no_operators(
    groups: tuple[str, ...], role: Role | None
) -> None:
    """The highest role of the groups; without a group that is named, there is none."""
    assert role_for(GOOD, groups, None, by_group=True) is role


def test_an_operator_by_group_is_made_only_if_a_setting_allows_it() -> None:
    """One who is an operator already stays so as long as the group does."""
    open_door = dataclasses.replace(GOOD, new_operators=True)
    assert role_for(open_door, ["admins", "audit"], None, by_group=True) is Role.OPERATOR
    assert role_for(open_door, ["admins"], Role.AUDITOR, by_group=True) is Role.OPERATOR
    assert role_for(GOOD, ["admins"], Role.AUDITOR, by_group=True) is None
    assert role_for(GOOD, ["admins"], Role.OPERATOR, by_group=True) is Role.OPERATOR
    assert role_for(GOOD, ["audit"], Role.OPERATOR, by_group=True) is Role.AUDITOR


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REVIEWER, Role.AUDITOR, Role.USER])
def test_who_was_invited_keeps_the_role_and_needs_a_group_of_it(role: Role) -> None:
    """A higher group does not raise anybody, and without a group there is no access."""
    group = {"operator": "admins", "reviewer": "legal", "auditor": "audit", "user": "everybody"}
    assert role_for(GOOD, [group[role]], role, by_group=False) is role
    others = [each for name, each in group.items() if name != role]
    assert role_for(GOOD, others, role, by_group=False) is None


def test_a_role_needs_a_group_of_its_own() -> None:
    """That of users too; where none is named, nobody has it."""
    assert allows(GOOD, Role.USER, ["everybody"])
    assert not allows(GOOD, Role.USER, ["admins"])
    assert not allows(GOOD, Role.OPERATOR, ["vetting"])
    assert not allows(Provider(name="bare"), Role.USER, ["everybody", ""])
    assert not allows(GOOD, Role.NOBODY, ["everybody"])


@pytest.mark.parametrize("issuer", ["https://id.example.com", "https://id.example.com:8443/a/"])
def test_an_issuer_is_reached_by_https(issuer: str) -> None:
    """At any port and path."""
    assert fault_of(dataclasses.replace(GOOD, issuer=issuer)) == ""


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9:80", "[::1]:9400"])
def test_an_issuer_on_loopback_may_have_http(host: str) -> None:
    """For tests."""
    assert fault_of(dataclasses.replace(GOOD, issuer=f"http://{host}")) == ""


@pytest.mark.parametrize(
    ("issuer", "rule"),
    [
        ("", "is missing"),
        ("http://id.example.com", "must start with https://"),
        ("http://localhost.example.com", "must start with https://"),
        ("http://10.0.0.1", "must start with https://"),
        ("http://127.0.0.1.example.com", "must start with https://"),
        ("http://2130706433", "must start with https://"),
        ("ftp://id.example.com", "must start with https://"),
        ("id.example.com", "must be a URL with a host"),
        ("https://", "must be a URL with a host"),
        ("https://anna@id.example.com", "without a user"),
        ("https://id.example.com?tenant=1", "a query"),
        ("https://id.example.com#x", "a fragment"),
        ("https://id.example.com:port", "is no URL"),
        ("https://[::1", "is no URL"),
    ],
)
def test_any_other_issuer_is_refused(issuer: str, rule: str) -> None:
    """With the setting and the rule."""
    fault = fault_of(dataclasses.replace(GOOD, issuer=issuer))
    assert fault.startswith("issuer: ")
    assert rule in fault


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "Company"}, "the name must"),
        ({"name": "../a"}, "the name must"),
        ({"client_id": ""}, "client_id: is missing"),
        ({"scopes": ("profile",)}, "scopes: must have openid"),
    ],
)
def test_other_settings_have_rules_too(change: dict[str, object], fault: str) -> None:
    """The first one that breaks one is named."""
    assert fault_of(dataclasses.replace(GOOD, **change)).startswith(fault)  # type: ignore[arg-type]  # of any type
