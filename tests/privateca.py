"""A private CA on a store in memory, with a vault and a clock of its own."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certdesk.domain.pki.authority import Identity
from certdesk.issuers.hierarchy import Dependencies, Hierarchy
from certdesk.issuers.private_ca import PrivateCa
from certdesk.issuers.publication import Publication
from certdesk.issuers.responder import Responder
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import DESK
from certdesk.settings import Settings
from certdesk.testing.clock import ManualClock
from certdesk.testing.store import MemoryStore
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault

BASE = "http://ca.example.com"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DESK_IDENTITY = Identity(organisation="Example Trust", country="GB")
SANDBOX_IDENTITY = Identity(organisation="certdesk sandbox", country="XX", sandbox=True)


class PrivateCaParts:
    """All parts of a private CA, as a process that has just started makes them."""

    def __init__(self, world: Dependencies, identity: Identity, own_days: int = 0) -> None:
        """Put them together."""
        self.hierarchy = Hierarchy(world, identity, timedelta(days=Settings().ca_overlap_days))
        self.lists = RevocationLists(world.store, world.clock, self.hierarchy)
        self.issuer = PrivateCa(world, self.hierarchy, own_days)
        self.responder = Responder(world, self.hierarchy)
        self.pki = self.issuer.pki


class InsideCa:
    """A private CA of which every part is real but the store and the clock."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: ManualClock | None = None,
        identity: Identity = DESK_IDENTITY,
        own_days: int = 0,
    ) -> None:
        """Keep the key-encryption key in `folder`; make nothing."""
        self.clock = clock or ManualClock(NOON)
        self.store = MemoryStore()
        self.vault = TinkVault(LocalKeyset.open(folder / "kek.json", create=True), self._keyset)
        self._own_keyset = self.vault.new_keyset(DESK)
        self.identity = identity
        self.own_days = own_days
        self.parts = self.started()

    @property
    def issuer(self) -> PrivateCa:
        """What issues."""
        return self.parts.issuer

    @property
    def pki(self) -> Publication:
        """What shows certificates and CRLs."""
        return self.parts.pki

    def started(self, base: str = BASE) -> PrivateCaParts:
        """Begin anew on what is kept, as a process does that has just started at an address."""
        world = Dependencies(
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            rng=random.SystemRandom(),
            urls=PublicUrls(base),
        )
        return PrivateCaParts(world, self.identity, self.own_days)

    def _keyset(self, uin: str) -> bytes | None:
        return self._own_keyset if uin == DESK else None
