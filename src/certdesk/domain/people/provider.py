"""A provider of OpenID Connect: its settings, declared once, and what its groups allow."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from certdesk.domain.people.role import EVERYBODY_SIGNED_IN, Role
from certdesk.domain.values.addresses import address_in

PREFIX = "oidc."
NAME = r"[a-z][a-z0-9]{0,30}"
"""The name that the operator gives a provider; the console has it in URLs."""

_NAME = re.compile(NAME)
_RANKS = (Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)
_LOOPBACK = "localhost"


def _setting(default: object, explanation: str) -> Any:  # noqa: ANN401 -- as dataclasses.field
    return dataclasses.field(default=default, metadata={"help": explanation})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider that people may sign in with: `oidc.NAME.issuer` and so on."""

    name: str = ""
    issuer: str = _setting(
        "",
        "URL of the issuer, exactly as the provider writes it into its tokens. It starts with "
        "https; http is for tests on loopback.",
    )
    client_id: str = _setting("", "Name by which the provider knows this desk.")
    client_secret_file: str = _setting(
        "", "File with the client's secret. Empty: the desk is a public client, with PKCE alone."
    )
    title: str = _setting("", "Text for the button on the sign-in page. Empty: the name.")
    ca_file: str = _setting(
        "", "PEM file of the CAs for the provider's TLS. Empty: those that the system trusts."
    )
    scopes: tuple[str, ...] = _setting(
        ("openid", "profile"),
        "Scopes to ask for. With offline_access, where the provider has it, sessions last longer "
        "than an hour, since the desk can check the groups again.",
    )
    groups_claim: str = _setting("groups", "Claim that has the groups of a person.")
    operator_groups: tuple[str, ...] = _setting((), "Groups whose members are operators.")
    reviewer_groups: tuple[str, ...] = _setting((), "Groups whose members are reviewers.")
    auditor_groups: tuple[str, ...] = _setting((), "Groups whose members are auditors.")
    user_groups: tuple[str, ...] = _setting(
        (), "Groups whose members may sign in as the users of accounts that they are linked to."
    )
    new_operators: bool = _setting(
        False,  # noqa: FBT003 -- a default
        "Whether a member of operator_groups becomes an operator at the first sign-in. false: "
        "only operators who were invited may sign in.",
    )
    acr: tuple[str, ...] = _setting(
        (), "Values of the claim acr, one of which a sign-in needs. Empty: any sign-in counts."
    )
    amr: tuple[str, ...] = _setting(
        (),
        "Values of the claim amr, such as mfa, one of which a sign-in needs. Empty: any sign-in "
        "counts.",
    )

    @property
    def shown(self) -> str:
        """What people know the provider by."""
        return self.title or self.name


DECLARED = {field.name: field for field in dataclasses.fields(Provider) if field.metadata}
"""The settings of a provider, by their last word."""


def fault_of(provider: Provider) -> str:
    """Return the first setting that breaks a rule, and the rule; empty if none does."""
    if not _NAME.fullmatch(provider.name):
        return "the name must start with a lower-case letter, and have letters and digits alone"
    if fault := issuer_fault(provider.issuer):
        return f"issuer: {fault}"
    if not provider.client_id:
        return "client_id: is missing"
    if "openid" not in provider.scopes:
        return "scopes: must have openid"
    return ""


def issuer_fault(issuer: str) -> str:
    """Return the rule that the URL of an issuer breaks; empty if it breaks none."""
    if not issuer:
        return "is missing"
    try:
        parts = urlsplit(issuer)
        parts.port  # noqa: B018 -- it raises
    except ValueError:
        return "is no URL"
    if not parts.hostname or "@" in parts.netloc or "?" in issuer or "#" in issuer:
        return "must be a URL with a host, without a user, a query and a fragment"
    if parts.scheme == "http":
        return "" if is_loopback(parts.hostname) else "must start with https://"
    return "" if parts.scheme == "https" else "must start with https://"


def is_loopback(host: str) -> bool:
    """Return whether a host in a URL is this machine by its name or number alone."""
    address = address_in(host)
    return address.is_loopback if address else host == _LOOPBACK


def role_for(
    provider: Provider, groups: Collection[str], current: Role | None, *, by_group: bool
) -> Role | None:
    """Return the role in which groups let a person in; None if they do not.

    `current` is the person's role, None if the person is not known yet. People who were invited or
    linked keep that role, and need a group of it. The role of others follows their groups; an
    operator is only made so if a setting allows it.
    """
    if current is not None and not by_group:
        return current if allows(provider, current, groups) else None
    may_be_operator = provider.new_operators or current is Role.OPERATOR
    ranks = _RANKS if may_be_operator else _RANKS[1:]
    return next((role for role in ranks if allows(provider, role, groups)), None)


def allows(provider: Provider, role: Role, groups: Collection[str]) -> bool:
    """Return whether one of the groups allows a role; without a group nobody has any."""
    return not set(_groups_for(provider, role)).isdisjoint(groups)


def has_groups(provider: Provider) -> bool:
    """Return whether any group lets anybody in."""
    return any(_groups_for(provider, role) for role in EVERYBODY_SIGNED_IN)


def _groups_for(provider: Provider, role: Role) -> tuple[str, ...]:
    return {
        Role.OPERATOR: provider.operator_groups,
        Role.REVIEWER: provider.reviewer_groups,
        Role.AUDITOR: provider.auditor_groups,
        Role.USER: provider.user_groups,
    }.get(role, ())
