"""Checks every few seconds that the database does what requests need, and stores the time in it.

The stored time is the latest that the desk has seen. The pre-issuance check compares the clock with
it, and refuses to sign if the clock has gone back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from certdesk.domain.accounts.replay import Use
from certdesk.domain.operation.probe_result import NOTHING_READ, NOTHING_WRITTEN, ProbeResult
from certdesk.domain.pki import clock_guard
from certdesk.ports import Admission, Clock, RateLimitExceeded, Store, StoreUnavailable, Taken, Unit
from certdesk.workflow.repeating import Repeating

PROBE_SECONDS = 5
NAME = "probe"
NOBODY_LET_IN = "the desk cannot admit requests"

log = structlog.get_logger()


class Probe(Repeating):
    """Writes and reads repeatedly, and reports what is wrong."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        admission: Admission,
        *,
        further: Callable[[], list[str]] = list,
        wrote: Callable[[float], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is written before `check` or `start`.

        `further` returns other faults, and is called after each check that found none. `wrote` is
        called with the seconds that each write took. `monotonic` and `wall` return seconds: of a
        monotonic clock, and of the machine's clock in Unix time.
        """
        self._store = store
        self._clock = clock
        self._admission = admission
        self._further = further
        self._wrote = wrote
        self._monotonic = monotonic
        self._wall = wall
        self._found = ""
        self._took = 0.0
        self._ended_at = monotonic()
        self._latest: datetime | None = None
        self._others: list[str] = []
        self._said: tuple[str, ...] = ()
        super().__init__(NAME, self.check, PROBE_SECONDS)

    def check(self) -> None:
        """Write and read once, and log what is newly wrong or right."""
        began = self._monotonic()
        found = self._write_and_read()
        self._found, self._ended_at = found, self._monotonic()
        self._took = self._ended_at - began
        if not found:
            self._others = self._further()
        self._say(*self.faults())

    def result(self) -> ProbeResult:
        """Return the result of the last check and its age, without waiting.

        A fault that makes the store refuse all calls is reported at once, before the next check.
        """
        age = self._monotonic() - self._ended_at
        found = self._store.refusing() or self._found
        return ProbeResult(fault=found, age_seconds=age, took_seconds=self._took)

    def faults(self) -> list[str]:
        """Return what is wrong now, in plain words, without waiting; empty if nothing is."""
        return [*self.result().faults, *self._of_the_clock(), *self._others]

    def use(self) -> Use:
        """Return a use of a signature that no request can have."""
        now = self._wall()
        return Use(
            digest=NAME.encode(),
            uin="",
            action=NAME,
            timestamp=int(now),
            at=now,
            once=False,
            action_signed=False,
        )

    def _write_and_read(self) -> str:
        """Do what requests do; return what failed, or an empty text."""
        failed = NOTHING_WRITTEN
        try:
            began = self._monotonic()
            self._latest = self._write()
            self._wrote(self._monotonic() - began)
            failed = NOTHING_READ
            self._check_read(self._store.read(_first_of_each))
            failed = NOBODY_LET_IN
            self._let_in()
        except StoreUnavailable as error:
            return f"{failed}: {_first_line(error)}"
        except Exception as error:  # noqa: BLE001 -- requests would meet it
            return f"{failed}: {type(error).__name__}"
        return ""

    def _write(self) -> datetime:
        try:
            return self._store.write(self._move_on)
        except Taken:
            # Another process on the same database has just stored a later time.
            return self._store.write(self._move_on)

    def _check_read(self, seen: datetime | None) -> None:
        if self._latest is not None and (seen is None or seen < self._latest):
            raise StoreUnavailable("a written value was not there afterwards")

    def _let_in(self) -> None:
        """Take a place in the queue of requests and give it back."""
        # Another process on the database may hold the place now, which proves the same.
        with contextlib.suppress(RateLimitExceeded):
            slot = self._admission.take(self.use(), 1)
            if slot is not None:
                self._admission.leave(slot)

    def _of_the_clock(self) -> Iterator[str]:
        fault = clock_guard.fault_of(self._clock.now(), self._latest)
        if fault is not None:
            yield fault

    def _move_on(self, unit: Unit) -> datetime:
        """Store the later of the recorded time and now; write it even if it is the same."""
        now = self._clock.now()
        seen = clock_guard.latest_of(unit.marks.get(clock_guard.MARK))
        latest = max(now, seen) if seen else now
        unit.marks.remove(clock_guard.MARK)
        unit.marks.add(clock_guard.mark_of(latest))
        return latest

    def _say(self, *faults: str) -> None:
        """Log each fault once, and once that it is over."""
        if faults == self._said:
            return
        self._said = faults
        if faults:
            log.error("the desk is unhealthy", reasons=list(faults))
        else:
            log.warning("the desk is healthy again")


def _first_line(error: StoreUnavailable) -> str:
    return str(error).partition("\n")[0]


def _first_of_each(unit: Unit) -> datetime | None:
    """Read one of each record that every request begins with, and the stored time."""
    unit.accounts.where(limit=1)
    unit.access_keys.where(limit=1)
    return clock_guard.latest_of(unit.marks.get(clock_guard.MARK))
