"""Feels the desk's pulse: writes the time into its database, again and again.

What is written is the latest time that the desk has seen. By it the gate before the signing key
knows a clock that has gone back; and the write shows that a change could be kept now.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from certdesk.domain import timekeeping
from certdesk.ports import Clock, Store, Taken, Unit
from certdesk.workflow.repeating import Repeating

PROBE_SECONDS = 2
OLDEST_SECONDS = 4
"""How long ago the last good write may have ended."""
NOTHING_WRITTEN = "nothing can be written to the database"

log = structlog.get_logger()


class Probe(Repeating):
    """Writes every other second, and tells what is wrong."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        further: Callable[[], list[str]] = list,
        wrote: Callable[[float], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is written before `start`. Time is measured in `monotonic` seconds.

        After each write `further` is asked what else is wrong, and `wrote` told how many seconds
        the write took.
        """
        self._store = store
        self._clock = clock
        self._further = further
        self._wrote = wrote
        self._monotonic = monotonic
        self._wrote_at = monotonic()
        self._latest: datetime | None = None
        self._others: list[str] = []
        self._said: tuple[str, ...] = ()
        super().__init__("probe", self.look, PROBE_SECONDS)

    def start(self) -> None:
        """Begin to write."""
        self._wrote_at = self._monotonic()
        super().start()

    def look(self) -> None:
        """Write once, and log what has become wrong or right by it."""
        began = self._monotonic()
        try:
            # Of two processes on one database, the other has just moved it on.
            with contextlib.suppress(Taken):
                self._latest = self._store.write(self._move_on)
        except Exception as error:  # noqa: BLE001 -- whatever it is, nothing was written
            self._say(f"{NOTHING_WRITTEN}: {type(error).__name__}")
            return
        self._wrote_at = self._monotonic()
        self._wrote(self._wrote_at - began)
        self._others = self._further()
        self._say(*self.faults())

    def faults(self) -> list[str]:
        """Tell in plain words what is wrong now, waiting for nothing; it may be nothing."""
        return [*self._of_the_database(), *self._of_the_clock(), *self._others]

    def _of_the_database(self) -> Iterator[str]:
        if self._monotonic() - self._wrote_at > OLDEST_SECONDS:
            yield NOTHING_WRITTEN

    def _of_the_clock(self) -> Iterator[str]:
        fault = timekeeping.fault_of(self._clock.now(), self._latest)
        if fault is not None:
            yield fault

    def _move_on(self, unit: Unit) -> datetime:
        """Keep the later of what was seen before and now, written anew where it is the same."""
        now = self._clock.now()
        seen = timekeeping.latest_of(unit.marks.get(timekeeping.MARK))
        latest = max(now, seen) if seen else now
        unit.marks.remove(timekeeping.MARK)
        unit.marks.add(timekeeping.mark_of(latest))
        return latest

    def _say(self, *faults: str) -> None:
        """Log a fault once, and that there is none any more."""
        if faults == self._said:
            return
        self._said = faults
        if faults:
            log.error("the desk is not well", reasons=list(faults))
        else:
            log.warning("the desk is well again")
