"""A CA that issues for the desk."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.issuing import IssueRequest, Progress, Recorded
from certdesk.domain.records import Certificate
from certdesk.domain.revocation import Reason


class Issuer(Protocol):
    """A CA that issues for the desk. Safe to use from several threads."""

    @property
    def name(self) -> str:
        """The name by which records and the log speak of it."""
        ...

    def proceed(self, request: IssueRequest, recorded: Recorded | None) -> Progress:
        """Take the next step of issuing and tell how far it has come.

        `recorded` is the last one of this order and attempt, None at first. The
        caller keeps a `Recorded` durably before it asks again, so that after a crash the same
        step is taken again with the same outcome, and never another certificate is begun.
        """
        ...

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Take back a certificate that it issued; when this returns the world can know.

        What was taken back stays so, for the first reason that was given.

        Raises:
            LookupError: it did not issue that certificate.
        """
        ...
