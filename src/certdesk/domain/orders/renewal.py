"""When a certificate gets a successor, of which kind, and when its owner is warned of its end.

A certificate lasts months and the bought time lasts years: the desk reissues the certificate until
the bought time is over, and then renews it if its owner asked for that.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from certdesk.domain.orders.lifecycle import GIVEN_UP, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.domain.values.products import FREE
from certdesk.domain.values.record import Record, replace

SHORT_LIFE = timedelta(days=10)
"""A certificate with a shorter life gets its successor at half of its life."""

SPREAD = 10
"""One part in this many of a certificate's life, over which due times are spread by id."""

LEAST_GAIN = timedelta(days=1)
"""The least that a reissue must gain of the bought time."""

WARNED_BEFORE = (14, 7, 3, 1)
"""Days before its end at which a certificate without a fresh successor is warned of."""

PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=100))
LONGEST_PAUSE = timedelta(days=1)
"""The longest pause before the desk checks again whether a successor was issued."""


STANDING = frozenset(
    {Status.ISSUED, Status.REVOKING, Status.AWAITING_REVOCATION_LETTER, Status.MIGRATING}
)
"""The statuses with a good certificate, though its revocation or move may be under way."""

SEEN_TO = STANDING | {Status.EXPIRED}
"""The statuses in which a successor may be made, also after an end while the desk was off."""


class Kind(enum.Enum):
    """The kind of a successor: it continues the bought time, or begins another time."""

    REISSUE = "reissue"
    RENEWAL = "renewal"


class Make(Record):
    """Make a successor."""

    kind: Kind


class Leave(Record):
    """Nothing to do now: a successor is not issued yet, or none can be made as things are."""


class Forget(Record):
    """Nothing to do for the certificate, now or later."""


Succession: TypeAlias = Make | Leave | Forget


def wanted(order: Order) -> Kind | None:
    """Return which successor an issued certificate is to have, None for none.

    The owner of a free certificate renews it by applying for another.
    """
    return None if order.ends_at is None else wanted_at(order, order.ends_at)


def wanted_at(order: Order, now: datetime) -> Kind | None:
    """Return which successor a certificate is to have, whether or not it has ended by `now`.

    The bought time is used as long as it lasts. No further time is bought for a certificate that
    ended longer ago than it had lasted: nobody has missed it.
    """
    if order.uploaded or order.ends_at is None or order.ends_by is None:
        return None
    if order.ends_by - max(order.ends_at, now) >= LEAST_GAIN:
        return Kind.REISSUE
    lasted = order.ends_at - (order.begins_at or order.ends_at)
    if now > order.ends_at + lasted:
        return None
    return Kind.RENEWAL if order.auto_renew and order.product_id != FREE else None


def next_succession(order: Order | None, successors: Sequence[Order], now: datetime) -> Succession:
    """Return what to do for a certificate whose successor is due.

    `successors` are the orders that replace or renew it. If its owner cancelled one of them, none
    is made again: then the certificate is not `hosted` any more. If the certificate ended while the
    desk was off, one successor is made, and no second one if that failed.
    """
    if order is None or order.status not in SEEN_TO or not order.hosted:
        return Forget()
    if order.status not in (Status.ISSUED, Status.EXPIRED):
        return Leave()
    kind = wanted_at(order, now)
    if kind is None or order.ends_at is None:
        return Forget()
    living = [each for each in successors if each.status not in GIVEN_UP]
    if any(each.begins_at is not None for each in living):
        return Forget()
    if living:
        return Leave()
    return Forget() if successors and order.ends_at < now else Make(kind)


def due_at(certificate_id: str, begins: datetime, ends: datetime) -> datetime:
    """Return when a certificate's successor is due.

    That is when a third of its life is left, or half of a short one, plus up to a tenth of its
    life, which differs from certificate to certificate so that they do not all fall due at once.
    """
    life = ends - begins
    left = life / 2 if life < SHORT_LIFE else life / 3
    digest = hashlib.sha256(certificate_id.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return ends - left + life / SPREAD * share


def warning(order: Order, renewal: Renewal, now: datetime) -> int | None:
    """Return the days before the end for which a warning is due that was not given yet, if any.

    Of several that are due, only the last one is given. Warnings from before the successor was due
    do not count.
    """
    if order.muted or order.status is not Status.ISSUED:
        return None
    passed = [days for days, at in _warnings(order) if at <= now]
    last = min(passed, default=None)
    if last is None or (renewal.warned is not None and renewal.warned <= last):
        return None
    return last


def next_attempt(order: Order, attempts: int, now: datetime) -> datetime:
    """Return when to try again to make a successor after `attempts`, the present one included.

    The pauses are 1, 10 and 100 minutes, then a day; there is also an attempt at the time of each
    warning.
    """
    pause = PAUSES[attempts - 1] if attempts <= len(PAUSES) else LONGEST_PAUSE
    return min([now + pause, *(at for _, at in _warnings(order) if at > now)])


def renewal_of(order: Order) -> Renewal:
    """Return the record of when the successor of a newly issued certificate is due."""
    assert order.begins_at is not None  # noqa: S101 -- it is issued
    assert order.ends_at is not None  # noqa: S101 -- as above
    return Renewal(
        certificate_id=order.certificate_id,
        uin=order.uin,
        ends_at=order.ends_at,
        due_at=due_at(order.certificate_id, order.begins_at, order.ends_at),
    )


def attempted(renewal: Renewal, order: Order, now: datetime, reason: str = "") -> Renewal:
    """Return the record after an attempt, with the reason if no successor could be made."""
    attempts = renewal.looks + 1
    due = next_attempt(order, attempts, now)
    return replace(renewal, looks=attempts, due_at=due, reason=reason)


def succeeded(order: Order, kind: Kind, successor_id: str) -> Order:
    """Return the order with the link to its successor."""
    if kind is Kind.REISSUE:
        return replace(order, replaced_by=successor_id)
    return replace(order, renewed_by=successor_id)


def in_force(order: Order, followers: Sequence[Order]) -> Order | None:
    """Return the order with the newest good certificate of an order and its followers, if any.

    One that is being revoked or moved is taken only if there is no other.
    """
    certified = [each for each in (order, *followers) if each.begins_at is not None]
    return max((each for each in certified if each.status in STANDING), key=_begun, default=None)


def is_over(order: Order) -> bool:
    """Whether an order's certificate is not good any more, or the order ended without one."""
    return order.status in GIVEN_UP | {Status.EXPIRED, Status.REVOKED}


def _begun(order: Order) -> tuple[bool, datetime, int]:
    assert order.begins_at is not None  # noqa: S101 -- it has a certificate
    return order.status is Status.ISSUED, order.begins_at, order.number


def _warnings(order: Order) -> list[tuple[int, datetime]]:
    """Return the days and times of an order's warnings, the first one first."""
    if order.begins_at is None or order.ends_at is None:
        return []
    due = due_at(order.certificate_id, order.begins_at, order.ends_at)
    times = [(days, order.ends_at - timedelta(days=days)) for days in WARNED_BEFORE]
    return [(days, at) for days, at in times if at >= due]
