"""The settings of a provider of sign-ins: what they allow, and which are refused."""

from __future__ import annotations

import dataclasses

import pytest

from certdesk.domain.people.provider import Provider, allows, fault_of, staff_role
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
        (("audit", "admins"), Role.OPERATOR),
        (("audit",), Role.AUDITOR),
    ],
)
def test_groups_have_the_highest_role_of_the_staff(
    groups: tuple[str, ...], role: Role | None
) -> None:
    """Without a group that is named, there is none."""
    assert staff_role(GOOD, groups) is role


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
