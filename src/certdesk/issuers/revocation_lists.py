"""The CRLs of the private CA: kept in the store, the newest one of each authority."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certdesk.domain.authority import own_hash
from certdesk.domain.crl import RENEWED_AFTER, Edition, Revoked, builder, next_edition
from certdesk.domain.records import Authority, RevocationList
from certdesk.issuers.hierarchy import Hierarchy
from certdesk.ports import Clock, Stale, Store, Taken, Unit


class RevocationLists:
    """Makes CRLs of the authorities that there are."""

    def __init__(self, store: Store, clock: Clock, hierarchy: Hierarchy) -> None:
        """Make nothing yet."""
        self._store = store
        self._clock = clock
        self._hierarchy = hierarchy

    def current(self, name: str) -> bytes | None:
        """Give an authority's newest CRL in DER, made now where there is none or it is old.

        None where there is no such authority, or it signs nothing itself.
        """
        authority = self._hierarchy.find(name)
        if authority is None or authority.private_key is None:
            return None
        last = self._store.read(lambda unit: unit.revocation_lists.get(name))
        if last is None or self._clock.now() - last.made_at >= RENEWED_AFTER:
            last = self._renew(authority, last)
        return last.crl

    def renew(self) -> None:
        """Make a new CRL for each authority whose last one is old."""
        for authority in self._hierarchy.made():
            self.current(authority.name)

    def _renew(self, authority: Authority, last: RevocationList | None) -> RevocationList:
        before = Edition(number=last.number, made_at=last.made_at) if last else None
        edition = next_edition(before, self._clock.now())
        made = RevocationList(
            authority=authority.name,
            number=edition.number,
            crl=self._signed(authority, edition),
            made_at=edition.made_at,
            next_at=edition.next_at,
            version=last.version if last else 1,
        )

        def keep(unit: Unit) -> RevocationList:
            lists = unit.revocation_lists
            return lists.add(made) if last is None else lists.replace(made)

        try:
            return self._store.write(keep)
        except (Taken, Stale):
            # Another process was first, and its list is as new.
            found = self._store.read(lambda unit: unit.revocation_lists.get(authority.name))
            assert found is not None  # noqa: S101 -- lists are never removed
            return found

    def _signed(self, authority: Authority, edition: Edition) -> bytes:
        certificate = x509.load_der_x509_certificate(authority.certificate)
        key = self._hierarchy.key(authority.name)
        written = builder(edition, certificate, _revoked())
        return written.sign(key, own_hash(key.public_key())).public_bytes(Encoding.DER)


def _revoked() -> tuple[Revoked, ...]:
    """Give what the lists hold: nothing can be revoked yet."""
    return ()
