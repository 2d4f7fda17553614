"""The hashing of passwords."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.values.secret import Secret


class HashesBusy(Exception):
    """Too many passwords wait to be hashed; nothing was checked."""


class PasswordHasher(Protocol):
    """Hashes passwords slowly, a few at a time. Safe to use from several threads."""

    def hash(self, password: Secret) -> Secret:
        """Return the hash of a new password.

        Raises:
            HashesBusy: too many others wait.
        """
        ...

    def fits(self, password: Secret, hashed: Secret | None) -> bool:
        """Return whether a password has this hash; with None do the same work, and return False.

        Raises:
            HashesBusy: too many others wait.
        """
        ...
