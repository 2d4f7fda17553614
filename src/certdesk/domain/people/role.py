"""What somebody is to the desk; each action declares for which roles it is."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """What a caller is to the desk."""

    NOBODY = "nobody"
    """Somebody who has not signed in."""

    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    """Somebody who sees the desk's work, with personal data masked, and changes nothing."""

    USER = "user"
    """An account or one of its users, bound by the user's policies."""

    DESK = "desk"
    """The desk itself, which acts for an account."""


STAFF = (Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)
"""The roles of people who work for the desk."""

OPERATORS = (Role.OPERATOR,)
REVIEWERS = (Role.OPERATOR, Role.REVIEWER)
AUDITORS = (Role.OPERATOR, Role.AUDITOR)
"""The roles that see people and the audit log."""

ACCOUNTS = (Role.USER, Role.DESK)
EVERYBODY_SIGNED_IN = (*STAFF, Role.USER)
"""The roles of everybody who may sign in."""
