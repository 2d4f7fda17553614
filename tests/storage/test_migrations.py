from __future__ import annotations

import dataclasses
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from certdesk.domain.account import AccessKey, Account
from certdesk.domain.listing import OrderPage, OrderQuery
from certdesk.domain.order import Order, Status
from certdesk.domain.records import Mark
from certdesk.storage.migrate import SchemaUnknown, migrate
from certdesk.storage.schema import metadata
from certdesk.storage.session import Library, Session, Sessions
from certdesk.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certdesk.ports import Unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROCESSES = Path(__file__).with_name("processes.py")


@contextmanager
def transaction(database: Path, end: str = "COMMIT") -> Iterator[Session]:
    """Work on a database in a transaction."""
    session = Sessions(database, Library.find(), 1).writer()
    with closing(session.connection):
        session.run("BEGIN IMMEDIATE")
        yield session
        session.run(end)


def migrate_to(session: Session, revision: str) -> None:
    """Bring a database to the schema of an older version."""
    config = Config()
    config.set_main_option("script_location", "certdesk.storage:migrations")
    config.attributes["connection"] = session.connection
    command.upgrade(config, revision)


def is_declared(name: str | None, kind: str, _: object) -> bool:
    """Leave out the tables of the index of words, which SQLite makes for itself."""
    return kind != "table" or name is None or not name.startswith("order_words")


def tables(database: Path) -> set[str]:
    """Give the names of a database's tables, those of the index of words aside."""
    with transaction(database) as session:
        names = set(inspect(session.connection).get_table_names()) - {"sqlite_sequence"}
        return {name for name in names if not name.startswith("order_words_")}


def test_migrations_make_the_schema_that_is_declared(tmp_path: Path) -> None:
    """A field without its migration, or the other way round, is found here."""
    SqliteStore.open(tmp_path / "desk.db").close()

    with transaction(tmp_path / "desk.db") as session:
        context = MigrationContext.configure(
            session.connection, opts={"compare_type": True, "include_name": is_declared}
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_migrations_number_what_the_schema_numbers(tmp_path: Path) -> None:
    """The comparison above does not look at AUTOINCREMENT."""
    SqliteStore.open(tmp_path / "desk.db").close()

    with transaction(tmp_path / "desk.db") as session:
        made = session.connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")
        numbered = {name for name, sql in made if "AUTOINCREMENT" in (sql or "")}

    assert numbered == {
        "audit",
        "companies",
        "key_stock",
        "managers",
        "orders",
        "policies",
        "projects",
        "users",
    }


def test_accounts_and_keys_of_the_first_release_keep_what_they_had(tmp_path: Path) -> None:
    """What came later is switched off for them, and a read-only key may do nothing any more."""
    database = tmp_path / "desk.db"
    with transaction(database) as session:
        migrate_to(session, "0001")
        session.run(
            "INSERT INTO accounts VALUES ('1', 'alice', 1, 1, '2026-03-01 12:00:00', x'01', 7)"
        )
        for secret_id, enabled, read_only in (("a", 1, 0), ("b", 1, 1), ("c", 0, 0)):
            session.run(
                f"INSERT INTO access_keys VALUES ('{secret_id}', '1', x'02', {enabled}, "  # noqa: S608 -- values of the test
                f"{read_only}, '2026-03-01 12:00:00', 3)"
            )

    with closing(SqliteStore.open(database)) as store:
        account = store.read(lambda unit: unit.accounts.get("1"))
        keys = store.read(lambda unit: [unit.access_keys.get(name) for name in "abc"])

    assert account == Account(
        uin="1",
        name="alice",
        verified=True,
        enabled=True,
        created_at=NOON,
        keyset=b"\x01",
        unsigned_payload=False,
        signed_action=False,
        version=7,
    )
    assert keys == [
        AccessKey(
            secret_id=secret_id,
            uin="1",
            sealed_secret=b"\x02",
            enabled=enabled,
            created_at=NOON,
            version=3,
        )
        for secret_id, enabled in (("a", True), ("b", False), ("c", False))
    ]


ORDERS_OF_BEFORE = """
INSERT INTO orders VALUES
  ('bbbbbbbb', '1', 25, 1, 1, 5, NULL, 0, '', 1, 'd', '[["team","web"]]', 2,
   '2026-03-01 12:00:02', 4),
  ('aaaaaaaa', '1', 26, 2, 1, 7, 'gone', 3, 'Mine', 0, 'd', '[]', 0, '2026-03-01 12:00:01', 1),
  ('cccccccc', '2', 25, 1, 1, 5, NULL, 0, '', 0, 'd', '[]', 0, '2026-03-01 12:00:00', 1);
"""
SUBMISSION_OF_BEFORE = """
INSERT INTO submissions VALUES
  ('bbbbbbbb', {number}, '1', '2026-03-01 12:00:03', 'r', '{facts}', x'00', x'01', NULL, 'csr',
   'RSA 2048', x'02', NULL, 9, '[]', 1, 1)
"""
FACTS = '{{"common_name":"{name}","holder":2,"other_names":["www.{name}"],"verify_type":"DNS"}}'


def test_orders_of_before_are_numbered_and_found(tmp_path: Path) -> None:
    """As they were bought, with what was handed in last, and what it is searched by."""
    database = tmp_path / "desk.db"
    with transaction(database) as session:
        migrate_to(session, "0003")
        session.run(ORDERS_OF_BEFORE)
        for number, name in ((1, "old.example"), (2, "New.example")):
            facts = FACTS.format(name=name)
            session.run(SUBMISSION_OF_BEFORE.format(number=number, facts=facts))

    def pages(unit: Unit) -> list[OrderPage]:
        query = OrderQuery(uin="1", limit=10)
        return [
            unit.orders.page(each)
            for each in (
                query,
                dataclasses.replace(query, text="www.new"),
                dataclasses.replace(query, text="mine", statuses=frozenset({Status.CANCELLED})),
                dataclasses.replace(query, tags=(("team", "web"),)),
                dataclasses.replace(query, text="old."),
            )
        ]

    with closing(SqliteStore.open(database)) as store:
        every, by_name, by_alias, by_tag, by_old_name = store.read(pages)
        newest, oldest = every.orders
        another = dataclasses.replace(newest, certificate_id="d", number=0)
        added = store.write(lambda unit: unit.orders.add(another))

    assert (newest, every.total) == (
        Order(
            certificate_id="bbbbbbbb",
            uin="1",
            product_id=25,
            domain_num=1,
            time_span=1,
            status=Status.AWAITING_MATERIAL,
            auto_renew=True,
            deal_id="d",
            tags=(("team", "web"),),
            submission=2,
            domain="New.example",
            names=("www.New.example",),
            holder=2,
            verify_type="DNS",
            key="RSA 2048",
            key_pass=True,
            manager_id=9,
            created_at=NOON + timedelta(seconds=2),
            version=4,
        ),
        2,
    )
    assert (oldest.certificate_id, oldest.status_msg, oldest.domain) == ("aaaaaaaa", "gone", None)
    assert [each.number for each in (oldest, newest)] == [2, 3]
    assert (by_name.orders, by_tag.orders, by_old_name.orders) == ((newest,), (newest,), ())
    assert by_alias.orders == (oldest,)
    assert added.number == 4


def test_an_up_to_date_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Opening again changes nothing, not even the file."""
    with closing(SqliteStore.open(tmp_path / "desk.db")) as store:
        store.write(lambda unit: unit.marks.add(Mark(name="kek", value=b"1")))
    before = (tmp_path / "desk.db").read_bytes()

    SqliteStore.open(tmp_path / "desk.db").close()

    assert (tmp_path / "desk.db").read_bytes() == before


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    """Going back to an older version says what is wrong, and does no harm."""
    SqliteStore.open(tmp_path / "desk.db").close()
    with transaction(tmp_path / "desk.db") as session:
        session.run("UPDATE alembic_version SET version_num = 'f00d'")
    before = (tmp_path / "desk.db").read_bytes()

    for _ in range(2):
        with pytest.raises(SchemaUnknown, match="revision f00d"):
            SqliteStore.open(tmp_path / "desk.db")

    assert (tmp_path / "desk.db").read_bytes() == before


def test_a_migration_is_part_of_the_transaction_it_is_in(tmp_path: Path) -> None:
    """Rolled back, it leaves nothing: no statement has committed by itself."""
    with transaction(tmp_path / "desk.db", end="ROLLBACK") as session:
        migrate(session.connection)

    assert tables(tmp_path / "desk.db") == set()


def test_a_process_killed_in_a_migration_leaves_the_old_schema(tmp_path: Path) -> None:
    """The next start finds what was there before, and migrates it."""
    database = tmp_path / "desk.db"
    killed = subprocess.run(
        [sys.executable, PROCESSES, "die_in_a_migration", database],
        stdout=subprocess.PIPE,
        check=False,
    )
    left = tables(database)

    SqliteStore.open(database).close()

    assert (killed.stdout, killed.returncode) == (b"migrated\n", -9)
    assert (left, tables(database)) == (
        set(),
        {*metadata.tables, "order_words", "alembic_version"},
    )
