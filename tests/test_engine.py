"""How the engine carries a declared action out."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.catalog import Catalog, Commit
from certdesk.domain.accounts.records import SeenSignature
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    InternalError,
    SignatureExpire,
)
from certdesk.domain.people.role import Role
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import replace
from certdesk.engine import Caller, CallerChanged, Context
from certdesk.ports import KeyUsedUp, Pending, ReadyKey, Stale, Unit
from certdesk.storage import ReadOnly
from certdesk.wire.model import Reply, Request
from tests.inside import InsideDesk

CALLER = Caller(uin="100000000001", actor="AKID", verified=True, role=Role.USER)


class EchoRequest(Request):
    """What to say."""

    text: str


class EchoReply(Reply):
    """What was said, and how often the desk had to try."""

    text: str
    attempts: int


class Trial:
    """A desk, a catalog of its own, and what its one action is to do."""

    def __init__(self, folder: Path) -> None:
        """Declare the action `EchoText`, which writes and may answer AuthError."""
        self.desk = InsideDesk(folder)
        self.catalog = Catalog()
        self.attempts = 0
        self.failures: list[Exception] = []
        self.held: list[str] = []

        @self.catalog.action(AuthError, writes=True)
        def echo_text(context: Context, request: EchoRequest) -> Commit[EchoReply]:
            """Say it again.

            The second paragraph is for the reference page.
            """
            self.attempts += 1
            context.held.callback(self.held.append, "given back")

            def commit(unit: Unit) -> EchoReply:
                context.record(unit, "echo", request.text)
                if self.failures:
                    raise self.failures.pop(0)
                return EchoReply(text=request.text, attempts=self.attempts)

            return commit

    def perform(self) -> EchoReply:
        """Carry the action out."""
        action = self.catalog.find("EchoText")
        assert action is not None
        reply = self.desk.engine.perform(action, CALLER, EchoRequest(text="hello"), "request-1")
        assert isinstance(reply, EchoReply)
        return reply


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A desk with one trivial action."""
    return Trial(tmp_path)


def test_a_trivial_action_works_from_its_declaration_alone(trial: Trial) -> None:
    """With its audit row, in the same transaction."""
    assert trial.perform() == EchoReply(text="hello", attempts=1)
    (entry,) = trial.desk.audit("echo")
    assert (entry.action, entry.actor, entry.uin) == ("EchoText", "AKID", "100000000001")
    assert (entry.request_id, entry.detail, entry.at) == (
        "request-1",
        "hello",
        trial.desk.clock.now(),
    )


def test_a_declared_refusal_comes_out_and_changes_nothing(trial: Trial) -> None:
    """The transaction is rolled back with its audit row."""
    trial.failures = [AuthError("No.")]
    with pytest.raises(AuthError, match="No"):
        trial.perform()
    assert trial.desk.audit("echo") == []


def test_a_refusal_that_is_not_declared_is_an_internal_error(trial: Trial) -> None:
    """The wire promises a list of codes for each action."""
    trial.failures = [CertificateNotFound()]
    with pytest.raises(InternalError) as refused:
        trial.perform()
    assert refused.value.message == InternalError.text


def test_what_changed_meanwhile_is_read_again(trial: Trial) -> None:
    """Two lost races are survived, and each attempt gives back what it held."""
    trial.failures = [Stale(), Stale()]
    assert trial.perform().attempts == 3
    assert trial.held == ["given back"] * 3
    assert len(trial.desk.audit("echo")) == 1


@pytest.mark.parametrize("moved", [timedelta(seconds=6), timedelta(hours=-1)])
def test_a_signature_changes_something_once_wherever_the_clock_goes(
    trial: Trial, moved: timedelta
) -> None:
    """A clock that was put back makes a used one no younger."""
    action = trial.catalog.find("EchoText")
    assert action is not None
    perform = functools.partial(
        trial.desk.engine.perform, action, CALLER, EchoRequest(text="hello"), "1"
    )
    first = SeenSignature(digest=b"signature", action="EchoText", seen_at=trial.desk.clock.now())
    perform(first)
    with pytest.raises(SignatureExpire):
        perform(replace(first, seen_at=first.seen_at + moved))
    assert len(trial.desk.audit("echo")) == 1


def test_a_commit_asks_whether_its_caller_is_still_who_it_was(trial: Trial) -> None:
    """In its own transaction; nothing is written, however often it is tried."""
    action = trial.catalog.find("EchoText")
    assert action is not None
    perform = trial.desk.engine.perform
    with pytest.raises(CallerChanged):
        perform(action, CALLER, EchoRequest(text="hello"), "1", holds=lambda _: False)
    assert trial.desk.audit("echo") == []
    perform(action, CALLER, EchoRequest(text="hello"), "1", holds=lambda _: True)
    assert len(trial.desk.audit("echo")) == 1


def test_what_is_under_way_is_waited_for(trial: Trial) -> None:
    """And is no lost race, however often it has to be; each attempt gives back what it held."""
    done: Future[None] = Future()
    done.set_result(None)
    trial.failures = [*(Pending(done) for _ in range(5)), Stale(), Stale()]
    assert trial.perform().attempts == 8
    assert trial.held == ["given back"] * 8


def test_three_lost_races_are_the_end(trial: Trial) -> None:
    """Then something is wrong, and the caller is told so."""
    trial.failures = [Stale(), Stale(), Stale(), Stale()]
    with pytest.raises(Stale):
        trial.perform()
    assert trial.attempts == 3


def test_an_action_that_reads_cannot_write(trial: Trial) -> None:
    """A missing `writes=True` shows at the first run."""

    @trial.catalog.action()
    def peek(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        def read(unit: Unit) -> EchoReply:
            context.record(unit, "echo", request.text)
            raise AssertionError

        return read

    action = trial.catalog.find("Peek")
    assert action is not None
    with pytest.raises(ReadOnly):
        trial.desk.engine.perform(action, CALLER, EchoRequest(text=""), "request-1")


class CountingKeys:
    """`ports.Keys` that notes how each loan ended."""

    def __init__(self) -> None:
        """Nothing is lent yet."""
        self.asked: list[KeyKind] = []
        self.kept = 0
        self.returned = 0

    @contextlib.contextmanager
    def lend(self, kind: KeyKind) -> Iterator[ReadyKey]:
        """Lend nothing of use; what counts is how the borrower leaves."""
        self.asked.append(kind)
        try:
            yield None  # type: ignore[misc]  # nobody looks at it
        except BaseException:
            self.returned += 1
            raise
        self.kept += 1


def test_a_key_lent_to_an_attempt_that_lost_its_race_goes_back(tmp_path: Path) -> None:
    """Or the stock would shrink with each lost race."""
    keys = CountingKeys()
    take_key(tmp_path, keys, [Stale(), Stale()])
    assert keys.asked == [KeyKind.P_256] * 3
    assert (keys.returned, keys.kept) == (2, 1)


def test_keys_that_others_used_are_no_lost_races(tmp_path: Path) -> None:
    """Of so many that several processes know, one is left in the end."""
    keys = CountingKeys()
    take_key(tmp_path, keys, [KeyUsedUp()] * 5)
    assert (len(keys.asked), keys.kept) == (6, 1)


def take_key(folder: Path, keys: CountingKeys, races: list[Stale]) -> None:
    """Perform an action that borrows a key and loses all these races."""
    desk = InsideDesk(folder, keys)
    catalog = Catalog()

    @catalog.action(writes=True)
    def borrow_key(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        context.held.enter_context(context.desk.keys.lend(KeyKind.P_256))

        def commit(unit: Unit) -> EchoReply:
            context.record(unit, "key")
            if races:
                raise races.pop()
            return EchoReply(text=request.text, attempts=0)

        return commit

    action = catalog.find("BorrowKey")
    assert action is not None
    desk.engine.perform(action, CALLER, EchoRequest(text=""), "request-1")
