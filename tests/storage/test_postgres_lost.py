"""Connections to PostgreSQL that are lost, and a server that says nothing any more."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from certdesk.ports import StoreUnavailable
from certdesk.storage.postgresql.connection import Connection
from certdesk.storage.postgresql.store import PostgresStore
from tests.postgres import PATIENCE_SECONDS, wait_until, waiting
from tests.proxy import Proxy
from tests.storage.stores import add, mark, names, opened

if TYPE_CHECKING:
    import psycopg

    from certdesk.ports import Unit
    from tests.postgres import Cluster


pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def proxy(postgres: Cluster) -> Iterator[Proxy]:
    """A way to the server that can be cut."""
    with Proxy(postgres.socket) as made:
        yield made


@pytest.fixture
def far(url: str, proxy: Proxy) -> Iterator[PostgresStore]:
    """A store that goes through the proxy."""
    database = url.partition("?")[0].replace("@/", f"@127.0.0.1:{proxy.port}/")
    with opened(database, look_up_seconds=PATIENCE_SECONDS) as made:
        yield made


class Counted:
    """A commit that adds a mark and counts how often it is run."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.runs = 0

    def __call__(self, unit: Unit) -> str:
        """Add the mark."""
        self.runs += 1
        return unit.marks.add(mark("kept")).name


COMMIT = b"COMMIT\0"


def test_a_commit_whose_answer_was_lost_is_answered_truly(far: PostgresStore, proxy: Proxy) -> None:
    """It was committed: it is not run again."""
    commit = Counted()
    proxy.cut_at(COMMIT, proxy.after)

    answer = far.write(commit)

    assert (answer, commit.runs, far.read(names)) == ("kept", 1, ["kept"])


def test_commits_whose_common_answer_was_lost_are_each_answered_truly(
    far: PostgresStore, proxy: Proxy
) -> None:
    """They shared a transaction, and one of them was refused in it."""
    commit = Counted()
    begun, ended = threading.Event(), threading.Event()

    def refused(unit: Unit) -> None:
        unit.marks.add(mark("refused"))
        proxy.cut_at(COMMIT, proxy.after)
        raise LookupError

    def hold(_: Unit) -> None:
        begun.set()
        ended.wait()

    far.submit(hold)
    begun.wait()
    answers = [far.submit(each) for each in (commit, refused)]
    ended.set()

    assert (answers[0].result(), commit.runs, far.read(names)) == ("kept", 1, ["kept"])
    assert isinstance(answers[1].exception(), LookupError)


def test_a_commit_that_did_not_arrive_is_run_again(far: PostgresStore, proxy: Proxy) -> None:
    """It was not committed: nothing of the first attempt is there."""
    commit = Counted()
    proxy.cut_at(COMMIT, proxy.before)

    answer = far.write(commit)

    assert (answer, commit.runs, far.read(names)) == ("kept", 2, ["kept"])


def test_the_outcome_of_a_commit_that_is_on_its_way_is_waited_for(
    far: PostgresStore, proxy: Proxy, foreign: psycopg.Connection[Any]
) -> None:
    """Who looks too early would find nothing, and the commit would then come after all."""
    commit = Counted()
    proxy.cut_at(COMMIT, proxy.on_the_way)

    with ThreadPoolExecutor() as pool:
        answer = pool.submit(far.write, commit)
        proxy.held.wait()
        wait_until(lambda: waiting(foreign))
        proxy.release.set()

        assert answer.result() == "kept"
    assert (commit.runs, far.read(names)) == (1, ["kept"])


def test_the_outcome_of_a_commit_is_looked_up_where_the_server_says_nothing(
    far: PostgresStore,
    proxy: Proxy,
    foreign: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection is given up, and what became of the commit is found out when it goes on."""
    monkeypatch.setattr(Connection, "answer_seconds", 0.5)
    commit = Counted()
    proxy.cut_at(COMMIT, proxy.stand_still)

    with ThreadPoolExecutor() as pool:
        answer = pool.submit(far.write, commit)
        proxy.held.wait()
        # Who asks for the outcome waits for the row.
        wait_until(lambda: waiting(foreign))
        proxy.release.set()

        assert answer.result() == "kept"
    assert (commit.runs, far.read(names)) == (1, ["kept"])


def test_a_server_that_stands_still_is_given_up_and_taken_up_again(
    postgres: Cluster, store: PostgresStore
) -> None:
    """Its sockets take what is sent, so that nothing but our own patience ends the wait."""
    store.write(add("before"))
    assert store.read(names) == ["before"]
    with postgres.frozen():
        for ask in (lambda: store.write(add("frozen")), lambda: store.read(names)):
            with pytest.raises(StoreUnavailable, match="has not answered for 8 seconds"):
                ask()

    store.write(add("after"))
    assert set(store.read(names)) == {"after", "before"}


def test_a_later_commit_of_the_same_connection_is_told_from_an_earlier_one(
    far: PostgresStore, proxy: Proxy
) -> None:
    """That an earlier one was committed says nothing of this one."""
    far.write(lambda unit: unit.marks.add(mark("earlier")))
    commit = Counted()
    proxy.cut_at(COMMIT, proxy.before)

    far.write(commit)

    assert (commit.runs, far.read(names)) == (2, ["earlier", "kept"])


def test_an_outcome_that_cannot_be_looked_up_is_said_to_be_unknown(
    url: str, proxy: Proxy, store: PostgresStore
) -> None:
    """With nobody to ask, neither success nor failure is claimed."""
    database = url.partition("?")[0].replace("@/", f"@127.0.0.1:{proxy.port}/")
    with opened(database, look_up_seconds=0.2) as far:
        proxy.cut_at(COMMIT, proxy.after_for_ever)

        with pytest.raises(StoreUnavailable, match="could not find out whether the commit"):
            far.write(Counted())

    assert store.read(names) == ["kept"]


@pytest.mark.parametrize("words", [b"BEGIN ISOLATION", b"INSERT INTO marks"])
def test_a_connection_lost_before_the_commit_is_replaced(
    far: PostgresStore, proxy: Proxy, words: bytes
) -> None:
    """Nothing was written, so the commit is run again, and nobody notices."""
    commit = Counted()
    proxy.cut_at(words, proxy.after)

    far.write(commit)

    assert far.read(names) == ["kept"]


def test_a_read_whose_connection_is_lost_is_done_again(far: PostgresStore, proxy: Proxy) -> None:
    """Reading changes nothing."""
    proxy.cut_at(b"REPEATABLE READ", proxy.before)

    assert far.read(names) == []


def test_a_server_that_ends_at_once_keeps_what_was_acknowledged(
    postgres: Cluster, store: PostgresStore
) -> None:
    """Stopped and started under writes, it has every acknowledged mark and no half of any other.

    The store comes back by itself.
    """
    acknowledged: list[str] = []
    refused: list[str] = []
    ended = threading.Event()

    def work(thread: int) -> int:
        for number in itertools.count(1):
            if ended.is_set():
                return number - 1
            name = f"{thread}-{number}"
            try:
                store.write(add(f"{name} a", f"{name} b"))
                acknowledged.append(name)
            except StoreUnavailable:
                refused.append(name)
                ended.wait(0.02)
        raise AssertionError

    def some_more() -> None:
        enough = len(acknowledged) + 20
        wait_until(lambda: len(acknowledged) > enough)

    with ThreadPoolExecutor() as pool:
        busy = [pool.submit(work, thread) for thread in range(4)]
        for _ in range(3):
            some_more()
            postgres.stop("immediate")
            postgres.start()
        some_more()
        ended.set()
        tried = sum(each.result() for each in busy)

    kept = store.read(names)
    assert tried == len(acknowledged) + len(refused)
    assert {f"{name} {half}" for name in acknowledged for half in "ab"} <= set(kept)
    assert {name[:-1] + "a" for name in kept} == {name for name in kept if name.endswith("a")}
    assert {name[:-1] + "b" for name in kept} == {name for name in kept if name.endswith("b")}


def test_a_session_that_the_server_ends_is_replaced(
    store: PostgresStore, foreign: psycopg.Connection[Any]
) -> None:
    """In the middle of a commit, by an administrator."""
    runs = []

    def commit(unit: Unit) -> None:
        runs.append(unit.marks.add(mark("kept")))
        if len(runs) == 1:
            foreign.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            )

    store.write(commit)

    assert (len(runs), store.read(names)) == (2, ["kept"])
