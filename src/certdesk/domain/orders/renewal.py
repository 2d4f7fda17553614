"""When a certificate is to have a successor, of which kind, and when its end is warned of.

A certificate lasts months, what was bought lasts years: the desk reissues it until the bought time
is over, and then renews it where that was asked for.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from certdesk.domain.orders.lifecycle import GIVEN_UP, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal
from certdesk.domain.values.products import FREE

SHORT_LIFE = timedelta(days=10)
"""A certificate that lives shorter is succeeded at half of its life, not in its last third."""

SPREAD = 10
"""Over this part of its life a certificate's due time is spread, by its id."""

LEAST_GAIN = timedelta(days=1)
"""A reissue that gains less of the bought time is not worth it."""

WARNED_BEFORE = (14, 7, 3, 1)
"""Days before its end at which a certificate without a fresh successor is warned of."""

PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=100))
LONGEST_PAUSE = timedelta(days=1)
"""How long to wait after each look at whether a successor has come to something."""


STANDING = frozenset(
    {Status.ISSUED, Status.REVOKING, Status.AWAITING_REVOCATION_LETTER, Status.MIGRATING}
)
"""Where a certificate is good, though it may have been asked to take it back or to move it."""

SEEN_TO = STANDING | {Status.EXPIRED}
"""Where a certificate may have a successor made: it may have ended while the desk was off."""


class Kind(enum.Enum):
    """What a successor is: the bought time goes on, or another time begins."""

    REISSUE = "reissue"
    RENEWAL = "renewal"


@dataclasses.dataclass(frozen=True, slots=True)
class Make:
    """Make a successor."""

    kind: Kind


@dataclasses.dataclass(frozen=True, slots=True)
class Leave:
    """There is one, which is not issued yet, or none is to be made as things stand now."""


@dataclasses.dataclass(frozen=True, slots=True)
class Forget:
    """There is nothing to be done for the certificate, and will not be."""


Succession: TypeAlias = Make | Leave | Forget


def wanted(order: Order) -> Kind | None:
    """Tell which successor an issued certificate is to have, None for none.

    Free certificates are renewed by whoever applies for another.
    """
    return None if order.ends_at is None else wanted_at(order, order.ends_at)


def wanted_at(order: Order, now: datetime) -> Kind | None:
    """Tell which successor a certificate is to have that ended before `now`, or did not yet.

    The bought time is used as long as it goes on. Another time is not bought for a certificate that
    ended longer ago than it lasted: nobody has missed it.
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
    """Tell what is to be done for a certificate whose successor is due.

    `successors` are the orders that replace or renew it, as far as there are any. None of them is
    made again that its owner cancelled: then the certificate is not `hosted` any more. Of one that
    has ended, while nobody saw to it, one is made, and no second one after that failed.
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
    """Tell when a certificate's successor is due.

    That is when a third of its life is left, or half of a short one, and then, for each certificate
    another time, up to a tenth of its life later.
    """
    life = ends - begins
    left = life / 2 if life < SHORT_LIFE else life / 3
    digest = hashlib.sha256(certificate_id.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return ends - left + life / SPREAD * share


def warning(order: Order, renewal: Renewal, now: datetime) -> int | None:
    """Give for how many days before the end a warning is due that was not given, if one is.

    Of several that are due only the last is given; what lies before the successor was due is none.
    """
    if order.muted or order.status is not Status.ISSUED:
        return None
    passed = [days for days, at in _warnings(order) if at <= now]
    last = min(passed, default=None)
    if last is None or (renewal.warned is not None and renewal.warned <= last):
        return None
    return last


def next_look(order: Order, looks: int, now: datetime) -> datetime:
    """Tell when to look again after `looks` looks, the present one included.

    After 1, 10 and 100 minutes, then daily, and at each time of a warning.
    """
    pause = PAUSES[looks - 1] if looks <= len(PAUSES) else LONGEST_PAUSE
    return min([now + pause, *(at for _, at in _warnings(order) if at > now)])


def first_look(order: Order) -> Renewal:
    """Note when the successor of a certificate is due that was issued just now."""
    assert order.begins_at is not None  # noqa: S101 -- it is issued
    assert order.ends_at is not None  # noqa: S101 -- as above
    return Renewal(
        certificate_id=order.certificate_id,
        uin=order.uin,
        ends_at=order.ends_at,
        due_at=due_at(order.certificate_id, order.begins_at, order.ends_at),
    )


def looked(renewal: Renewal, order: Order, now: datetime, reason: str = "") -> Renewal:
    """Note that a certificate was seen to, and why no successor could be made of it, if so."""
    looks = renewal.looks + 1
    due = next_look(order, looks, now)
    return dataclasses.replace(renewal, looks=looks, due_at=due, reason=reason)


def succeeded(order: Order, kind: Kind, successor_id: str) -> Order:
    """Link an order to its successor."""
    if kind is Kind.REISSUE:
        return dataclasses.replace(order, replaced_by=successor_id)
    return dataclasses.replace(order, renewed_by=successor_id)


def in_force(order: Order, followers: Sequence[Order]) -> Order | None:
    """Give the newest good certificate's of an order and those that came after it, if there is one.

    One that is to be taken back, or moved, comes behind all others.
    """
    certified = [each for each in (order, *followers) if each.begins_at is not None]
    return max((each for each in certified if each.status in STANDING), key=_begun, default=None)


def is_over(order: Order) -> bool:
    """Whether an order's certificate is not good any more, or it was given up without one."""
    return order.status in GIVEN_UP | {Status.EXPIRED, Status.REVOKED}


def _begun(order: Order) -> tuple[bool, datetime, int]:
    assert order.begins_at is not None  # noqa: S101 -- it has a certificate
    return order.status is Status.ISSUED, order.begins_at, order.number


def _warnings(order: Order) -> list[tuple[int, datetime]]:
    """Give the days and times of an order's warnings, the first one first."""
    if order.begins_at is None or order.ends_at is None:
        return []
    due = due_at(order.certificate_id, order.begins_at, order.ends_at)
    times = [(days, order.ends_at - timedelta(days=days)) for days in WARNED_BEFORE]
    return [(days, at) for days, at in times if at >= due]
