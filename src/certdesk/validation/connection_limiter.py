"""A limit on connections to one address, whichever names lead to it.

The owner of many domains could point all of them to somebody else's server. Each process counts
separately, by its own monotonic clock.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from certdesk.domain.values.addresses import Address, block_of
from certdesk.domain.values.retry import doubled

MINUTE = 60.0
PATIENT = 3
"""Failures in a row after which an address and port are not used for a while."""

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 120.0
MOST_KNOWN = 10_000
"""The most addresses remembered; with more, the entries that no longer matter are dropped."""


class AddressPaused(Exception):
    """An address is not to be connected to for a while; the text says why."""


@dataclasses.dataclass(slots=True)
class _Failures:
    """How often in a row a port did not answer, and until when it is not used."""

    count: int = 0
    until: float = 0.0


class ConnectionLimiter:
    """The counts of connections and failures by address; safe to use from several threads."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """Admit `per_minute` connections to one address; 0 is no limit."""
        self._per_minute = per_minute
        self._now = now
        self._change = threading.Lock()
        self._even_at: dict[str, float] = {}
        self._failures: dict[tuple[Address, int], _Failures] = {}

    def admit(self, addresses: Iterable[Address], port: int) -> Iterator[Address]:
        """Yield the addresses that may be connected to now; each is counted when it is yielded.

        Raises:
            AddressPaused: none may be connected to.
        """
        admitted, why = False, ""
        for address in addresses:
            refusal = self._take(address, port)
            if refusal is None:
                admitted = True
                yield address
            else:
                why = why or refusal
        if why and not admitted:
            raise AddressPaused(why)

    def failed(self, addresses: Sequence[Address], port: int) -> None:
        """Record addresses that took no connection; from the third time on there is a pause.

        `addresses` are only those that were tried: a hostile name may list another's address, which
        must not be paused for the failures of the name's own.
        """
        now = self._now()
        with self._change:
            for address in addresses:
                its = self._failures.setdefault((address, port), _Failures())
                its.count += 1
                if its.count >= PATIENT:
                    its.until = now + doubled(FIRST_PAUSE, its.count - PATIENT, LONGEST_PAUSE)

    def answered(self, addresses: Sequence[Address], port: int) -> None:
        """Clear the failures of addresses that took a connection."""
        with self._change:
            for address in addresses:
                self._failures.pop((address, port), None)

    def _take(self, address: Address, port: int) -> str | None:
        """Count a connection to an address, or return why there may be none now."""
        now, source = self._now(), block_of(address)
        with self._change:
            self._forget(now)
            its = self._failures.get((address, port))
            if its is not None and its.until > now:
                return (
                    f"port {port} of {address} did not answer several times; the desk tries "
                    "again after a pause"
                )
            if not self._has_room(source, now):
                return (
                    f"the desk connected to {address} {self._per_minute} times in the last "
                    "minute; it tries again after a pause"
                )
            self._count(source, now)
        return None

    def _has_room(self, source: str, now: float) -> bool:
        if not self._per_minute:
            return True
        used = max(0.0, self._even_at.get(source, now) - now) / self._interval
        return used + 1 <= self._per_minute

    def _count(self, source: str, now: float) -> None:
        if self._per_minute:
            self._even_at[source] = max(self._even_at.get(source, now), now) + self._interval

    @property
    def _interval(self) -> float:
        return MINUTE / self._per_minute

    def _forget(self, now: float) -> None:
        """Drop entries that no longer matter, once there are many."""
        if len(self._even_at) > MOST_KNOWN:
            self._even_at = {its: at for its, at in self._even_at.items() if at > now}
        if len(self._failures) > MOST_KNOWN:
            recent = now - LONGEST_PAUSE
            self._failures = {key: its for key, its in self._failures.items() if its.until > recent}
