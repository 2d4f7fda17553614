"""The CRLs of the private CA: kept in the store, the newest one of each authority."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.pki.authority import own_hash
from certdesk.domain.pki.crl import RENEWED_AFTER, Edition, Revoked, builder, listed, next_edition
from certdesk.domain.pki.records import Authority, RevocationList
from certdesk.issuers.hierarchy import Hierarchy
from certdesk.ports import Clock, Stale, Store, Taken, Unit


class RevocationLists:
    """The CRLs of the existing authorities."""

    def __init__(self, store: Store, clock: Clock, hierarchy: Hierarchy) -> None:
        """Create nothing yet."""
        self._store = store
        self._clock = clock
        self._hierarchy = hierarchy

    def current(self, name: str) -> bytes | None:
        """Return an authority's newest CRL in DER; make one now if none is complete.

        None if there is no such authority, or it signs nothing itself.
        """
        authority = self._hierarchy.find(name)
        if authority is None or authority.private_key is None:
            return None
        last, revoked = self._store.read(functools.partial(_last, name))
        while last is None or self._old(last) or last.revoked != revoked:
            # Another process may have been faster with a list, and it may be complete.
            with contextlib.suppress(Taken, Stale):
                self._renew(authority, last)
            last, revoked = self._store.read(functools.partial(_last, name))
        return last.crl

    def renew(self) -> None:
        """Make a new CRL for each authority whose last one is old or incomplete.

        An authority that has ended needs none: nothing it signed lasts longer.
        """
        for authority in self._hierarchy.made():
            if not self._ended(authority):
                self.current(authority.name)

    def fault_of(self, authority: Authority) -> str | None:
        """Return a fault text if an authority's newest CRL has ended."""
        end = self.end_of(authority)
        if end is None or self._clock.now() <= end:
            return None
        return f"the CRL of {authority.name} ended at {end:%Y-%m-%d %H:%M:%S} UTC"

    def end_of(self, authority: Authority) -> datetime | None:
        """Return when an authority's newest CRL ends; None if the authority itself has ended."""
        last = self._store.read(lambda unit: unit.revocation_lists.get(authority.name))
        return None if last is None or self._ended(authority) else last.next_at

    def _ended(self, authority: Authority) -> bool:
        ends = self._hierarchy.certificate(authority.name).not_valid_after_utc
        return ends < self._clock.now()

    def _old(self, last: RevocationList) -> bool:
        return self._clock.now() - last.made_at >= RENEWED_AFTER

    def _renew(self, authority: Authority, last: RevocationList | None) -> None:
        revoked = self._store.read(
            lambda unit: unit.revoked_certificates.where(authority=authority.name)
        )
        before = Edition(number=last.number, made_at=last.made_at) if last else None
        edition = next_edition(before, self._clock.now())
        made = RevocationList(
            authority=authority.name,
            number=edition.number,
            crl=self._signed(authority, edition, listed(revoked, before)),
            made_at=edition.made_at,
            next_at=edition.next_at,
            revoked=len(revoked),
            version=last.version if last else 1,
        )

        def keep(unit: Unit) -> None:
            lists = unit.revocation_lists
            if last is None:
                lists.add(made)
            else:
                lists.replace(made)

        self._store.write(keep)

    def _signed(self, authority: Authority, edition: Edition, revoked: Iterable[Revoked]) -> bytes:
        certificate = x509.load_der_x509_certificate(authority.certificate)
        key = self._hierarchy.key(authority.name)
        written = builder(edition, certificate, revoked)
        return written.sign(key, own_hash(key.public_key())).public_bytes(Encoding.DER)


def _last(name: str, unit: Unit) -> tuple[RevocationList | None, int]:
    """Read an authority's newest list, and how many of its certificates are revoked now."""
    return unit.revocation_lists.get(name), unit.revoked_certificates.count(authority=name)
