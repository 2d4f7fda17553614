"""Retention: how long the desk stores each kind of record.

Certificates, what was revoked, and the looks that proved a name or had CAA permit it are never
removed by time: they show for more than two years after a certificate's end that it was rightly
issued (CA/Browser Forum Baseline Requirements 5.4.3, 5.5.2). The audit log is kept for that long,
and nothing but age removes a row of it.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.identity_numbers import SETTLED
from certdesk.domain.validation.challenge import Verdict

CAA_REFUSED = -1
"""The verdict of a look for CAA records that do not permit issuing."""

IN_VAIN = frozenset({verdict.value for verdict in Verdict} - {Verdict.PROVED.value} | {CAA_REFUSED})
"""The verdicts of looks that show nothing but why an order waited."""

AUDIT_AFTER_END = 730
"""How many days after a certificate's end the audit log is to tell of it."""

TEMPORARY_KEYS = timedelta(days=30)
"""How long after its end a temporary key can be told of."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What an operator may set of it.

    `looks` is for those in vain; `material` for what was handed in for orders that have come to an
    end without a certificate that lasts, and for what was replaced; `letters` for letters of
    orders that nobody looks at any more; `audit` for rows of the audit log.
    """

    looks: timedelta
    material: timedelta
    letters: timedelta
    audit: timedelta


def material_outlived(submission: Submission, order: Order | None, before: datetime) -> bool:
    """Whether material is kept in vain that was replaced, or whose order ended, before a time."""
    if order is None or submission.number != order.submission:
        return submission.submitted_at < before
    if order.status not in SETTLED or order.status is Status.ISSUED:
        return False
    times = (submission.submitted_at, order.ordered_at, order.deadline, order.ends_at)
    return max(time for time in times if time is not None) < before


def letter_outlived(order: Order | None) -> bool:
    """Whether nobody may still look at the letters of an order."""
    return order is None or order.status in SETTLED
