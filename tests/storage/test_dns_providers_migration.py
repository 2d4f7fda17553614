"""Zones from before are changed as they were, with the keys that were sealed then."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from certdesk.domain.names import DomainName
from certdesk.domain.proof import ProofKind, new_challenge
from certdesk.ports import DnsProviders, Place, Store
from certdesk.storage.postgres import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from certdesk.testing.records import MemoryRecords
from certdesk.vault.local_keyset import LocalKeyset
from certdesk.vault.tink_vault import TinkVault
from tests.inside import NOON
from tests.storage.test_lists_migration import postgres_before, sqlite_before
from tests.zones import SERVER, by_rfc2136

ZONE = """
INSERT INTO zones (uin, name, server, key_name, algorithm, secret, created_at, version)
VALUES ('1', 'example.com', '{server}', 'desk', 'hmac-sha256', {secret}, '2026-03-01 12:00:00', 3)
"""


def fill(connection: Connection, sealed: bytes) -> None:
    """Bring a database to the revision before, and a zone into it."""
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0028")
    postgres = connection.dialect.name == "postgresql"
    secret = f"'\\x{sealed.hex()}'::bytea" if postgres else f"x'{sealed.hex()}'"
    connection.exec_driver_sql(ZONE.format(server=SERVER, secret=secret))


@pytest.mark.parametrize(
    "adapter", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]
)
def test_a_zone_of_before_is_still_changed(
    adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """By its server and its key, whose secret opens as it was sealed."""
    kek = LocalKeyset.open(tmp_path / "kek.json", create=True)
    vault = TinkVault(kek, lambda _: keyset)
    keyset = vault.new_keyset("1")
    settings = by_rfc2136()
    sealed = vault.seal(settings.secret, Place("1", "zones", "example.com", "secret"))
    store: Store
    if adapter == "sqlite":
        with sqlite_before(tmp_path / "desk.db") as connection:
            fill(connection, sealed)
        store = SqliteStore.open(tmp_path / "desk.db")
    else:
        url = request.getfixturevalue("postgres").database()
        with postgres_before(url.replace("postgresql:", "postgresql+psycopg:")) as connection:
            fill(connection, sealed)
        store = PostgresStore.open(url, rng=random.SystemRandom())
    with closing(store):
        (zone,) = store.read(lambda unit: unit.zones.where())
    records = MemoryRecords()
    records.zones["example.com"] = settings
    rng = random.Random(1)  # noqa: S311 -- the same in every run
    challenge = new_challenge(DomainName.parse("example.com"), ProofKind.TXT, rng, NOON)
    DnsProviders(vault, (records,)).add(zone, challenge)
    assert records.values(challenge.record) == {challenge.value}
    assert (zone.uin, zone.name, zone.provider, zone.version) == ("1", "example.com", "rfc2136", 3)
