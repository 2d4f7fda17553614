"""What the private CA publishes."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from certdesk.domain.values.record import Record


class Published(Record, kw_only=True):
    """An authority of the private CA: its certificate (DER), and where it and its CRL are fetched.

    A cross-signed root has no CRL of its own.
    """

    name: str
    certificate: bytes
    certificate_url: str
    crl_url: str | None


class OcspAnswer(Record, kw_only=True):
    """A response in DER; a `lasting` one is the same for every client, for some time."""

    der: bytes
    lasting: bool


class Pki(Protocol):
    """What the private CA publishes. Safe to use from several threads."""

    def prepare(self) -> None:
        """Make the authorities that every desk has, and their CRLs; takes seconds."""
        ...

    def authorities(self) -> list[Published]:
        """Return all authorities, roots first."""
        ...

    def certificate(self, name: str) -> bytes | None:
        """Return an authority's certificate in DER, None if there is no authority of that name."""
        ...

    def crl(self, name: str) -> bytes | None:
        """Return an authority's newest CRL in DER, which is valid for some days.

        None if there is no such authority, or it has no CRL of its own.
        """
        ...

    def hand_over(self) -> None:
        """Make the next issuing authority if the present one ends soon; that takes seconds.

        Certificates of the earlier authority stay valid, and it continues to publish revocations.
        """
        ...

    def faults(self) -> list[str]:
        """Return in plain words what keeps the CA from signing or being trusted, if anything."""
        ...

    def first_end(self) -> datetime | None:
        """Return when the first of the authorities ends; those that others follow do not count."""
        ...

    def first_list_end(self) -> datetime | None:
        """Return when the first of the newest CRLs ends, of authorities that have not ended."""
        ...

    def renew_lists(self) -> None:
        """Make new CRLs of the authorities whose last one is half a day old or not complete."""
        ...

    def ocsp(self, request: bytes) -> OcspAnswer:
        """Answer a request of the Online Certificate Status Protocol, whatever its bytes are."""
        ...
