"""Certificate revocation lists: what stands in one, and when the next is due.

Sources: RFC 5280 chapter 5, CA/Browser Forum Baseline Requirements 4.9.7 and 7.2.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509

from certdesk.domain.pki import profile
from certdesk.domain.pki.records import RevokedCertificate
from certdesk.domain.values.revocation_reason import Reason

LASTS = timedelta(days=7) - timedelta(seconds=1)
"""How long a list is good; with its first second it is seven days."""

RENEWED_AFTER = timedelta(hours=12)
"""How old a list may become before there is a new one."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A certificate that is not to be trusted any more, since when and why.

    No reason is told where none was given, and none is written then (7.2.2).
    """

    serial: int
    revoked_at: datetime
    reason: x509.ReasonFlags | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One list of an authority to be: its number and the time that it is made."""

    number: int
    made_at: datetime

    @property
    def next_at(self) -> datetime:
        """Until when it is good."""
        return self.made_at + LASTS


def next_edition(last: Edition | None, now: datetime) -> Edition:
    """Give the edition that follows.

    Numbers are the time in seconds, or the next where that would not be more: after an old
    backup was restored they still grow. Time does not go back from one list to the next.
    """
    at = now.replace(microsecond=0)
    seconds = int(at.timestamp())
    if last is None:
        return Edition(number=seconds, made_at=at)
    return Edition(number=max(seconds, last.number + 1), made_at=max(at, last.made_at))


def listed(revoked: Iterable[RevokedCertificate], last: Edition | None) -> list[Revoked]:
    """Give what the list after `last` has to hold.

    A certificate that has ended is left out when a list made after its end has had it (RFC 5280
    3.3), and no other.
    """
    return [
        Revoked(
            serial=int(each.serial, 16),
            revoked_at=each.revoked_at,
            reason=Reason(each.reason).flag,
        )
        for each in revoked
        if last is None or each.ends_at >= last.made_at
    ]


def builder(
    edition: Edition, signer: x509.Certificate, revoked: Iterable[Revoked]
) -> x509.CertificateRevocationListBuilder:
    """Write a list, ready to be signed."""
    written = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signer.subject)
        .last_update(edition.made_at)
        .next_update(edition.next_at)
        .add_extension(profile.key_identifier(signer), critical=False)
        .add_extension(x509.CRLNumber(edition.number), critical=False)
    )
    for each in revoked:
        written = written.add_revoked_certificate(_entry(each))
    return written


def _entry(revoked: Revoked) -> x509.RevokedCertificate:
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(revoked.serial)
        .revocation_date(revoked.revoked_at)
    )
    if revoked.reason is not None and revoked.reason is not x509.ReasonFlags.unspecified:
        entry = entry.add_extension(x509.CRLReason(revoked.reason), critical=False)
    return entry.build()
