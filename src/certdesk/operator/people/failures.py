"""Failed attempts to sign in, and the delays that follow from them.

An attempt is counted as a failure before anything is checked, and taken back if it succeeds. So
many attempts at the same time get no further than one after the other.

Attempts with a name and a password count for the name from this network, for the name over all
networks, and for the network. Attempts in a session count for its person alone, so that strangers
keep nobody from what the person does there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

import structlog

from certdesk.domain.errors import SignInRefused
from certdesk.domain.people.delays import ANYWHERE, LOGIN, NETWORK, counted, wait_until
from certdesk.domain.people.names import folded, login_of, parted
from certdesk.domain.people.records import Person
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Context
from certdesk.operator.people.lookups import subject_of
from certdesk.ports import DESK, HashesBusy, Stale, Taken, Unit

DIGITS = 32
TRIES = 5
"""How often a count is tried while others count for the same network."""

Result = TypeVar("Result")
log = structlog.get_logger()


class Attempt(Record, kw_only=True):
    """An attempt to prove who one is, by what it counts for: each with how many failures are free.

    `own` is forgotten once the person has got in; `shared` is not.
    """

    own: tuple[tuple[str, int], ...]
    shared: tuple[tuple[str, int], ...] = ()

    @property
    def subjects(self) -> tuple[tuple[str, int], ...]:
        """All that it counts for."""
        return (*self.own, *self.shared)


def attempt_for(context: Context, login: str, network: str) -> Attempt:
    """Return the attempt of somebody who types a name, whether or not anybody has it.

    Names that nobody has are delayed alike, so that nobody finds out names. The log and the
    database have a keyed hash of the name: people type passwords there too. The network is "" if it
    is unknown.
    """
    name, uin = parted(login)
    essence = f"sign-in {login_of(folded(name), uin)}"
    hashed = context.desk.vault.fingerprint(DESK, essence.encode()).hex()
    anywhere = f"login:{hashed[:DIGITS]}"
    return Attempt(
        own=((f"{anywhere} net:{network}", LOGIN), (anywhere, ANYWHERE)),
        shared=((f"net:{network}", NETWORK),) if network else (),
    )


def attempt_in_session(person: Person) -> Attempt:
    """Return the attempt of the person in a session: to prove again, or to give a code."""
    return Attempt(own=((f"session {subject_of(person)}", LOGIN),))


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
    """Note that a person has got in: the person's own earlier failures do not count."""
    take_back(unit, attempt)
    forgive(unit, attempt)


def forgive(unit: Unit, attempt: Attempt) -> None:
    """Remove the counts of a person's own failures."""
    for subject, _ in attempt.own:
        unit.sign_in_failures.remove(subject)


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
        subjects = [subject for subject, _ in attempt.subjects]
        log.info("a sign-in was refused", subjects=subjects)
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
