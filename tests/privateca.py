"""A private CA on a store in memory, with a vault and a clock of its own."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from certdesk.domain.authority import Identity
from certdesk.issuers.hierarchy import Hierarchy, Surroundings
from certdesk.issuers.private_ca import PrivateCa
from certdesk.issuers.publication import Publication
from certdesk.issuers.revocation_lists import RevocationLists
from certdesk.issuers.urls import PublicUrls
from certdesk.ports import DESK, Store
from certdesk.testing.clock import ManualClock
from certdesk.testing.store import MemoryStore
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault

BASE = "http://ca.example.com"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DESK_IDENTITY = Identity(organisation="Example Trust", country="GB")
SANDBOX_IDENTITY = Identity(organisation="certdesk sandbox", country="XX", sandbox=True)


class InsideCa:
    """Every part real but the store and the clock."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: ManualClock | None = None,
        identity: Identity = DESK_IDENTITY,
        own_days: int = 0,
        base: str = BASE,
    ) -> None:
        """Keep the key-encryption key in `folder`; make nothing."""
        self.clock = clock or ManualClock(NOON)
        self.store: Store = MemoryStore()
        vault = TinkVault(LocalKeyset.open(folder / "kek.json", create=True), self._keyset)
        self._own_keyset = vault.new_keyset(DESK)
        self.world = Surroundings(
            store=self.store,
            vault=vault,
            clock=self.clock,
            rng=random.SystemRandom(),
            urls=PublicUrls(base),
        )
        self.identity = identity
        self.own_days = own_days
        self.start()

    def start(self) -> None:
        """Begin anew on what is kept, as a process does that has just started."""
        self.hierarchy = Hierarchy(self.world, self.identity)
        self.issuer = PrivateCa(self.world, self.hierarchy, self.own_days)
        self.lists = RevocationLists(self.store, self.clock, self.hierarchy)
        self.pki = Publication(self.hierarchy, self.lists, self.world.urls)

    def _keyset(self, uin: str) -> bytes | None:
        return self._own_keyset if uin == DESK else None
