"""Processes that parse: ended in time, replaced, shared among accounts, and gone with the desk."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator

import pytest

from certdesk.domain.vetting import letters
from certdesk.parsing.pool import PER_ACCOUNT, ParserPool
from certdesk.ports import ParsersBusy, Pending
from tests.children import arguments_of, gone, parsers_of
from tests.hostile_files import in_base64, pdf_of_strings
from tests.papers import PDF

FORMS = ("PDF",)
GOOD = in_base64(PDF)
TAKEN = letters.Examined(form="PDF", content=PDF)
STILL_SECONDS = 3
"""After so long a process that parses this little stands still."""


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    """A pool of two processes, neither of which is started yet."""
    pool = ParserPool(processes=2, seconds=5)
    pool.start()
    yield pool
    pool.stop()


def ask(pool: ParserPool, account: str, request_id: str, text: str = GOOD) -> letters.Examined:
    """Ask once; raises `Pending`."""
    return pool.run(account, request_id, letters.TOO_COSTLY, letters.examine, text, FORMS)


def wait(pool: ParserPool, account: str, request_id: str, text: str = GOOD) -> letters.Examined:
    """Ask until it is found."""
    while True:
        try:
            return ask(pool, account, request_id, text)
        except Pending as pending:
            pending.done.result()


def begin(pool: ParserPool, account: str, request_id: str) -> Pending:
    """Ask, and do not wait."""
    with pytest.raises(Pending) as pending:
        ask(pool, account, request_id)
    return pending.value


def parser() -> int:
    """Give the one process that parses."""
    (pid,) = parsers_of(os.getpid())
    return pid


def test_a_process_is_started_when_it_is_needed_and_kept(pool: ParserPool) -> None:
    """No more than there is work for, and nothing of the work stands in its arguments."""
    assert parsers_of(os.getpid()) == []
    assert wait(pool, "a", "1") == TAKEN
    first = parser()
    assert wait(pool, "a", "2") == TAKEN
    assert first in parsers_of(os.getpid())
    assert arguments_of(first).split(b"\0")[1:] == [b"-I", b"-m", b"certdesk.parsing", b""]


def test_what_takes_too_long_is_refused_and_the_next_is_parsed() -> None:
    """The kernel ends the process, in the middle of whatever it does."""
    pool = ParserPool(processes=1, seconds=0.2)
    pool.start()
    try:
        assert wait(pool, "a", "1", in_base64(pdf_of_strings())) == letters.TOO_COSTLY
        assert wait(pool, "a", "2") == TAKEN
    finally:
        pool.stop()


def test_a_process_that_dies_while_it_parses_is_a_refusal(pool: ParserPool) -> None:
    """Whoever killed it; one that was killed before is replaced, and nobody hears of it."""
    wait(pool, "a", "1")
    stopped = parser()
    os.kill(stopped, signal.SIGSTOP)
    request_id, pending = stuck(pool, "a")
    os.kill(stopped, signal.SIGKILL)
    pending.done.result()
    assert ask(pool, "a", request_id) == letters.TOO_COSTLY
    assert wait(pool, "a", "3") == TAKEN
    for pid in parsers_of(os.getpid()):
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
    assert wait(pool, "a", "4") == TAKEN


def stuck(pool: ParserPool, account: str) -> tuple[str, Pending]:
    """Ask until the process that stands still has it; another one may be quicker."""
    for number in itertools.count():
        pending = begin(pool, account, f"quick {number}")
        try:
            pending.done.result(STILL_SECONDS)
        except TimeoutError:
            return f"quick {number}", pending
        ask(pool, account, f"quick {number}")
    raise AssertionError


def test_one_account_has_one_process_and_leaves_the_other_to_others(pool: ParserPool) -> None:
    """What it asks for more waits its turn, and beyond a number is refused at once."""
    wait(pool, "a", "0")
    stopped = parser()
    os.kill(stopped, signal.SIGSTOP)
    waiting = [stuck(pool, "a")[1]]
    waiting += [begin(pool, "a", f"{number}") for number in range(1, PER_ACCOUNT)]
    with pytest.raises(ParsersBusy):
        ask(pool, "a", "too many")
    assert wait(pool, "b", "of another") == TAKEN
    assert not any(pending.done.done() for pending in waiting)
    os.kill(stopped, signal.SIGCONT)
    for pending in waiting:
        pending.done.result()
    for number in range(1, PER_ACCOUNT):
        assert ask(pool, "a", f"{number}") == TAKEN


def test_nothing_is_left_of_it_when_it_is_stopped(pool: ParserPool) -> None:
    """Neither processes nor anybody who waits; what was not parsed is not called bad."""
    wait(pool, "a", "0")
    pid = parser()
    os.kill(pid, signal.SIGSTOP)
    waiting = [stuck(pool, "a"), ("2", begin(pool, "a", "2"))]
    pool.stop()
    for request_id, pending in waiting:
        pending.done.result()
        with pytest.raises(ParsersBusy):
            ask(pool, "a", request_id)
    assert gone(pid)
    assert not pool.alive
    with pytest.raises(ParsersBusy):
        ask(pool, "a", "3")
