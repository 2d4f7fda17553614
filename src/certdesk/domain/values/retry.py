"""Retry: backoff between the attempts of work that fails, and how long it has failed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TypeVar

Span = TypeVar("Span", float, timedelta)

FAILING_SECONDS = 20.0
"""For how long work may fail before it counts as standing still."""

FORGOTTEN_SECONDS = 60.0
"""How long a failure counts if nobody tries again."""

_MOST_DOUBLINGS = 20
"""With a first pause of 5 seconds this is two months: no pause of the desk is longer."""


def doubled(first: Span, times: int, longest: Span) -> Span:
    """Return the first pause doubled `times` times: `longest` at most, `first` at least."""
    return max(first, min(first * (1 << min(times, _MOST_DOUBLINGS)), longest))


@dataclasses.dataclass(slots=True)
class Failures:
    """The failures since the last success; times are seconds of a monotonic clock."""

    reason: str = ""
    _since: float = 0.0
    _last: float = 0.0

    def failed(self, error: BaseException, now: float) -> bool:
        """Note a failure; return whether it is a new one, which should be logged."""
        reason = type(error).__name__
        if not self.reason:
            self._since = now
        new = reason != self.reason
        self.reason, self._last = reason, now
        return new

    def succeeded(self) -> bool:
        """Note a success; return whether the work had failed before."""
        had, self.reason = bool(self.reason), ""
        return had

    def standing(self, now: float) -> str:
        """Return why the work stands still, empty if it does not.

        It does not on the first failure, nor if nobody has tried again for a while.
        """
        tried = now - self._last < FORGOTTEN_SECONDS
        return self.reason if tried and now - self._since >= FAILING_SECONDS else ""
