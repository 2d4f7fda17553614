"""The counts of what waits in a desk, for metrics, health pages and the check-up."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from certdesk.domain.orders.lifecycle import Status, StatusMessage
from certdesk.domain.values.record import Record

DAY = timedelta(days=1)

LATE = timedelta(minutes=1)
"""How long work may be due before it counts as late."""

ENDING = timedelta(days=7)
"""How long before its end a certificate without a successor is reported."""


class WaitsFor(enum.StrEnum):
    """What an order waits for."""

    MATERIAL = "material"
    LETTER = "letter"
    REVIEW = "review"
    PROOF = "proof"
    ISSUE = "issue"
    REVOCATION = "revocation"
    RECORDS = "records"
    MOVE = "move"
    ACCOUNT = "account"
    """The enabling of its account."""

    OPERATOR = "operator"
    """An operator, because it was set aside."""


class Ending(enum.StrEnum):
    """Things with an end before which something has to happen."""

    CERTIFICATE = "certificate"
    """A certificate that is to have a successor and has none yet."""

    CRL = "crl"
    AUTHORITY = "authority"
    TLS = "tls"
    """The desk's own server certificate."""


class DueWork(enum.StrEnum):
    """Work that falls due."""

    ORDERS = "orders"
    RENEWALS = "renewals"


BY_STATUS = {
    Status.AWAITING_MATERIAL: WaitsFor.MATERIAL,
    Status.FREE_AWAITING_MATERIAL: WaitsFor.MATERIAL,
    Status.AWAITING_LETTER: WaitsFor.LETTER,
    Status.AWAITING_REVOCATION_LETTER: WaitsFor.LETTER,
    Status.REVOKING: WaitsFor.REVOCATION,
    Status.CANCELLING: WaitsFor.RECORDS,
    Status.MIGRATING: WaitsFor.MOVE,
}

BY_MESSAGE = {
    StatusMessage.PRE_REVIEWING: WaitsFor.REVIEW,
    StatusMessage.LEGAL_REVIEWING: WaitsFor.REVIEW,
    StatusMessage.CA_REVIEWING: WaitsFor.REVIEW,
    StatusMessage.PENDING_DCV: WaitsFor.PROOF,
    StatusMessage.WAIT_ISSUE: WaitsFor.ISSUE,
}


def wait_of(status: Status, waits_for: StatusMessage | None) -> WaitsFor | None:
    """Return what an order waits for, None if nothing has to happen any more."""
    if waits_for is not None:
        return BY_MESSAGE[waits_for]
    return BY_STATUS.get(status)


def days_until(end: datetime | None, now: datetime) -> float:
    """Return the days until an end, infinite if there is none."""
    return math.inf if end is None else (end - now) / DAY


class Census(Record, kw_only=True):
    """The counts of what waits at one time, `now`.

    An order that is set aside, or whose account is disabled, is also counted by what it would wait
    for otherwise. `due` is the time since when the oldest work of a kind is due and not taken up,
    and `ends` the first end of a kind; None if there is none.
    """

    now: datetime
    waiting: Mapping[WaitsFor, int]
    due: Mapping[DueWork, datetime | None]
    ends: Mapping[Ending, datetime | None]

    def late_seconds(self, work: DueWork) -> float:
        """Return for how long work of a kind has been due, 0 if none is."""
        since = self.due[work]
        return 0.0 if since is None else max(0.0, (self.now - since).total_seconds())

    def days_left(self, ending: Ending) -> float:
        """Return the days until the first end of a kind, infinite if nothing ends."""
        return days_until(self.ends[ending], self.now)

    def notes(self) -> Iterator[str]:
        """Yield in plain words what stands still while the desk itself is well."""
        aside = self.waiting[WaitsFor.OPERATOR]
        if aside:
            yield "1 order is set aside" if aside == 1 else f"{aside} orders are set aside"
        for work, since in self.due.items():
            if since is not None and self.now - since > LATE:
                yield f"{work} have been due since {since:%Y-%m-%d %H:%M} UTC and have not started"
        end = self.ends[Ending.CERTIFICATE]
        if end is not None and end - self.now < ENDING:
            yield f"a certificate without a successor ends at {end:%Y-%m-%d %H:%M} UTC"
