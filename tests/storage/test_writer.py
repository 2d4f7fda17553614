from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from certdesk.domain.values.mark import Mark
from certdesk.ports import StoreUnavailable
from certdesk.storage.migrate import migrate
from certdesk.storage.session import Library, Session, Sessions
from certdesk.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from certdesk.ports import Unit

ALONE = ["BEGIN IMMEDIATE", "SAVEPOINT its_own", "RELEASE its_own", "COMMIT"]


class Disk(Session):
    """A session that writes down what ran, on a disk that fails where it is told to."""

    ran: list[str]
    failures: dict[str, Exception]

    def run(self, statement: str) -> None:
        """Run a statement, or fail once if that is asked of it."""
        self.ran.append(statement)
        if statement in self.failures:
            raise self.failures.pop(statement)
        Session.run(self, statement)


class Bench:
    """A writer on a new database, whose disk can be made to fail."""

    def __init__(self, path: Path) -> None:
        """Make the database and start the writer."""
        self.ran: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.syncs_failed = 0
        self.sessions = Sessions(path, Library.find(), 0.01)
        self.session = self.open()
        self.session.run("BEGIN IMMEDIATE")
        migrate(self.session.connection)
        self.session.run("COMMIT")
        self.ran.clear()
        self.is_cramped = False
        self.writer = Writer(
            self.session,
            self.open,
            on_sync_failure=self.sync_failed,
            cramped=lambda: self.is_cramped,
        )

    def open(self) -> Session:
        """Open the writer's session."""
        if "open" in self.failures:
            raise self.failures.pop("open")
        made = self.sessions.writer()
        return Disk(made.connection, made.driver, made.usage, made.unit, self.ran, self.failures)

    def fails(
        self, where: str, code: str, text: str = "disk I/O error"
    ) -> Callable[[object], None]:
        """Make a commit after which the next such statement, or opening, fails."""
        cause = sqlite3.OperationalError(text)
        cause.sqlite_errorname = code
        error = OperationalError(where, None, cause)
        return lambda _: self.failures.update({where: error})

    def sync_failed(self) -> None:
        """Count what the writer reports."""
        self.syncs_failed += 1

    def together(self, *commits: Callable[[Unit], object]) -> list[Future[object]]:
        """Submit commits while the writer is busy, so that they share a transaction."""
        begun, go_on = threading.Event(), threading.Event()

        def hold(_: Unit) -> None:
            begun.set()
            go_on.wait()

        self.writer.submit(hold)
        begun.wait()
        answers = [self.writer.submit(commit) for commit in commits]
        go_on.set()
        return answers

    def names(self) -> list[str]:
        """Give the names of all marks."""
        return self.writer.submit(lambda unit: [each.name for each in unit.marks.where()]).result()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A writer that is closed at the end."""
    made = Bench(tmp_path / "desk.db")
    yield made
    made.writer.close()


def add(name: str) -> Callable[[Unit], Mark]:
    """Make a commit that adds a mark."""
    return lambda unit: unit.marks.add(Mark(name=name, value=b""))


def refuse(unit: Unit) -> None:
    """Write, and then raise."""
    unit.marks.add(Mark(name="refused", value=b""))
    raise ValueError("refused")


def test_what_waits_shares_a_transaction(bench: Bench) -> None:
    """Three commits that waited are durable with one COMMIT, each in a savepoint of its own."""
    for answer in bench.together(add("a"), add("b"), add("c")):
        answer.result()

    assert bench.ran == ALONE + ALONE[:1] + 3 * ALONE[1:3] + ALONE[3:]


def test_a_transaction_takes_a_limited_number(bench: Bench) -> None:
    """256 commits share one, the next begin another: the first are not kept waiting for ever."""
    for answer in bench.together(*(add(str(number)) for number in range(257))):
        answer.result()

    transactions = " ".join(bench.ran).split("COMMIT")

    assert [each.count("SAVEPOINT") for each in transactions] == [1, 256, 1, 0]


def test_a_refused_commit_leaves_its_neighbours_alone(bench: Bench) -> None:
    """The one that raises is undone, the one before it and the one after it are kept."""
    answers = bench.together(add("a"), refuse, add("b"))

    assert isinstance(answers[1].exception(), ValueError)
    assert bench.names() == ["a", "b"]


def test_nobody_is_answered_before_all_is_durable(bench: Bench) -> None:
    """While the last commit of a group runs, the first ones still wait, errors included."""
    answers: list[Future[object]] = []
    ready = threading.Event()

    def read(_: Unit) -> list[bool]:
        ready.wait()
        return [answer.done() for answer in answers[:2]]

    answers.extend(bench.together(add("a"), refuse, read))
    ready.set()

    assert answers[2].result() == [False, False]


def test_a_transaction_that_fails_is_refused_as_a_whole(bench: Bench) -> None:
    """Also to who had raised an error of its own: it may rest on what is now undone."""
    answers = bench.together(add("a"), refuse, bench.fails("COMMIT", "SQLITE_FULL"))

    assert [type(answer.exception()) for answer in answers] == 3 * [StoreUnavailable]
    assert bench.names() == []


def test_a_transaction_that_sqlite_gives_up_is_refused_as_a_whole(bench: Bench) -> None:
    """A commit that swallows such an error does not go on in a transaction of its own."""
    answers = bench.together(add("a"), lambda _: bench.session.run("ROLLBACK"), add("b"))

    assert [type(answer.exception()) for answer in answers] == 3 * [StoreUnavailable]
    assert bench.names() == []


@pytest.mark.parametrize("where", ["BEGIN IMMEDIATE", "open"])
def test_the_writer_goes_on_after_a_failure(bench: Bench, where: str) -> None:
    """Whether a transaction cannot begin or the file cannot be opened: the next one may."""
    bench.writer.submit(bench.fails("COMMIT", "SQLITE_FULL")).exception()
    bench.fails(where, "SQLITE_CANTOPEN")(None)

    refused = bench.writer.submit(add("refused")).exception()
    bench.writer.submit(add("kept")).result()

    assert isinstance(refused, StoreUnavailable)
    assert bench.names() == ["kept"]


# Python's own module names the error, `pysqlite3` only its kind.
@pytest.mark.parametrize("code", ["SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR"])
def test_nothing_is_written_after_a_failed_sync(bench: Bench, code: str) -> None:
    """A disk that lost a write is not trusted again, and who started the store is told once."""
    bench.writer.submit(bench.fails("COMMIT", code)).exception()
    bench.ran.clear()

    refused = [bench.writer.submit(add("a")).exception() for _ in range(2)]

    assert [type(error) for error in refused] == 2 * [StoreUnavailable]
    assert (bench.ran, bench.syncs_failed) == ([], 1)


def test_a_sync_that_failed_inside_a_commit_counts_as_well(bench: Bench) -> None:
    """SQLite then gives the transaction up, and what fails at last is the savepoint's end."""

    def commit(unit: Unit) -> None:
        bench.session.run("ROLLBACK")
        bench.fails("PRAGMA user_version", "SQLITE_IOERR_FSYNC")(unit)
        bench.session.run("PRAGMA user_version")

    error = bench.writer.submit(commit).exception()

    assert (type(error), bench.syncs_failed) == (StoreUnavailable, 1)


@pytest.mark.parametrize("code", ["SQLITE_IOERR_WRITE", "SQLITE_FULL", "SQLITE_BUSY"])
def test_other_failures_heal(bench: Bench, code: str) -> None:
    """A full disk gets room again; that needs no restart."""
    bench.writer.submit(bench.fails("COMMIT", code)).exception()

    bench.writer.submit(add("kept")).result()

    assert (bench.names(), bench.syncs_failed) == (["kept"], 0)


def test_an_answer_cannot_be_cancelled(bench: Bench) -> None:
    """What is queued will be written, whether or not anybody waits for it."""
    (answer,) = bench.together(add("a"))

    assert not answer.cancel()
    assert bench.names() == ["a"]


def test_each_reason_why_writes_fail_is_one_line_until_they_succeed(bench: Bench) -> None:
    """A disk that is full, and then broken, is two; neither is told with every write."""
    with capture_logs() as lines:
        for text in ("disk is full", "disk is full", "disk I/O error", "disk is full"):
            bench.writer.submit(bench.fails("COMMIT", "SQLITE_FULL", text)).exception()
        for _ in range(2):
            bench.writer.submit(add("a" * len(bench.names()) + "b")).result()
        bench.writer.submit(bench.fails("COMMIT", "SQLITE_FULL", "disk is full")).exception()
    told = [(line["event"], line.get("reason")) for line in lines]
    full = ("writes fail", "disk is full")
    assert told == [
        full,
        ("writes fail", "disk I/O error"),
        ("writes work again", None),
        full,
    ]


def test_a_want_of_room_is_told_until_a_larger_write_would_succeed(bench: Bench) -> None:
    """A small write that fits into the file as it is shows nothing."""
    with capture_logs() as lines:
        bench.is_cramped = True
        bench.writer.submit(bench.fails("COMMIT", "SQLITE_FULL", "disk is full")).exception()
        bench.writer.submit(add("small")).result()
        assert bench.writer.full == "disk is full"
        bench.is_cramped = False
        bench.writer.submit(add("large")).result()
        assert not bench.writer.full
    assert [line["event"] for line in lines] == ["writes fail", "writes work again"]
