"""How long a certificate, and a proof before it, may last, by the day of issuance.

Sources: CA/Browser Forum Baseline Requirements 6.3.2 and 4.2.1, as changed by ballot SC-081.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from certdesk.domain.values.record import Record

CAA_LASTS = timedelta(hours=8)
"""How long a CAA check permits issuance (Baseline Requirements 3.2.2.8)."""

BACKDATED = timedelta(minutes=50)
"""How long before its making a certificate begins, for clients whose clock is slow.

It may be an hour (`preissuance.FIRST_BACK`), and time passes between writing a certificate and the
check before issuance.
"""


class Terms(Record):
    """The limits for certificates issued since a day.

    `days` is one less than the requirements allow, because a single second more would count as
    another day. `proof_days` is how old the proof of a name may be.
    """

    days: int
    proof_days: int


_TERMS = (
    (datetime(2029, 3, 15, tzinfo=UTC), Terms(days=46, proof_days=10)),
    (datetime(2027, 3, 15, tzinfo=UTC), Terms(days=99, proof_days=100)),
)
_TERMS_BEFORE = Terms(days=199, proof_days=200)
LONGEST_DAYS = _TERMS_BEFORE.days


class Period(Record):
    """The validity of a certificate: its begin and end, both included, in whole seconds."""

    begins: datetime
    ends: datetime

    @property
    def days(self) -> int:
        """The days that it lasts; a part of a day counts as a day."""
        return -((self.begins - self.ends - timedelta(seconds=1)) // timedelta(days=1))


def terms_at(issued: datetime) -> Terms:
    """Return the limits for a certificate issued at a time."""
    return next((terms for since, terms in _TERMS if since <= issued), _TERMS_BEFORE)


def days_allowed(issued: datetime, own: int, most: int | None) -> int:
    """Return how many days a certificate may last: by the table, or by `own` if that is not 0.

    `most` is what the order allows at most, None if it sets no limit.
    """
    allowed = own or terms_at(issued).days
    return allowed if most is None else min(allowed, most)


def period(now: datetime, days: int, latest: datetime) -> Period:
    """Return the validity of a certificate made now that lasts `days`, but not beyond `latest`."""
    begins = now.replace(microsecond=0) - BACKDATED
    ends = begins + timedelta(days=days) - timedelta(seconds=1)
    return Period(begins, min(ends, latest))
