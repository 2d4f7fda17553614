"""Who may do what: policies of sub-users, where a denial wins and silence allows nothing.

A policy names actions by pattern (`ssl:Describe*`), and the certificates and projects in which it
holds by their ids; `*` is all of them. The account's own keys are bound by none.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from certdesk.domain.values.free_text import Code, Lasting

ALLOW, DENY = "allow", "deny"
EVERY = "*"
EVERYTHING = (EVERY,)

READ_KEY = "ssl:ReadPrivateKey"
"""What a caller has to be allowed to be given a private key, whichever action gives it."""

READ_PERSONAL = "ssl:ReadPersonalData"
"""What a caller has to be allowed to see telephone numbers of an order's material in full."""

NO_CERTIFICATE = ""
"""The id of an order that is yet to be made: no policy names it, only `*` has it."""


class Refused(enum.IntEnum):
    """What about a thing is not allowed, if anything; the greater says more."""

    NOTHING = 0
    CERTIFICATE = 1
    PROJECT = 2
    ACTION = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
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
        """Whether it speaks of an action such as `ssl:DescribeCertificates`."""
        return any(fits(pattern, permission) for pattern in self.actions)

    def names_certificate(self, certificate_id: str) -> bool:
        """Whether it speaks of a certificate."""
        return EVERY in self.certificates or certificate_id in self.certificates

    def names_project(self, project: str) -> bool:
        """Whether it speaks of a project, by its number as text."""
        return EVERY in self.projects or project in self.projects

    def names(self, certificate_id: str, project: str) -> bool:
        """Whether it speaks of a certificate in a project."""
        return self.names_certificate(certificate_id) and self.names_project(project)

    def names_any(self, certificate_ids: Collection[str], projects: Collection[str]) -> bool:
        """Whether it speaks of one of these certificates in one of these projects."""
        return any(map(self.names_certificate, certificate_ids)) and any(
            map(self.names_project, projects)
        )

    @property
    def unlimited(self) -> bool:
        """Whether it speaks of all certificates in all projects."""
        return EVERY in self.certificates and EVERY in self.projects


@dataclasses.dataclass(frozen=True, slots=True)
class Grants:
    """All that binds a caller: the policies of its user, or none for the account itself."""

    policies: tuple[Policy, ...] | None = None

    @classmethod
    def chosen(cls, policies: Iterable[Policy], only: tuple[int, ...]) -> Grants:
        """Bind by a user's policies; where `only` names some, without its other allowances."""
        return cls(
            tuple(
                policy
                for policy in policies
                if not only or policy.effect == DENY or policy.policy_id in only
            )
        )

    def permits(self, permission: str) -> bool:
        """Whether the action is allowed for any order at all, one that is yet to be made included.

        An allowance may be eaten up by denials: each is tried with what the denials name, and
        with an order that none of them names.
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

        This is what an action needs that is about none of them. A denial counts if it is for all
        of them, too.
        """
        if self.policies is None:
            return True
        denied = any(denial.unlimited for denial in self._of(DENY, permission))
        return not denied and any(policy.unlimited for policy in self._of(ALLOW, permission))

    def selects(self, permission: str) -> bool:
        """Whether the action may be allowed for some orders and refused for others.

        Where it is not, a list need not look at each order.
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
        """Tell what forbids the action on a certificate in a project, if anything does.

        A denial that names one of its `origins` holds for it too. The action has to be allowed in
        its project and in each of its `homes`. `domain/orders/derivation.py` says which these are.
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
        """Tell which denial there is of an action, if any, whether it is allowed or not."""
        projects = tuple(map(str, (project_id, *homes)))
        denied = (
            _by(denial)
            for denial in self._of(DENY, permission)
            if denial.names_any((certificate_id, *origins), projects)
        )
        return max(denied, default=Refused.NOTHING)

    def denied_certificates(self, permission: str) -> frozenset[str]:
        """Give the ids of the certificates for which a denial of the action was written."""
        return frozenset(
            certificate_id
            for denial in self._of(DENY, permission)
            for certificate_id in denial.certificates
            if certificate_id != EVERY
        )

    def _missing(self, permission: str, certificate_id: str, project: str) -> Refused:
        """Tell what the allowances lack, of the one that comes nearest."""
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
"""What binds an account itself: nothing."""


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern says: `*` stands for any text, the rest for itself."""
    first, *others = pattern.split(EVERY)
    if not others:
        return pattern == text
    *between, last = others
    rest = text.removeprefix(first)
    if not text.startswith(first) or not rest.endswith(last):
        return False
    rest = rest[: len(rest) - len(last)]
    # Each part where it comes first: a regular expression would try all the other places too.
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
    """Give ids that an allowance names; of all there can be, one that no denial names first."""
    if EVERY not in allowed:
        yield from allowed
        return
    yield NO_CERTIFICATE
    for names in denied:
        yield from (name for name in names if name != EVERY)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A sub-user of an account: its keys may do what its policies allow, at first nothing."""

    user_id: int = 0
    uin: Code
    name: Lasting
    enabled: bool = True
    policies: tuple[int, ...] = ()
    created_at: datetime
    version: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A group of an account's orders; number 0, which every account has, is not kept."""

    project_id: int = 0
    uin: Code
    name: Lasting
    created_at: datetime
    version: int = 1
