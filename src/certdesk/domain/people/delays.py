"""Delays after failed attempts to sign in: they double, up to 15 minutes.

Delays and no lock: a lock would let a stranger who knows a name keep its person out. For the same
reason most is counted for a login from one network. What counts for the login over all networks is
so patient that the failures of one network never reach it.

>>> [delay_after(count, LOGIN).total_seconds() for count in (4, 5, 6, 9, 10, 1000)]
[0.0, 30.0, 60.0, 480.0, 900.0, 900.0]
"""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.people.records import SignInFailure

LOGIN = 5
"""The failures of a login from one network, or in sessions, after which delays begin."""

ANYWHERE = 30
"""The failures of a login over all networks after which delays begin."""

NETWORK = 20
"""The failures of a network after which delays begin: an office may share an address."""

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
"""The time without a failure after which the earlier ones do not count."""

ONE_FORGOTTEN_AFTER = timedelta(minutes=10)
"""The time without a failure after which one counts less.

It is shorter than the longest delay, so a network that is delayed adds nothing to the count of a
login over all networks.
"""

_DOUBLINGS = 5


def delay_after(count: int, free: int) -> timedelta:
    """Return how long to wait after so many failures; the first ones are `free`."""
    if count < free:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(count - free, _DOUBLINGS)), LONGEST_DELAY)


def wait_until(failure: SignInFailure | None, free: int, now: datetime) -> datetime | None:
    """Return when the next attempt may be made, None if now."""
    if failure is None or now - failure.last_at >= FORGOTTEN_AFTER:
        return None
    # If the clock was set back, the delay begins again.
    until = min(failure.last_at, now) + delay_after(failure.count, free)
    return until if until > now else None


def counted(failure: SignInFailure | None, subject: str, now: datetime) -> SignInFailure:
    """Return the record with one failure more."""
    if failure is None:
        return SignInFailure(subject=subject, count=1, last_at=now)
    count = _left(failure.count, now - failure.last_at)
    return SignInFailure(subject=subject, count=count + 1, last_at=now, version=failure.version)


def _left(count: int, pause: timedelta) -> int:
    """Return how many failures still count after a pause."""
    if pause >= FORGOTTEN_AFTER:
        return 0
    return max(0, count - max(0, pause // ONE_FORGOTTEN_AFTER))
