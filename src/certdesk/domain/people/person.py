"""People who sign in to the console, and their roles (docs/adr/0040-console.md)."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """What a person is to the desk."""

    NOBODY = "nobody"
    """Who has not signed in."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    """Who sees the desk's work, personal data masked, and changes nothing."""

    USER = "user"
    """A user of an account, bound by its policies."""


STAFF = frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUDITOR})
