"""Keys that were blocked because others know them: their other certificates are seen to as well."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from certdesk.domain.revocation import COMPROMISED
from certdesk.ports import Store
from certdesk.storage.columns import UtcTime
from certdesk.storage.postgres import PostgresStore
from certdesk.storage.sqlite import SqliteStore
from tests.storage.test_lists_migration import postgres_before, sqlite_before

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
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0018")
    for name, rows in BEFORE.items():
        columns = [sa.column(field, _type(value)) for field, value in rows[0].items()]
        connection.execute(sa.insert(sa.table(name, *columns)), rows)


def _type(value: object) -> sa.types.TypeEngine[Any]:
    return KINDS[type(value)]


@pytest.mark.parametrize(
    "adapter", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgres"))]
)
def test_orders_with_a_key_that_others_know_are_due(
    adapter: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Those with a key that is blocked for another reason are not."""
    store: Store
    if adapter == "sqlite":
        with sqlite_before(tmp_path / "desk.db") as connection:
            fill(connection)
        store = SqliteStore.open(tmp_path / "desk.db")
    else:
        url = request.getfixturevalue("postgres").database()
        with postgres_before(url.replace("postgresql:", "postgresql+psycopg:")) as connection:
            fill(connection)
        store = PostgresStore.open(url, rng=SystemRandom())
    with closing(store):
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
