"""Failed attempts to sign in, and the delays that follow from them.

An attempt is counted as a failure before anything is checked, and taken back if it succeeds. So
many attempts at the same time get no further than one after the other.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

import structlog

from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.delays import LOGIN, NETWORK, counted, wait_until
from certdesk.domain.people.names import folded, login_of, parted
from certdesk.domain.people.records import Person
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Context
from certdesk.operator.people.lookups import login_of_person
from certdesk.ports import HashesBusy, Stale, Taken, Unit

DIGITS = 32
TRIES = 5
"""How often a count is tried while others count for the same network."""

Result = TypeVar("Result")
log = structlog.get_logger()


class Attempt(Record, kw_only=True):
    """An attempt to prove who one is: for a login, from a network ("" if unknown)."""

    login: str
    network: str

    @property
    def subjects(self) -> list[tuple[str, int]]:
        """What is counted, each with how many failures are free."""
        network = [(f"net:{self.network}", NETWORK)] if self.network else []
        return [(self.login, LOGIN), *network]


def attempt_for(login: str, network: str) -> Attempt:
    """Return the attempt of somebody who types a name, whether or not anybody has it.

    Names that nobody has are delayed alike, so that nobody finds out names.
    """
    name, uin = parted(login)
    digest = hashlib.sha256(login_of(folded(name), uin).encode()).hexdigest()
    return Attempt(login=f"login:{digest[:DIGITS]}", network=network)


def attempt_of(person: Person, network: str) -> Attempt:
    """Return the attempt of somebody who is known."""
    return attempt_for(login_of_person(person), network)


def count(context: Context, attempt: Attempt) -> None:
    """Count an attempt as failed, until it has succeeded.

    Raises:
        SignInRefused: too many have failed before, so this one is not even looked at.
    """
    _patiently(context, lambda unit: _count(unit, attempt, context.now))


def _count(unit: Unit, attempt: Attempt, now: datetime) -> None:
    for subject, free in attempt.subjects:
        failure = unit.sign_in_failures.get(subject)
        until = wait_until(failure, free, now)
        if until is not None:
            raise SignInRefused(_later((until - now).total_seconds()))
        more = counted(failure, subject, now)
        if failure is None:
            unit.sign_in_failures.add(more)
        else:
            unit.sign_in_failures.replace(more)


def take_back(unit: Unit, attempt: Attempt) -> None:
    """Note that an attempt has not failed. Earlier ones count on."""
    for subject, _ in attempt.subjects:
        failure = unit.sign_in_failures.get(subject)
        if failure is not None and failure.count > 1:
            unit.sign_in_failures.replace(replace(failure, count=failure.count - 1))
        elif failure is not None:
            unit.sign_in_failures.remove(subject)


def forget(unit: Unit, attempt: Attempt) -> None:
    """Note that somebody has signed in completely: the login's earlier failures do not count."""
    take_back(unit, attempt)
    unit.sign_in_failures.remove(attempt.login)


@contextlib.contextmanager
def checking(context: Context, attempt: Attempt) -> Iterator[None]:
    """Count an attempt that is checked in the context.

    Raises:
        SignInRefused: too many have failed before.
    """
    count(context, attempt)
    try:
        yield
    except HashesBusy:
        _patiently(context, lambda unit: take_back(unit, attempt))
        raise
    except SignInRefused:
        log.info("a sign-in was refused", login=attempt.login, network=attempt.network)
        raise


def _patiently(context: Context, work: Callable[[Unit], Result]) -> Result:
    for _ in range(TRIES):
        with contextlib.suppress(Stale, Taken):
            return context.desk.store.write(work)
    raise HashesBusy


def _later(seconds: float) -> str:
    minutes = int(seconds) // 60
    words = f"{minutes + 1} minutes" if minutes else f"{int(seconds) + 1} seconds"
    return f"Too many attempts have failed. Try again in {words}."
