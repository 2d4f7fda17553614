"""Zones from before are changed as they were, with the keys that were sealed then."""

from __future__ import annotations

import random
from pathlib import Path

from sqlalchemy import Connection

from certdesk.domain.names import DomainName
from certdesk.domain.proof import ProofKind, new_challenge
from certdesk.ports import DnsProviders, Place
from certdesk.testing.records import MemoryRecords
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault
from tests.inside import NOON
from tests.storage.before import Migrated, bring_to
from tests.zones import SERVER, by_rfc2136

ZONE = """
INSERT INTO zones (uin, name, server, key_name, algorithm, secret, created_at, version)
VALUES ('1', 'example.com', '{server}', 'desk', 'hmac-sha256', {secret}, '2026-03-01 12:00:00', 3)
"""


def fill(connection: Connection, sealed: bytes) -> None:
    """Bring a database to the revision before, and a zone into it."""
    bring_to(connection, "0029")
    postgres = connection.dialect.name == "postgresql"
    secret = f"'\\x{sealed.hex()}'::bytea" if postgres else f"x'{sealed.hex()}'"
    connection.exec_driver_sql(ZONE.format(server=SERVER, secret=secret))


def test_a_zone_of_before_is_still_changed(migrated: Migrated, tmp_path: Path) -> None:
    """By its server and its key, whose secret opens as it was sealed."""
    kek = LocalKeyset.open(tmp_path / "kek.json", create=True)
    vault = TinkVault(kek, lambda _: keyset)
    keyset = vault.new_keyset("1")
    settings = by_rfc2136()
    sealed = vault.seal(settings.secret, Place("1", "zones", "example.com", "secret"))
    store = migrated(lambda connection: fill(connection, sealed))
    (zone,) = store.read(lambda unit: unit.zones.where())
    records = MemoryRecords()
    records.zones["example.com"] = settings
    rng = random.Random(1)  # noqa: S311 -- the same in every run
    challenge = new_challenge(DomainName.parse("example.com"), ProofKind.TXT, rng, NOON)
    DnsProviders(vault, (records,)).add(zone, challenge)
    assert records.values(challenge.record) == {challenge.value}
    assert (zone.uin, zone.name, zone.provider, zone.version) == ("1", "example.com", "rfc2136", 3)
