"""Certificate revocation lists: their content, and when the next one is due.

Sources: RFC 5280 chapter 5, CA/Browser Forum Baseline Requirements 4.9.7 and 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509

from certdesk.domain.pki import profile
from certdesk.domain.pki.records import RevokedCertificate
from certdesk.domain.values.record import Record
from certdesk.domain.values.revocation_reason import Reason

LASTS = timedelta(days=7) - timedelta(seconds=1)
"""How long a list is valid; with its first second it is seven days."""

RENEWED_AFTER = timedelta(hours=12)
"""How old a list may become before a new one is made."""


class Revoked(Record, kw_only=True):
    """A revoked certificate, with the time and the reason.

    If no reason was given, none is shown, and the CRL has none (7.2.2).
    """

    serial: int
    revoked_at: datetime
    reason: x509.ReasonFlags | None = None


class Edition(Record, kw_only=True):
    """One list of an authority to be made: its number and its time."""

    number: int
    made_at: datetime

    @property
    def next_at(self) -> datetime:
        """The time until which it is valid."""
        return self.made_at + LASTS


def next_edition(last: Edition | None, now: datetime) -> Edition:
    """Return the edition that follows.

    Numbers are the time in seconds, or the next number where that would not be more: so they grow
    even after an old backup was restored. Time does not go back from one list to the next.
    """
    at = now.replace(microsecond=0)
    seconds = int(at.timestamp())
    if last is None:
        return Edition(number=seconds, made_at=at)
    return Edition(number=max(seconds, last.number + 1), made_at=max(at, last.made_at))


def listed(revoked: Iterable[RevokedCertificate], last: Edition | None) -> list[Revoked]:
    """Return the entries of the list after `last`.

    An expired certificate is left out only if a list made after its end has had it (RFC 5280 3.3).
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
    """Return a list, ready to be signed."""
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
