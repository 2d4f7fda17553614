"""Looks at the world for proofs and CAA records, and adds records for them."""

from __future__ import annotations

from typing import Protocol

from certdesk.domain.names import DomainName
from certdesk.domain.proof import CaaFinding, Challenge, Finding, ProofKind
from certdesk.domain.zones import OpenZone


class Prover(Protocol):
    """Looks for the proofs of one kind, from outside. Safe to use from several threads."""

    def look(self, challenge: Challenge) -> Finding:
        """Look once, within 20 seconds.

        Whatever the world answers is a finding; nothing but a bug raises.
        """
        ...


class UpdateFailed(Exception):
    """A zone was not changed, or nobody knows whether it was; the text says why in plain words."""


class RecordKeeper(Protocol):
    """Adds the records of proofs by DNS to zones. Safe to use from several threads.

    Each call takes 5 seconds at most, and may be made again: the outcome is the same.
    """

    def add(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the challenge's record in the zone, beside whatever else is there.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...

    def remove(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the challenge's record in the zone no more, and leave others at its name alone.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...


class CaaChecker(Protocol):
    """Asks whether CAA records let this desk issue. Safe to use from several threads."""

    def look(self, name: DomainName, kind: ProofKind) -> CaaFinding:
        """Look once, within 20 seconds; whatever is not a sure permission refuses.

        `kind` is how control of the name was proved, which records may ask for (RFC 8657).
        """
        ...
