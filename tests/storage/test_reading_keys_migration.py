"""Policies from before there was `ssl:ReadPrivateKey` go on to mean what they meant."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.storage.before import Migrated, bring_to

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
    bring_to(connection, "0009")
    for number, (name, actions) in enumerate(BEFORE.items(), 1):
        listed = '["' + '","'.join(actions) + '"]'
        connection.exec_driver_sql(
            POLICY.format(number=number, name=name, actions=listed).replace("%", "%%")
        )


def test_what_spoke_of_downloads_speaks_of_reading_keys(migrated: Migrated) -> None:
    """Above all denials, which would otherwise have hidden keys only until then."""
    store = migrated(fill)
    kept = store.read(lambda unit: unit.policies.where(uin="1"))
    assert {policy.name: list(policy.actions) for policy in kept} == {
        name: [*actions, "ssl:ReadPrivateKey"] if name in ADDED else actions
        for name, actions in BEFORE.items()
    }
