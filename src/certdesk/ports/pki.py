"""What the private CA shows to the world."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An authority of the private CA: its certificate (DER), and where it and its CRL are fetched.

    A cross-signed root has no CRL of its own.
    """

    name: str
    certificate: bytes
    certificate_url: str
    crl_url: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """A response in DER; one that is `lasting` says the same to whoever asks, for some time."""

    der: bytes
    lasting: bool


class Pki(Protocol):
    """What the private CA shows to the world. Safe to use from several threads."""

    def prepare(self) -> None:
        """Make the authorities that every desk has, and their CRLs; takes seconds."""
        ...

    def authorities(self) -> list[Published]:
        """Give the authorities that there are, roots first."""
        ...

    def certificate(self, name: str) -> bytes | None:
        """Give an authority's certificate in DER, None where there is none of that name."""
        ...

    def crl(self, name: str) -> bytes | None:
        """Give an authority's newest CRL in DER, which is good for some days.

        None where there is no such authority, or it has no CRL of its own.
        """
        ...

    def hand_over(self) -> None:
        """Make the next issuing authority where the present one ends soon; that takes seconds.

        What the earlier one has signed stays good, and it goes on to tell what is revoked.
        """
        ...

    def faults(self) -> list[str]:
        """Tell in plain words what keeps the CA from signing or being believed, if anything."""
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
