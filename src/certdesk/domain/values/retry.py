"""Retry: backoff between the attempts of work that fails, and how long it has failed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TypeVar

Span = TypeVar("Span", float, timedelta)

FAILING_SECONDS = 20.0
"""For how long work may fail before it counts as standing still."""

FORGOTTEN_SECONDS = 60.0
"""How long a failure counts after which nobody has tried again."""

_MOST_DOUBLINGS = 20
"""Of 5 seconds these are two months: no pause of the desk is longer."""


def doubled(first: Span, times: int, longest: Span) -> Span:
    """Return the first pause, doubled so many times; `longest` at most, and never less than it."""
    return max(first, min(first * (1 << min(times, _MOST_DOUBLINGS)), longest))


@dataclasses.dataclass(slots=True)
class Failures:
    """The failures since work last succeeded; times are seconds of a clock that never goes back."""

    reason: str = ""
    _since: float = 0.0
    _last: float = 0.0

    def failed(self, error: BaseException, now: float) -> bool:
        """Note a failure; tell whether it is another one than before, and so worth a line."""
        reason = type(error).__name__
        if not self.reason:
            self._since = now
        new = reason != self.reason
        self.reason, self._last = reason, now
        return new

    def succeeded(self) -> bool:
        """Note that the work was done; tell whether it had failed before."""
        had, self.reason = bool(self.reason), ""
        return had

    def standing(self, now: float) -> str:
        """Return why the work stands still, empty where it does not.

        It does not on the first failure, nor where it was not tried again for a while.
        """
        tried = now - self._last < FORGOTTEN_SECONDS
        return self.reason if tried and now - self._since >= FAILING_SECONDS else ""
