"""Retention: how long the desk stores each kind of record.

Certificates, what was revoked, and the checks that proved a name or had CAA permit it are never
removed by time: they show for more than two years after a certificate's end that it was rightly
issued (CA/Browser Forum Baseline Requirements 5.4.3, 5.5.2). The audit log is kept for that long,
and nothing but age removes a row of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.identity_numbers import FINISHED
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.record import Record

CAA_REFUSED = -1
"""The verdict of a CAA check that does not permit issuance."""

IN_VAIN = frozenset({verdict.value for verdict in Verdict} - {Verdict.PROVED.value} | {CAA_REFUSED})
"""The verdicts of checks that only show why an order waited."""

AUDIT_AFTER_END = 730
"""How many days after a certificate's end the audit log still covers it."""

TEMPORARY_KEYS = timedelta(days=30)
"""How long after its end a temporary key is kept."""


class Retention(Record, kw_only=True):
    """How long an operator keeps records.

    `failed_checks` is for checks without success. `material` is for material that was replaced, and
    for that of orders that ended without a good certificate. `letters` is for letters of orders
    that nobody reviews any more. `audit` is for entries of the audit log.
    """

    failed_checks: timedelta
    material: timedelta
    letters: timedelta
    audit: timedelta


def material_outlived(submission: Submission, order: Order | None, before: datetime) -> bool:
    """Whether material was replaced, or its order ended, before a time."""
    if order is None or submission.number != order.submission:
        return submission.submitted_at < before
    if order.status not in FINISHED or order.status is Status.ISSUED:
        return False
    times = (submission.submitted_at, order.ordered_at, order.deadline, order.ends_at)
    return max(time for time in times if time is not None) < before


def letter_outlived(order: Order | None) -> bool:
    """Whether the letters of an order need no review any more."""
    return order is None or order.status in FINISHED
