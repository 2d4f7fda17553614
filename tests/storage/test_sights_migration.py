"""Blocks of before count for everybody; who approved before is no user of the system."""

from __future__ import annotations

import sqlalchemy as sa

from certdesk.domain.records import EVERYBODY
from tests.storage.before import Migrated, bring_to

BEFORE = "0024"
KEY = b"k" * 32
ROWS = (
    (
        "INSERT INTO reviews (subject, uin, kind, since, attempt, asked_by, approvals, decided_at, "
        "verdict, reason, version) VALUES "
        "('order:waiting0', '1', 'order', :at, 1, 'x', '[[\"ann\",\"t\"]]', NULL, NULL, '', 1), "
        "('order:decided0', '1', 'order', :at, 1, 'x', '[[\"ann\",\"t\"],[\"ben\",\"u\"]]', :at, "
        "'approved', '', 1)"
    ),
    (
        "INSERT INTO blocked_keys (spki_sha256, reason, created_at, compromised, version) "
        "VALUES (:key, 'on a list', :at, true, 3)"
    ),
)


def fill(connection: sa.Connection) -> None:
    """Bring a database to the revision before, with two reviews and a blocked key."""
    bring_to(connection, BEFORE)
    for row in ROWS:
        connection.execute(sa.text(row), {"at": "2026-03-01 12:00:00", "key": KEY})


def test_approvals_and_blocks_of_before_are_kept_for_what_they_are(migrated: Migrated) -> None:
    """A review that waits for a second person begins anew; a decided one tells who approved it."""
    store = migrated(fill)
    reviews = store.read(lambda unit: unit.reviews.where())
    blocked = store.read(lambda unit: unit.blocked_keys.where())
    assert {each.subject: each.approvals for each in reviews} == {
        "order:waiting0": (),
        "order:decided0": (("ann", "t", ""), ("ben", "u", "")),
    }
    (key,) = blocked
    assert (key.spki_sha256, key.uin, key.compromised, key.version) == (KEY, EVERYBODY, True, 3)
