"""Commits that wait share a transaction on PostgreSQL, and each has the outcome of its own."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import pytest

from certdesk.domain.values.mark import Mark
from certdesk.domain.values.record import replace
from certdesk.ports import StoreUnavailable, Taken
from certdesk.storage.postgresql.store import PostgresStore
from certdesk.storage.postgresql.writer import ALONE_AFTER_LOSS
from tests.storage.stores import add, mark, names, opened
from tests.storage.test_postgres import account, rename

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from certdesk.ports import Unit

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    """A store with one connection that writes."""
    with opened(url, connections=1) as made:
        yield made


def together(store: PostgresStore, *commits: Callable[[Unit], object]) -> list[Future[object]]:
    """Submit commits while another one runs, and wait until they have their outcomes."""
    begun, ended = threading.Event(), threading.Event()

    def hold(_: Unit) -> None:
        begun.set()
        ended.wait()

    before: Future[object] = store.submit(hold)
    begun.wait()
    answers = [store.submit(commit) for commit in commits]
    ended.set()
    for answer in (before, *answers):
        with contextlib.suppress(Exception):
            answer.result()
    return answers


def transactions(foreign: psycopg.Connection[Any]) -> int:
    """Count the transactions that were begun to write."""
    ((count,),) = foreign.execute("SELECT coalesce(sum(number), 0) FROM commits").fetchall()
    return int(count)


def test_commits_that_wait_share_a_transaction(
    store: PostgresStore, foreign: psycopg.Connection[Any]
) -> None:
    """The server flushes once for all of them."""
    store.write(names)
    before = transactions(foreign)

    answers = together(store, *(add(letter) for letter in "abcdef"))

    assert transactions(foreign) == before + 2
    assert [answer.result() for answer in answers] == [None] * 6
    assert store.read(names) == [*"abcdef"]


def test_a_commit_that_fails_leaves_nothing_and_its_neighbours_stay(store: PostgresStore) -> None:
    """Whether the rules refuse it, the database does, or it hides an error of the database."""

    def refused(unit: Unit) -> None:
        add("refused")(unit)
        raise Taken("marks")

    def impossible(unit: Unit) -> None:
        add("impossible")(unit)
        unit.marks.add(Mark(name=cast("Any", None), value=b""))

    def hiding(unit: Unit) -> None:
        with contextlib.suppress(Exception):
            impossible(unit)

    answers = together(store, add("a"), refused, add("b"), impossible, add("c"), hiding, add("d"))

    errors = [type(answer.exception()) for answer in answers]
    nothing = type(None)
    refusals = [Taken, nothing, StoreUnavailable, nothing, StoreUnavailable]
    assert errors == [nothing, *refusals, nothing]
    assert store.read(names) == [*"abcd"]


def test_commits_that_lose_a_race_together_are_run_again(
    store: PostgresStore, foreign: psycopg.Connection[Any]
) -> None:
    """Nothing of the first attempt is left, and no outcome is of it."""
    store.write(lambda unit: unit.accounts.add(account()))
    runs: list[str] = []

    def beside(unit: Unit) -> int:
        runs.append("beside")
        add("beside")(unit)
        return len(runs)

    def losing(unit: Unit) -> None:
        runs.append("losing")
        stored = unit.accounts.get("1")
        assert stored
        if runs.count("losing") == 1:
            foreign.execute("UPDATE accounts SET name = 'eve'")
        unit.accounts.replace(replace(stored, name=f"{stored.name} and bob"))

    first, second = together(store, beside, losing)

    assert runs == ["beside", "losing"] * 2
    assert (first.result(), second.result()) == (3, None)
    assert store.read(names) == ["beside"]
    assert [each.name for each in store.read(lambda unit: unit.accounts.where())] == ["eve and bob"]


def test_after_a_race_was_lost_the_next_groups_run_alone(
    store: PostgresStore, url: str, foreign: psycopg.Connection[Any]
) -> None:
    """So they do not lose to other processes; then they run beside others again."""
    store.write(lambda unit: unit.accounts.add(account()))
    ask = "SELECT mode FROM pg_locks WHERE relation = 'commits'::regclass"
    modes: list[set[str]] = []

    def look(_: Unit) -> None:
        modes.append({mode for (mode,) in foreign.execute(ask)})

    with opened(url) as other:

        def losing(unit: Unit) -> None:
            stored = unit.accounts.get("1")
            if not lost:
                lost.append(other.write(rename("1")))
            assert stored
            unit.accounts.replace(stored)

        lost: list[None] = []
        store.write(losing)
        for _ in range(ALONE_AFTER_LOSS):
            store.write(look)

    # The second attempt at the commit that lost was the first of them.
    exclusive = ["ExclusiveLock" in each for each in modes]
    assert exclusive == [True] * (ALONE_AFTER_LOSS - 1) + [False]


def test_a_commit_that_takes_long_lets_others_pass(url: str) -> None:
    """They are run on another connection."""
    with opened(url, connections=2) as store:
        begun, ended = threading.Event(), threading.Event()

        def hold(unit: Unit) -> None:
            unit.marks.add(mark("long"))
            begun.set()
            ended.wait()

        holding = store.submit(hold)
        begun.wait()
        store.write(add("short"))
        assert not holding.done()
        ended.set()

        holding.result()
        assert store.read(names) == ["long", "short"]
