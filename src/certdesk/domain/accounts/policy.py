"""Who may do what: policies of sub-users. A denial wins, and no policy means no permission.

A policy names actions by pattern (`ssl:Describe*`), and the ids of the certificates and projects
that it is about; `*` means all of them. Policies do not bind the account's own keys.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting
from certdesk.domain.values.record import Record

ALLOW, DENY = "allow", "deny"
EVERY = "*"
EVERYTHING = (EVERY,)

READ_KEY = "ssl:ReadPrivateKey"
"""The permission that a caller needs to receive a private key, whichever action returns it."""

READ_PERSONAL = "ssl:ReadPersonalData"
"""The permission that a caller needs to see the telephone numbers of an order in full."""

NO_CERTIFICATE = ""
"""The id of an order that does not exist yet: only a policy for `*` matches it."""


class Refused(enum.IntEnum):
    """What is not allowed about a certificate. A greater value says more to the caller."""

    NOTHING = 0
    CERTIFICATE = 1
    PROJECT = 2
    ACTION = 3


class Policy(Record, kw_only=True):
    """One rule of an account; it binds the users that name it. `projects` are numbers as text."""

    policy_id: int = 0
    uin: Code
    name: Lasting
    effect: Code
    actions: tuple[Code, ...] = EVERYTHING
    certificates: tuple[Code, ...] = EVERYTHING
    projects: tuple[Code, ...] = EVERYTHING
    created_at: datetime
    version: int = 1

    def names_action(self, permission: str) -> bool:
        """Whether the policy names an action such as `ssl:DescribeCertificates`."""
        return any(fits(pattern, permission) for pattern in self.actions)

    def names_certificate(self, certificate_id: str) -> bool:
        """Whether the policy names a certificate."""
        return EVERY in self.certificates or certificate_id in self.certificates

    def names_project(self, project: str) -> bool:
        """Whether the policy names a project, given by its number as text."""
        return EVERY in self.projects or project in self.projects

    def names(self, certificate_id: str, project: str) -> bool:
        """Whether the policy names a certificate in a project."""
        return self.names_certificate(certificate_id) and self.names_project(project)

    def names_any(self, certificate_ids: Collection[str], projects: Collection[str]) -> bool:
        """Whether the policy names one of these certificates in one of these projects."""
        return any(map(self.names_certificate, certificate_ids)) and any(
            map(self.names_project, projects)
        )

    @property
    def unlimited(self) -> bool:
        """Whether the policy is about all certificates in all projects."""
        return EVERY in self.certificates and EVERY in self.projects


class Grants(Record):
    """All policies that bind a caller: those of its user, or none for the account itself."""

    policies: tuple[Policy, ...] | None = None

    @classmethod
    def chosen(cls, policies: Iterable[Policy], only: tuple[int, ...]) -> Grants:
        """Return a user's policies; where `only` names some, leave out the other allowances."""
        return cls(
            tuple(
                policy
                for policy in policies
                if not only or policy.effect == DENY or policy.policy_id in only
            )
        )

    def permits(self, permission: str) -> bool:
        """Whether the action is allowed for at least one order, including an order yet to be made.

        Denials may cover everything that an allowance names. So each allowance is tried with the
        ids that the denials name, and with an order that no denial names.
        """
        if self.policies is None:
            return True
        denials = self._of(DENY, permission)
        return any(
            not any(denial.names(certificate_id, project) for denial in denials)
            for policy in self._of(ALLOW, permission)
            for certificate_id in _tried(policy.certificates, (d.certificates for d in denials))
            for project in _tried(policy.projects, (d.projects for d in denials))
        )

    def permits_for_all(self, permission: str) -> bool:
        """Whether the action is allowed for all certificates in all projects at once.

        An action that is about no single certificate needs this. A denial counts only if it also is
        about all of them.
        """
        if self.policies is None:
            return True
        denied = any(denial.unlimited for denial in self._of(DENY, permission))
        return not denied and any(policy.unlimited for policy in self._of(ALLOW, permission))

    def selects(self, permission: str) -> bool:
        """Whether the action may be allowed for some orders and refused for others.

        If not, a list does not have to check each order.
        """
        if self.policies is None or not self.permits(permission):
            return False
        unlimited = any(policy.unlimited for policy in self._of(ALLOW, permission))
        return bool(self._of(DENY, permission)) or not unlimited

    def refused(
        self,
        permission: str,
        certificate_id: str,
        project_id: int,
        *,
        origins: tuple[str, ...] = (),
        homes: tuple[int, ...] = (),
    ) -> Refused:
        """Return what forbids the action on a certificate in a project.

        A denial that names one of its `origins` holds for the certificate too. The action has to be
        allowed in its project and in each of its `homes`. `domain/orders/derivation.py` says which
        these are.
        """
        if self.policies is None:
            return Refused.NOTHING
        denied = self.denied(permission, certificate_id, project_id, origins=origins, homes=homes)
        if denied:
            return denied
        projects = tuple(map(str, (project_id, *homes)))
        return max(self._missing(permission, certificate_id, project) for project in projects)

    def denied(
        self,
        permission: str,
        certificate_id: str,
        project_id: int,
        *,
        origins: tuple[str, ...] = (),
        homes: tuple[int, ...] = (),
    ) -> Refused:
        """Return which denial applies to an action, whether or not an allowance exists."""
        projects = tuple(map(str, (project_id, *homes)))
        denied = (
            _by(denial)
            for denial in self._of(DENY, permission)
            if denial.names_any((certificate_id, *origins), projects)
        )
        return max(denied, default=Refused.NOTHING)

    def denied_certificates(self, permission: str) -> frozenset[str]:
        """Return the ids of the certificates for which a denial of the action was written."""
        return frozenset(
            certificate_id
            for denial in self._of(DENY, permission)
            for certificate_id in denial.certificates
            if certificate_id != EVERY
        )

    def _missing(self, permission: str, certificate_id: str, project: str) -> Refused:
        """Return what is missing from the allowance that comes nearest to allowing the action."""
        allowing = self._of(ALLOW, permission)
        if not allowing:
            return Refused.ACTION
        here = [policy for policy in allowing if policy.names_project(project)]
        if not here:
            return Refused.PROJECT
        named = any(policy.names_certificate(certificate_id) for policy in here)
        return Refused.NOTHING if named else Refused.CERTIFICATE

    def _of(self, effect: str, permission: str) -> list[Policy]:
        return [
            policy
            for policy in self.policies or ()
            if policy.effect == effect and policy.names_action(permission)
        ]


UNBOUND = Grants()
"""The grants of an account itself: no policy binds it."""


def fits(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern, in which `*` stands for any text."""
    first, *others = pattern.split(EVERY)
    if not others:
        return pattern == text
    *between, last = others
    rest = text.removeprefix(first)
    if not text.startswith(first) or not rest.endswith(last):
        return False
    rest = rest[: len(rest) - len(last)]
    # Each part is searched from the left only: a regular expression would backtrack.
    for part in filter(None, between):
        _, found, rest = rest.partition(part)
        if not found:
            return False
    return True


def _by(denial: Policy) -> Refused:
    if denial.unlimited:
        return Refused.ACTION
    return Refused.PROJECT if EVERY in denial.certificates else Refused.CERTIFICATE


def _tried(allowed: tuple[str, ...], denied: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield ids that an allowance names.

    Where it names all, yield one that no denial names first.
    """
    if EVERY not in allowed:
        yield from allowed
        return
    yield NO_CERTIFICATE
    for names in denied:
        yield from (name for name in names if name != EVERY)


class User(Record, kw_only=True):
    """A sub-user of an account: its keys may do what its policies allow, at first nothing."""

    user_id: int = 0
    uin: Code
    name: Lasting
    enabled: bool = True
    policies: tuple[int, ...] = ()
    created_at: datetime
    version: int = 1


class Project(Record, kw_only=True):
    """A group of an account's orders. Every account has project number 0, which is not stored."""

    project_id: int = 0
    uin: Code
    name: Lasting
    created_at: datetime
    version: int = 1
