"""The checks for proofs and of CAA records in the outside world."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, Challenge, Finding, ProofKind
from certdesk.domain.values.names import DomainName


class Validator(Protocol):
    """Checks for the proofs of one kind, from outside. Safe to use from several threads."""

    def validate(self, challenge: Challenge) -> Finding:
        """Check once, within 20 seconds.

        Any answer is a finding; only a bug raises.
        """
        ...


class CaaChecker(Protocol):
    """Checks whether CAA records let an issuer issue. Safe to use from several threads."""

    def check(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Check once, within 20 seconds; anything but a definite permission refuses.

        `kind` is how control of the name was proved, which records may ask for (RFC 8657), and
        `identity` is the issuer's.
        """
        ...
