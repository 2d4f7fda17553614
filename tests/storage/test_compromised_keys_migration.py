"""Keys that were blocked because others know them: their other certificates are seen to as well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from certdesk.domain.revocation import COMPROMISED
from certdesk.storage.columns import UtcTime
from tests.storage.before import Migrated, bring_to

THEN, LATER = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
KINDS: dict[type, sa.types.TypeEngine[Any]] = {
    bytes: sa.LargeBinary(),
    bool: sa.Boolean(),
    int: sa.Integer(),
    str: sa.Text(),
    datetime: UtcTime(),
}
KNOWN, WEAK = b"k" * 32, b"w" * 32
BEFORE: dict[str, list[dict[str, object]]] = {
    "blocked_keys": [
        {"spki_sha256": KNOWN, "reason": COMPROMISED, "created_at": THEN},
        {"spki_sha256": WEAK, "reason": "on a list", "created_at": THEN},
    ],
    "submissions": [
        {"certificate_id": its, "spki_sha256": key}
        | {
            "number": 1,
            "uin": "1",
            "submitted_at": THEN,
            "request_id": "r",
            "facts": "{}",
            "personal": b"",
            "csr": "",
            "key": "RSA 2048",
            "warnings": "[]",
            "inspected": True,
            "version": 1,
        }
        for its, key in (("known000", KNOWN), ("weak0000", WEAK))
    ],
    "tasks": [
        {
            "certificate_id": its,
            "uin": "1",
            "due_at": LATER,
            "failures": 0,
            "set_aside": False,
            "reason": "",
            "version": 1,
        }
        for its in ("known000", "weak0000")
    ],
}


def fill(connection: sa.Connection) -> None:
    """Bring a database to the eighteenth revision, and keys with their orders into it."""
    bring_to(connection, "0018")
    for name, rows in BEFORE.items():
        columns = [sa.column(field, _type(value)) for field, value in rows[0].items()]
        connection.execute(sa.insert(sa.table(name, *columns)), rows)


def _type(value: object) -> sa.types.TypeEngine[Any]:
    return KINDS[type(value)]


def test_orders_with_a_key_that_others_know_are_due(migrated: Migrated) -> None:
    """Those with a key that is blocked for another reason are not."""
    store = migrated(fill)
    keys = store.read(lambda unit: unit.blocked_keys.where())
    tasks = store.read(lambda unit: unit.tasks.where())
    assert {key.spki_sha256: (key.compromised, key.version) for key in keys} == {
        KNOWN: (True, 1),
        WEAK: (False, 1),
    }
    assert {task.certificate_id: task.due_at for task in tasks} == {
        "known000": THEN,
        "weak0000": LATER,
    }
