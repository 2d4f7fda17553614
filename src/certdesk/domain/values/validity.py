"""How long a certificate lasts, and a proof before it, by the day of issue.

Sources: CA/Browser Forum Baseline Requirements 6.3.2 and 4.2.1, as ballot SC-081 has set them.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

CAA_LASTS = timedelta(hours=8)
"""How long a look for CAA records permits (Baseline Requirements 3.2.2.8)."""

BACKDATED = timedelta(minutes=50)
"""How long before its making a certificate begins, for clients whose clock is slow.

It may be an hour (`gate.FIRST_BACK`), and between writing a certificate and the gate time passes.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What holds for certificates issued since a day.

    `days` is one less than the requirements allow: a single second more would be another day.
    `proof_days` is how old the proof of a name may be.
    """

    days: int
    proof_days: int


_TERMS = (
    (datetime(2029, 3, 15, tzinfo=UTC), Terms(days=46, proof_days=10)),
    (datetime(2027, 3, 15, tzinfo=UTC), Terms(days=99, proof_days=100)),
)
_TERMS_BEFORE = Terms(days=199, proof_days=200)
LONGEST_DAYS = _TERMS_BEFORE.days


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """From when to when a certificate is valid, both included, in whole seconds."""

    begins: datetime
    ends: datetime

    @property
    def days(self) -> int:
        """How many days it lasts; a second begins another one."""
        return -((self.begins - self.ends - timedelta(seconds=1)) // timedelta(days=1))


def terms_at(issued: datetime) -> Terms:
    """Give what holds for a certificate issued at a time."""
    return next((terms for since, terms in _TERMS if since <= issued), _TERMS_BEFORE)


def days_allowed(issued: datetime, own: int, most: int | None) -> int:
    """Give how many days a certificate may last: by the table, or by `own` where it is not 0.

    `most` is what the order allows at most, None where it sets no limit.
    """
    allowed = own or terms_at(issued).days
    return allowed if most is None else min(allowed, most)


def period(now: datetime, days: int, latest: datetime) -> Period:
    """Give the validity of a certificate made now that lasts `days`, but not beyond `latest`."""
    begins = now.replace(microsecond=0) - BACKDATED
    ends = begins + timedelta(days=days) - timedelta(seconds=1)
    return Period(begins, min(ends, latest))
