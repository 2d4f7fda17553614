"""The limit on connections, and which one is closed to make room for another.

A connection has a seat from the moment it is accepted, before any handshake. If all seats are taken
(of an address, or in all), a connection that keeps the desk waiting is closed for the new one: it
is idle between requests, its request is incomplete, its answer is delayed, or its client has not
read the answer yet. It is chosen from the address with most connections: the longest-waiting first,
those that are reading an answer last. So idle and stalled connections block nobody, too many
connections from one address cost only that address, and a request in progress is never dropped.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from starlette.types import Scope

SEAT = "certdesk.seat"
"""The key of a request's scope that holds the seat of its connection."""


@dataclasses.dataclass(eq=False, slots=True)
class Seat:
    """The seat of one connection; `block` is the address block that it counts for, if any.

    `since` is when the connection was accepted, or began or ended its last request, in monotonic
    seconds. `shaking` is true until its handshake is done, `busy` while a complete request is in
    progress, and `slowed` while its answer is delayed. `close` ends the connection at once;
    `is_writing` returns whether there is an answer that the client has not read yet.
    """

    block: str | None
    since: float
    close: Callable[[], None]
    shaking: bool
    busy: bool = False
    slowed: bool = False
    is_writing: Callable[[], bool] = bool


class SeatLimits(Record, kw_only=True):
    """The most connections: in all, of one address block, and in their handshake."""

    all: int
    block: int
    shaking: int


class Seats:
    """The seats of all connections; for the event loop's thread only."""

    def __init__(self, limits: SeatLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with all seats free."""
        self._limits = limits
        self._monotonic = monotonic
        self._taken: dict[Seat, None] = {}
        # A proxy's connections belong to many clients, and count for no address.
        self._blocks: Counter[str | None] = Counter()
        self._shaking = 0

    def take(self, block: str | None, close: Callable[[], None], *, shaking: bool) -> Seat | None:
        """Return a seat, or None if no room can be made."""
        if not self._has_room(block, shaking=shaking):
            return None
        seat = Seat(block, self._monotonic(), close, shaking)
        self._taken[seat] = None
        self._shaking += shaking
        if block is not None:
            self._blocks[block] += 1
        return seat

    def shaken(self, seat: Seat) -> None:
        """Record that a connection has completed its handshake."""
        if seat in self._taken:
            self._shaking -= seat.shaking
        seat.shaking = False

    def turn(self, seat: Seat) -> None:
        """Record that a connection begins or has ended a request."""
        seat.since = self._monotonic()
        seat.busy = seat.slowed = False

    def leave(self, seat: Seat) -> None:
        """Take a seat back; a second call does nothing."""
        if seat not in self._taken:
            return
        del self._taken[seat]
        self._shaking -= seat.shaking
        if seat.block is not None:
            self._blocks[seat.block] -= 1
            if not self._blocks[seat.block]:
                del self._blocks[seat.block]

    def __len__(self) -> int:
        """Return how many seats are taken."""
        return len(self._taken)

    def _has_room(self, block: str | None, *, shaking: bool) -> bool:
        limits, taken = self._limits, self._taken
        of_block = block is not None and self._blocks[block] >= limits.block
        if of_block and not self._make_room(seat for seat in taken if seat.block == block):
            return False
        in_handshake = shaking and self._shaking >= limits.shaking
        if in_handshake and not self._make_room(seat for seat in taken if seat.shaking):
            return False
        return len(taken) < limits.all or self._make_room(taken)

    def _make_room(self, candidates: Iterable[Seat]) -> bool:
        """Close one of these connections that keeps the desk waiting."""
        waiting = [seat for seat in candidates if not seat.busy]
        if not waiting:
            return False
        most = max(self._blocks[seat.block] for seat in waiting)
        crowd = (seat for seat in waiting if self._blocks[seat.block] == most)
        given_up = min(crowd, key=lambda seat: (seat.is_writing(), seat.since))
        self.leave(given_up)
        given_up.close()
        return True


def slowed(scope: Scope) -> None:
    """Record that the answer to this scope's request is delayed."""
    seat: Seat | None = scope.get(SEAT)
    if seat is not None:
        seat.busy, seat.slowed = False, True
