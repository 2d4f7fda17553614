"""Looks at the world for proofs and CAA records."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.validation.caa import CaaIdentity
from certdesk.domain.validation.challenge import CaaFinding, Challenge, Finding, ProofKind
from certdesk.domain.values.names import DomainName


class Validator(Protocol):
    """Looks for the proofs of one kind, from outside. Safe to use from several threads."""

    def look(self, challenge: Challenge) -> Finding:
        """Look once, within 20 seconds.

        Whatever the world answers is a finding; nothing but a bug raises.
        """
        ...


class CaaChecker(Protocol):
    """Asks whether CAA records let an issuer issue. Safe to use from several threads."""

    def look(self, name: DomainName, kind: ProofKind, identity: CaaIdentity) -> CaaFinding:
        """Look once, within 20 seconds; whatever is not a sure permission refuses.

        `kind` is how control of the name was proved, which records may ask for (RFC 8657), and
        `identity` the issuer's.
        """
        ...
