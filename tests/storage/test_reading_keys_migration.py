"""Policies from before there was `ssl:ReadPrivateKey` go on to mean what they meant."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from certdesk.ports import Store
from certdesk.storage.postgres import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from tests.storage.test_lists_migration import postgres_before, sqlite_before

BEFORE = {
    "everything": ["*"],
    "the service": ["ssl:*"],
    "downloads": ["ssl:DownloadCertificate"],
    "looks and downloads": ["ssl:Describe*", "ssl:Down*"],
    "looks": ["ssl:Describe*", "ssl:DescribeDownloadCertificateUrl"],
}
ADDED = {"downloads", "looks and downloads"}
POLICY = """
INSERT INTO policies
  (policy_id, uin, name, effect, actions, certificates, projects, created_at, version)
VALUES ({number}, '1', '{name}', 'deny', '{actions}', '["*"]', '["*"]',
  '2026-03-01 12:00:00+00:00', 1)
"""


def fill(connection: Connection) -> None:
    """Bring a database to the ninth revision, and policies into it."""
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0009")
    for number, (name, actions) in enumerate(BEFORE.items(), 1):
        listed = '["' + '","'.join(actions) + '"]'
        connection.exec_driver_sql(
            POLICY.format(number=number, name=name, actions=listed).replace("%", "%%")
        )


@pytest.mark.parametrize(
    "adapter", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]
)
def test_what_spoke_of_downloads_speaks_of_reading_keys(
    adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Above all denials, which would otherwise have hidden keys only until then."""
    store: Store
    if adapter == "sqlite":
        with sqlite_before(tmp_path / "desk.db") as connection:
            fill(connection)
        store = SqliteStore.open(tmp_path / "desk.db")
    else:
        url = request.getfixturevalue("postgres").database()
        with postgres_before(url.replace("postgresql:", "postgresql+psycopg:")) as connection:
            fill(connection)
        store = PostgresStore.open(url, rng=random.SystemRandom())
    with closing(store):
        kept = store.read(lambda unit: unit.policies.where(uin="1"))
    assert {policy.name: list(policy.actions) for policy in kept} == {
        name: [*actions, "ssl:ReadPrivateKey"] if name in ADDED else actions
        for name, actions in BEFORE.items()
    }
