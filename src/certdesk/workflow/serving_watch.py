"""The processes that serve a desk, as their parent tells, for those who watch the desk."""

from __future__ import annotations

import collections
import dataclasses
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from certdesk.domain.operation.checkup import Observation, failure, warning

NOTED_SECONDS = 600
"""How long it is told that a process ended."""

MOST_NOTED = 1000
"""How many ends of one place are counted at most."""

IF_DOWN = "wait a minute; if it stays, the log says why they end"
IF_FAULTY = "do what the guide says of this line (Watch); if it stays, kill -9 replaces the process"
IF_REPLACED = "the log says why it ended; if it happens again, report it with the log"
IF_SILENT = "it is killed and replaced after http.silent_seconds; kill -9 does it now"


@dataclasses.dataclass(slots=True)
class _Place:
    """The place of one process: the one in it, and what became of those before.

    `waits` is how long the parent waits before it starts the next one. `faults` are what the
    process has found wrong with itself.
    """

    number: int
    process: int = 0
    serves: bool = False
    silent_seconds: float = 0.0
    waits: float = 0.0
    not_started: str = ""
    faults: tuple[str, ...] = ()
    ends: collections.deque[tuple[float, str]] = dataclasses.field(
        default_factory=lambda: collections.deque(maxlen=MOST_NOTED)
    )

    @property
    def down(self) -> bool:
        """Whether a process served here, and none does now."""
        return bool(self.process) and not self.serves

    def story(self, since: float) -> str:
        """Tell what happened here after a time; empty if nothing did."""
        if self.not_started:
            return f"serving process {self.number} cannot be started: {self.not_started}"
        told = [how for at, how in self.ends if at >= since]
        if len(told) <= 1:
            return f"serving process {self.number} {told[0]}" if told else ""
        minutes = NOTED_SECONDS // 60
        return (
            f"serving process {self.number} ended {len(told)} times in {minutes} minutes "
            f"(the last one {told[-1]})"
        )


class ServingWatch:
    """Which processes serve, which ended, and which do not answer.

    A desk with a single process has no places here: that process serves while anybody can ask.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Know of no process; `monotonic` returns seconds."""
        self._monotonic = monotonic
        self._places: list[_Place] = []
        self._known: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    # --- what the parent tells --------------------------------------------------------------------

    def begin(self, processes: int) -> None:
        """There are places for so many processes."""
        with self._lock:
            self._places = [_Place(number) for number in range(processes)]

    def serves(self, number: int, process: int) -> None:
        """A process serves now in a place."""
        with self._lock:
            place = self._places[number]
            place.process, place.serves, place.not_started = process, True, ""
            place.silent_seconds = place.waits = 0.0
            place.faults = ()

    def finds(self, number: int, faults: Iterable[str]) -> bool:
        """A process finds this wrong with itself; return whether that is new."""
        with self._lock:
            place, before = self._places[number], self._places[number].faults
            place.faults = tuple(faults)
            return place.faults != before

    def is_silent(self, number: int, seconds: float) -> None:
        """A process has not answered for so long."""
        with self._lock:
            self._places[number].silent_seconds = seconds

    def ended(self, number: int, how: str) -> None:
        """A process ended, or is being killed."""
        with self._lock:
            place = self._places[number]
            place.serves, place.silent_seconds, place.faults = False, 0.0, ()
            place.ends.append((self._monotonic(), how))

    def waits(self, number: int, seconds: float, not_started: str = "") -> None:
        """The next process is started after a pause; the last one was `not_started`, or ended."""
        with self._lock:
            self._places[number].waits = seconds
            self._places[number].not_started = not_started

    def knows(self, faults: Iterable[str]) -> None:
        """The parent has these faults too: they are not told again for each process."""
        with self._lock:
            self._known = frozenset(faults)

    # --- what others read -------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Return a line for each process that is missing, and for each fault of one that serves."""
        with self._lock:
            since, count = self._since(), self._count()
            missing = [_missing(place, since, count) for place in self._places if place.down]
            return [*missing, *self._own_faults()]

    def notes(self) -> list[str]:
        """Return a line for each process that is silent, or was replaced."""
        with self._lock:
            return [*map(_silence, self._silent()), *self._replaced()]

    def examine(self) -> Iterator[Observation]:
        """Yield what is not well, for `certdesk doctor`."""
        with self._lock:
            silent, replaced = self._silent(), list(self._replaced())
            tell = warning if len(silent) < len(self._serving()) else failure
            since, count = self._since(), self._count()
            down = [_missing(place, since, count) for place in self._places if place.down]
            faults = list(self._own_faults())
        for line in down:
            yield tell("desk", line, IF_DOWN)
        for line in faults:
            yield failure("desk", line, IF_FAULTY)
        for place in silent:
            yield tell("desk", _silence(place), IF_SILENT)
        for line in replaced:
            yield warning("desk", line, IF_REPLACED)

    def describe(self) -> str:
        """Return which processes the desk has."""
        with self._lock:
            if not self._places:
                return f"process {os.getpid()}"
            serving, all_ = self._serving(), len(self._places)
        count = str(all_) if len(serving) == all_ else f"{len(serving)} of {all_}"
        which = ", ".join(str(place.process) for place in serving)
        return f"parent {os.getpid()}, {count} serving processes" + (f" ({which})" if which else "")

    def states(self) -> Mapping[str, float]:
        """Return how many processes serve, are silent, and are missing."""
        with self._lock:
            if not self._places:
                return {"serves": 1, "silent": 0, "missing": 0}
            serving, silent = len(self._serving()), len(self._silent())
            missing = len(self._places) - serving
            return {"serves": serving - silent, "silent": silent, "missing": missing}

    def _own_faults(self) -> Iterator[str]:
        for place in self._places:
            for fault in place.faults:
                if fault not in self._known:
                    yield f"serving process {place.number}: {fault}"

    def _since(self) -> float:
        return self._monotonic() - NOTED_SECONDS

    def _serving(self) -> list[_Place]:
        return [place for place in self._places if place.serves]

    def _silent(self) -> list[_Place]:
        return [place for place in self._places if place.silent_seconds >= 1]

    def _count(self) -> str:
        serving = len(self._serving())
        return f"{serving or 'none'} of {len(self._places)} {'serve' if serving > 1 else 'serves'}"

    def _replaced(self) -> Iterator[str]:
        now = self._monotonic()
        for place in self._serving():
            if story := place.story(self._since()):
                ago = now - place.ends[-1][0]
                yield f"{story}, {ago:.0f} s ago; process {place.process} serves now"


def _missing(place: _Place, since: float, count: str) -> str:
    # The pause is worth a word if somebody has time to read it.
    again = f"; the next one is started in {place.waits:.0f} s" if place.waits >= 1 else ""
    story = place.story(since) or f"serving process {place.number} ended"
    replaced = "" if place.not_started else " and is being replaced"
    return f"{story}{replaced}{again}; {count}"


def _silence(place: _Place) -> str:
    return (
        f"serving process {place.number} (process {place.process}) has not answered for "
        f"{place.silent_seconds:.0f} s"
    )
