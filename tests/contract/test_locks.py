"""Named locks of every kind: one holder at a time, and none that has ended."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from certdesk.domain.accounts.replay import Use
from certdesk.storage.memory_locks import MemoryLocks
from certdesk.storage.postgresql.admission import PostgresAdmission
from certdesk.storage.postgresql.locks import ADVISORY, BY_TABLE
from certdesk.storage.postgresql.store import PostgresStore
from tests.postgres import PATIENCE_SECONDS, wait_until, waiting
from tests.storage.stores import opened

if TYPE_CHECKING:
    from certdesk.ports import NamedLocks
    from tests.postgres import Cluster

POSTGRESQL = pytest.mark.needs("postgres")
WITHOUT_LOCKS = """
CREATE SCHEMA odd;
CREATE FUNCTION odd.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION odd.pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'
"""
"""What makes the server's locks do nothing for who names this schema first."""

NOW = 1_772_323_200.0
ODD = "&options=-csearch_path%3Dodd,pg_catalog"


@pytest.fixture(scope="module")
def database(postgres: Cluster) -> str:
    """A database in which advisory locks do nothing, for who asks so."""
    url = postgres.database()
    with postgres.connect(url) as connection:
        connection.execute(WITHOUT_LOCKS)
    return url


@pytest.fixture(
    params=["memory", *(pytest.param(each, marks=POSTGRESQL) for each in ("advisory", "table"))]
)
def processes(request: pytest.FixtureRequest) -> Iterator[list[NamedLocks]]:
    """The locks of two processes, or of one where it is the only one."""
    if request.param == "memory":
        yield [MemoryLocks()] * 2
        return
    url = request.getfixturevalue("database") + (ODD if request.param == "table" else "")
    with opened(url) as one, opened(url) as other:
        assert one.locks.statement is (BY_TABLE if request.param == "table" else ADVISORY)
        yield [one.locks, other.locks]


def test_one_at_a_time_holds_a_lock(processes: list[NamedLocks]) -> None:
    """The other one waits, and has it next."""
    held = 0
    most = 0

    def take(number: int) -> None:
        nonlocal held, most
        with processes[number % 2].hold("work"):
            held += 1
            most = max(most, held)
            held -= 1

    with ThreadPoolExecutor() as pool:
        with processes[0].hold("work"):
            later = [pool.submit(take, number) for number in range(4)]
            with processes[1].hold("other work"):
                assert not any(each.done() for each in later)
        for each in later:
            each.result()
    assert most == 1


def test_a_lock_ends_with_an_error(processes: list[NamedLocks]) -> None:
    """Whoever holds it may fail."""
    with pytest.raises(LookupError), processes[0].hold("work"):
        raise LookupError
    with processes[1].hold("work"):
        pass


@POSTGRESQL
@pytest.mark.parametrize("kind", ["", ODD], ids=["advisory", "table"])
def test_a_lock_ends_with_the_connection_of_its_holder(
    database: str, postgres: Cluster, kind: str
) -> None:
    """As when its process is killed; who waits for it has it then."""
    begun, ended = threading.Event(), threading.Event()

    def hold(store: PostgresStore) -> None:
        with contextlib.suppress(Exception), store.locks.hold("work") as session:
            pids.append(session.driver.connection.info.backend_pid)
            begun.set()
            ended.wait(PATIENCE_SECONDS)

    def take(store: PostgresStore) -> bool:
        with store.locks.hold("work"):
            return ended.is_set()

    pids: list[int] = []
    with (
        opened(database + kind) as one,
        opened(database + kind) as other,
        postgres.connect(database) as foreign,
        ThreadPoolExecutor() as pool,
    ):
        holding = pool.submit(hold, one)
        begun.wait()
        taking = pool.submit(take, other)
        wait_until(lambda: waiting(foreign))
        foreign.execute("SELECT pg_terminate_backend(%s)", pids)
        assert not taking.result()
        ended.set()
        holding.result()


@POSTGRESQL
def test_requests_are_counted_one_after_the_other_without_advisory_locks(
    database: str, postgres: Cluster
) -> None:
    """The rate limit waits for the row of its account and action."""
    ask = "INSERT INTO odd.named_locks VALUES ('100/Buy')"
    with opened(database + ODD) as store, postgres.connect(database) as foreign:
        admission = PostgresAdmission(
            database + ODD, first_service=True, lock=store.locks.statement
        )
        with contextlib.closing(admission), ThreadPoolExecutor() as pool:
            foreign.execute(f"BEGIN; {ask}")
            use = Use(
                digest=bytes(32),
                uin="100",
                action="Buy",
                timestamp=int(NOW),
                at=NOW,
                once=True,
                action_signed=True,
            )
            taking = pool.submit(admission.take, use, 10)
            with postgres.connect(database) as beside:
                wait_until(lambda: waiting(beside))
            foreign.execute("COMMIT")
            assert taking.result()
