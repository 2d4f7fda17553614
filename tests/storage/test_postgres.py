from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from certdesk.domain.accounts.account import Account
from certdesk.domain.values.mark import Mark
from certdesk.domain.values.record import replace
from certdesk.ports import StoreUnavailable
from certdesk.storage.migrate import SchemaUnknown
from certdesk.storage.postgresql.pool import Pool
from certdesk.storage.postgresql.store import MIGRATION, PostgresStore
from certdesk.storage.schema import metadata
from tests.postgres import wait_until, waiting
from tests.storage.stores import add, mark, names, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from certdesk.ports import Unit
    from tests.postgres import Cluster

pytestmark = pytest.mark.needs("postgres")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = """
import random, sys
from certdesk.storage.postgresql.store import PostgresStore
PostgresStore.open(sys.argv[1], rng=random.SystemRandom()).close()
"""


def account(uin: str = "1") -> Account:
    """Make an account."""
    return Account(
        uin=uin, name="alice", verified=True, enabled=True, created_at=NOON, keyset=b"\x00"
    )


def rename(uin: str, name: str = "bob") -> Callable[[Unit], None]:
    """Make a commit that reads an account and changes its name."""

    def commit(unit: Unit) -> None:
        stored = unit.accounts.get(uin)
        assert stored
        unit.accounts.replace(replace(stored, name=name))

    return commit


# ---------------------------------------------------------------------------------------- opening


def test_what_was_written_is_there_after_opening_again(url: str) -> None:
    """A store ends; its records do not."""
    with opened(url) as store:
        store.write(lambda unit: unit.marks.add(mark("kek")))

    with opened(url) as store:
        assert store.read(lambda unit: unit.marks.get("kek")) == mark("kek")


def test_migrations_make_the_schema_that_is_declared(postgres: Cluster) -> None:
    """Beside the desk's own tables there are the store's two, and nothing else."""
    url = postgres.database()
    with opened(url):
        pass

    with contextlib.closing(
        sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool).connect()
    ) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: (
                    kind != "table" or name not in ("commits", "order_words")
                ),
            },
        )
        differences = compare_metadata(context, metadata)

    assert differences == []


COLUMNS = """
SELECT table_name, column_name, data_type, collation_name, column_default, is_nullable
  FROM information_schema.columns
  WHERE table_schema = 'public'
    AND table_name NOT IN ('commits', 'order_words', 'alembic_version')
"""


def test_migrations_make_columns_as_they_are_declared(postgres: Cluster) -> None:
    """With their collations and defaults, which the comparison above does not look at.

    A column that a table got later may keep a default, for the rows that were there.
    """
    migrated, declared = postgres.database(), postgres.database()
    with opened(migrated):
        pass
    engine = sqlalchemy.create_engine(declared, poolclass=sqlalchemy.NullPool)
    metadata.create_all(engine)

    with postgres.connect(migrated) as one, postgres.connect(declared) as other:
        made, meant = (_columns(each) for each in (one, other))

    assert {name: kind for name, (kind, _) in made.items()} == {
        name: kind for name, (kind, _) in meant.items()
    }
    defaults = {name: default for name, (_, default) in meant.items() if default is not None}
    assert {name: made[name][1] for name in defaults} == defaults


def _columns(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], tuple[object, object]]:
    """Return of each column its type with its collation, and its default."""
    return {
        (table, name): ((kind, collation, nullable), default)
        for table, name, kind, collation, default, nullable in connection.execute(COLUMNS)
    }


def test_processes_that_start_at_once_migrate_one_after_the_other(postgres: Cluster) -> None:
    """Each finds the schema as it is to be, whoever made it."""
    url = postgres.database()
    with postgres.connect(url) as foreign:
        foreign.execute("SELECT pg_advisory_lock(hashtextextended(%s, 7))", (MIGRATION,))
        starting = [subprocess.Popen([sys.executable, "-c", OPEN, url]) for _ in range(3)]
        wait_until(lambda: waiting(foreign) == len(starting))
        foreign.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7))", (MIGRATION,))
        ends = [process.wait() for process in starting]

    assert ends == [0, 0, 0]
    with opened(url) as store:
        store.write(lambda unit: unit.marks.add(mark("kek")))


@pytest.mark.parametrize(
    ("revision", "refusal"), [("f00d", "a newer version wrote it"), ("0033", "begin again")]
)
def test_a_database_of_another_version_is_refused(
    store: PostgresStore,
    url: str,
    foreign: psycopg.Connection[Any],
    revision: str,
    refusal: str,
) -> None:
    """A newer one, or one from before the first release; it says what is wrong, changes nothing."""
    store.write(lambda unit: unit.marks.add(mark("kek")))
    (version,) = foreign.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    foreign.execute("UPDATE alembic_version SET version_num = %s", (revision,))
    try:
        for _ in range(2):
            with pytest.raises(SchemaUnknown, match=f"revision {revision}.*{refusal}"):
                PostgresStore.open(url, rng=SystemRandom())
    finally:
        foreign.execute("UPDATE alembic_version SET version_num = %s", (version,))

    assert store.read(names) == ["kek"]


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_acknowledged_is_refused(
    url: str, foreign: psycopg.Connection[Any], setting: str
) -> None:
    """The text says which setting it is."""
    change_server(foreign, setting, "off")
    try:
        with pytest.raises(StoreUnavailable, match=f"set {setting} to on"):
            PostgresStore.open(url, rng=SystemRandom())
    finally:
        change_server(foreign, setting, "on")


def change_server(foreign: psycopg.Connection[Any], setting: str, value: str) -> None:
    """Change a setting of the server while it runs."""
    foreign.execute(f"ALTER SYSTEM SET {setting} = {value}".encode())
    foreign.execute("SELECT pg_reload_conf()")
    wait_until(lambda: foreign.execute(f"SHOW {setting}".encode()).fetchone() == (value,))


def test_a_database_that_commits_later_is_refused(
    url: str, foreign: psycopg.Connection[Any]
) -> None:
    """The setting may come from the server, the database or the user: what counts is in force."""
    name = foreign.info.dbname
    foreign.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
    try:
        with pytest.raises(StoreUnavailable, match="set synchronous_commit to on"):
            PostgresStore.open(url, rng=SystemRandom())
    finally:
        foreign.execute(f"ALTER DATABASE {name} RESET synchronous_commit".encode())


def test_a_database_of_another_encoding_is_refused(
    postgres: Cluster, foreign: psycopg.Connection[Any]
) -> None:
    """It could not keep every name."""
    foreign.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StoreUnavailable, match="has the encoding LATIN1"):
        PostgresStore.open(
            f"postgresql://certdesk@/latin?host={postgres.folder}", rng=SystemRandom()
        )


def test_a_server_that_is_not_there_is_told_without_the_password(postgres: Cluster) -> None:
    """The URL is shown, for it may be wrong."""
    url = f"postgresql+psycopg://certdesk:s3cr3t@/desk?host={postgres.folder}/nowhere"
    with pytest.raises(
        StoreUnavailable, match=r"certdesk:\*\*\*@/desk.*cannot be opened"
    ) as raised:
        PostgresStore.open(url, rng=SystemRandom())

    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


# ------------------------------------------------------------------------------------------ races


def test_a_commit_that_loses_a_race_is_run_again(store: PostgresStore, url: str) -> None:
    """It then sees what the other one wrote."""
    store.write(lambda unit: unit.accounts.add(account()))
    seen = []

    with opened(url) as other:

        def commit(unit: Unit) -> None:
            stored = unit.accounts.get("1")
            assert stored
            seen.append(stored.name)
            if len(seen) == 1:
                other.write(rename("1", "bob"))
            unit.accounts.replace(stored)

        store.write(commit)

    assert seen == ["alice", "bob"]
    assert store.read(lambda unit: [each.version for each in unit.accounts.where()]) == [3]


def test_two_commits_that_each_read_what_the_other_writes_do_not_both_stand(
    store: PostgresStore, url: str
) -> None:
    """Each alone would leave one mark; side by side, one is run again and sees the other's."""
    runs = []

    def only_if_empty(name: str) -> Callable[[Unit], None]:
        def commit(unit: Unit) -> None:
            runs.append(name)
            empty = not names(unit)
            if len(runs) == 1:
                other.write(only_if_empty("second"))
            if empty:
                unit.marks.add(mark(name))

        return commit

    with opened(url) as other:
        store.write(only_if_empty("first"))

    assert (runs, store.read(names)) == (["first", "second", "first"], ["second"])


def test_a_commit_that_keeps_losing_is_given_up(
    store: PostgresStore, foreign: psycopg.Connection[Any]
) -> None:
    """After three more attempts, and nothing of it is there."""
    store.write(lambda unit: unit.accounts.add(account()))
    runs = []

    def commit(unit: Unit) -> None:
        stored = unit.accounts.get("1")
        assert stored
        runs.append(unit.marks.add(mark("lost")))
        foreign.execute("UPDATE accounts SET name = 'eve'")
        unit.accounts.replace(stored)

    with pytest.raises(StoreUnavailable, match="40001"):
        store.write(commit)

    assert (len(runs), store.read(names)) == (4, [])


def test_a_commit_that_lost_is_run_alone(
    store: PostgresStore, url: str, foreign: psycopg.Connection[Any]
) -> None:
    """Every other store waits for it, and it cannot lose to one of them again."""
    store.write(lambda unit: unit.accounts.add(account()))
    seen = []

    with opened(url) as other, ThreadPoolExecutor() as pool:

        def commit(unit: Unit) -> bool:
            stored = unit.accounts.get("1")
            assert stored
            seen.append(stored.version)
            others = pool.submit(other.write, rename("1"))
            if len(seen) < 2:
                others.result()
            else:
                wait_until(lambda: waiting(foreign))
            unit.accounts.replace(stored)
            return others.done()

        done_before = store.write(commit)

    assert (seen, done_before) == ([1, 2], False)
    assert store.read(lambda unit: [each.version for each in unit.accounts.where()]) == [4]


def test_a_deadlock_is_tried_again(store: PostgresStore, foreign: psycopg.Connection[Any]) -> None:
    """The server ends one of two that wait for each other; that one begins anew."""
    store.write(lambda unit: [unit.accounts.add(account(uin)) for uin in "12"])
    runs: list[None] = []
    # Who looks for the deadlock first is the one that is ended.
    foreign.execute("SET deadlock_timeout = '1min'")
    foreign.execute("BEGIN; UPDATE accounts SET name = 'eve' WHERE uin = '2'")

    def take_the_other_and_let_go() -> None:
        foreign.execute("UPDATE accounts SET name = 'eve' WHERE uin = '1'")
        foreign.execute("ROLLBACK")

    with ThreadPoolExecutor() as pool:

        def commit(unit: Unit) -> None:
            runs.append(rename("1")(unit))
            if len(runs) == 1:
                pool.submit(take_the_other_and_let_go)
                wait_until(lambda: foreign.info.transaction_status.name == "ACTIVE")
            rename("2")(unit)

        store.write(commit)

    assert len(runs) == 2
    assert store.read(lambda unit: [each.name for each in unit.accounts.where()]) == ["bob", "bob"]


def test_a_foreign_lock_refuses_and_then_heals(url: str, foreign: psycopg.Connection[Any]) -> None:
    """While another program has a table, writes and reads fail after a time; then they work."""
    with opened(url, lock_seconds=0.1) as store:
        foreign.execute("BEGIN; LOCK TABLE marks IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            store.write(lambda unit: unit.marks.add(mark("lost")))
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            store.read(names)
        foreign.execute("ROLLBACK")

        store.write(lambda unit: unit.marks.add(mark("kept")))

        assert store.read(names) == ["kept"]


def test_a_busy_thread_lets_the_others_have_their_turn(url: str) -> None:
    """Where there are fewer connections than threads, nobody waits for ever."""
    with opened(url, connections=1) as store, ThreadPoolExecutor() as pool:
        ended = threading.Event()

        def write_again_and_again() -> None:
            while not ended.is_set():
                store.write(lambda unit: unit.marks.count())

        busy = [pool.submit(write_again_and_again) for _ in range(3)]
        for number in range(20):
            store.write(add(str(number)))
        ended.set()

        assert [each.result() for each in busy] == [None, None, None]
        assert store.read(lambda unit: unit.marks.count()) == 20


def test_a_commit_that_waited_too_long_is_not_begun(url: str) -> None:
    """The client gets its refusal while it still waits for an answer."""
    with opened(url, connections=1, queue_seconds=1) as store:
        begun, ended = threading.Event(), threading.Event()

        def hold(_: Unit) -> None:
            begun.set()
            ended.wait()

        holding = store.submit(hold)
        begun.wait()
        late = store.submit(add("late"))
        enough = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > enough)
        ended.set()

        assert holding.result() is None
        assert isinstance(late.exception(), StoreUnavailable)
        assert store.read(names) == []


def test_a_read_inside_a_read_needs_no_connection_of_its_own(url: str) -> None:
    """With the only one lent to the outer read it would wait for ever."""
    with opened(url, connections=1) as store:
        assert store.read(lambda _: store.read(names)) == []
        assert store.write(lambda _: store.read(names)) == []


@pytest.mark.usefixtures("store")
def test_a_statement_that_reads_is_prepared_once(url: str) -> None:
    """It is not planned again for each read, not even where a read fails."""
    readers = Pool(url, 1)
    limits = {"look_up_seconds": 1.0, "queue_seconds": 1.0}
    with contextlib.closing(
        PostgresStore(Pool(url, 1), readers, SystemRandom(), **limits)
    ) as store:
        for _ in range(10):
            with pytest.raises(ZeroDivisionError):
                store.read(lambda unit: 1 // len(names(unit)))

        with readers.connection() as connection:
            found = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements")
            prepared = [text for (text,) in found]

    assert [text for text in prepared if "FROM marks" in text] != []


# ----------------------------------------------------------------------------------------- the rest


def test_a_commit_that_swallows_an_error_is_not_acknowledged(store: PostgresStore) -> None:
    """The server has ended the transaction early, and would answer COMMIT without an error."""

    def commit(unit: Unit) -> None:
        unit.marks.add(mark("lost"))
        with contextlib.suppress(DBAPIError):
            unit.marks.add(mark(cast("Any", None)))

    with pytest.raises(StoreUnavailable, match="ended the transaction early"):
        store.write(commit)

    assert store.read(names) == []


def test_an_error_shows_no_values(store: PostgresStore) -> None:
    """The server's own message would list every value of the row."""
    nameless = Mark(name=cast("Any", None), value=b"s3cr3t")
    with pytest.raises(StoreUnavailable) as raised:
        store.write(lambda unit: unit.marks.add(nameless))

    shown = "".join(traceback.format_exception(raised.value))

    assert "not-null constraint (23502)" in shown
    assert "s3cr3t" not in shown
    assert b"s3cr3t".hex() not in shown


def test_a_store_that_closed_has_no_connection_left(
    url: str, foreign: psycopg.Connection[Any]
) -> None:
    """Whatever it was doing before."""
    with opened(url) as store, ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: (store.write(names), store.read(names)), range(20)))
        answers = [store.submit(add(str(number))) for number in range(20)]

    assert [answer.result() for answer in answers] == [None] * 20

    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    wait_until(lambda: foreign.execute(left).fetchone() == (1,))


def test_notes_of_connections_are_kept_for_a_day(
    store: PostgresStore, url: str, foreign: psycopg.Connection[Any]
) -> None:
    """Those of processes that ended long ago go when another one starts."""
    store.write(lambda unit: unit.marks.add(mark("a")))
    foreign.execute("UPDATE commits SET at = at - interval '25 hours'")
    with opened(url) as other:
        other.write(lambda unit: unit.marks.add(mark("b")))
    store.write(lambda unit: unit.marks.add(mark("c")))

    kept = foreign.execute("SELECT number FROM commits ORDER BY number").fetchall()

    assert kept == [(1,), (2,)]
