"""Who may do what: policies of sub-users, where a denial wins and silence allows nothing.

A policy names actions (`ssl:Describe*`), certificate ids and projects, each by pattern with `*`;
what it leaves out it does not limit. The account's own keys are bound by none.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterable
from datetime import datetime

ALLOW, DENY = "allow", "deny"
EVERYTHING = ("*",)


class Refused(enum.Enum):
    """What about a thing is not allowed, if anything."""

    NOTHING = "nothing"
    ACTION = "the action"
    CERTIFICATE = "the certificate"
    PROJECT = "the project"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One rule of an account; it binds the users that name it."""

    policy_id: int = 0
    uin: str
    name: str
    effect: str
    actions: tuple[str, ...] = EVERYTHING
    certificates: tuple[str, ...] = EVERYTHING
    projects: tuple[str, ...] = EVERYTHING
    created_at: datetime
    version: int = 1

    def names_action(self, permission: str) -> bool:
        """Whether it speaks of an action such as `ssl:DescribeCertificates`."""
        return _matches(self.actions, permission)

    def names_certificate(self, certificate_id: str) -> bool:
        """Whether it speaks of a certificate."""
        return _matches(self.certificates, certificate_id)

    def names_project(self, project_id: int) -> bool:
        """Whether it speaks of a project."""
        return _matches(self.projects, str(project_id))

    @property
    def unlimited(self) -> bool:
        """Whether it speaks of all certificates in all projects."""
        return "*" in self.certificates and "*" in self.projects


@dataclasses.dataclass(frozen=True, slots=True)
class Grants:
    """All that binds a caller: the policies of its user, or none for the account itself."""

    policies: tuple[Policy, ...] | None = None

    def permits(self, permission: str) -> bool:
        """Whether the action may be asked for at all, for one thing or another."""
        if self.policies is None:
            return True
        concerned = [policy for policy in self.policies if policy.names_action(permission)]
        denied = any(policy.effect == DENY and policy.unlimited for policy in concerned)
        return not denied and any(policy.effect == ALLOW for policy in concerned)

    def refused(self, permission: str, certificate_id: str, project_id: int) -> Refused:
        """Tell what forbids the action on a certificate in a project, if anything does."""
        if self.policies is None:
            return Refused.NOTHING
        concerned = [policy for policy in self.policies if policy.names_action(permission)]
        for policy in concerned:
            if (
                policy.effect == DENY
                and policy.names_certificate(certificate_id)
                and policy.names_project(project_id)
            ):
                return _by(policy)
        allowing = [policy for policy in concerned if policy.effect == ALLOW]
        return _least(allowing, certificate_id, project_id)


def _least(allowing: list[Policy], certificate_id: str, project_id: int) -> Refused:
    """Tell how far the allowing policies reach: the refusal nearest to being allowed."""
    if not allowing:
        return Refused.ACTION
    here = [policy for policy in allowing if policy.names_project(project_id)]
    if any(policy.names_certificate(certificate_id) for policy in here):
        return Refused.NOTHING
    return Refused.CERTIFICATE if here else Refused.PROJECT


def _by(denial: Policy) -> Refused:
    if denial.unlimited:
        return Refused.ACTION
    return Refused.PROJECT if "*" in denial.certificates else Refused.CERTIFICATE


def _matches(patterns: Iterable[str], value: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) for pattern in patterns
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A sub-user of an account: its keys may do what its policies allow, at first nothing."""

    user_id: int = 0
    uin: str
    name: str
    enabled: bool = True
    policies: tuple[int, ...] = ()
    created_at: datetime
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A group of an account's orders; number 0, which every account has, is not kept."""

    project_id: int = 0
    uin: str
    name: str
    created_at: datetime
    version: int = 1
