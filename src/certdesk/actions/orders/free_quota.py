"""Quotas that the actions check themselves, such as those of free certificates."""

from __future__ import annotations

from certdesk.domain.errors import ExceedsFreeLimit, MainDomainCertificateCountLimit
from certdesk.domain.orders.lifecycle import LIVING
from certdesk.domain.orders.order import Order
from certdesk.domain.values.products import FREE
from certdesk.engine import Context
from certdesk.ports import Unit

FREE_LIMITS = (ExceedsFreeLimit, MainDomainCertificateCountLimit)
"""The errors that `check_for_one_more` raises."""


def check_for_one_more(context: Context, unit: Unit, draft: Order) -> None:
    """Refuse one more free certificate than an account may have; the draft is not stored yet.

    Raises:
        ExceedsFreeLimit: the account has too many.
        MainDomainCertificateCountLimit: it has too many for one registrable domain.
    """
    rules = context.desk.rules
    if _living(unit, draft.uin) >= rules.free_limit:
        raise ExceedsFreeLimit(f"An account may have {rules.free_limit} at a time.")
    if _living(unit, draft.uin, registrable=draft.registrable) >= rules.free_per_domain:
        raise MainDomainCertificateCountLimit(
            subject=(str(draft.registrable), str(rules.free_per_domain))
        )


def check_domain(context: Context, unit: Unit, order: Order) -> None:
    """Refuse the name of a stored order if its registrable domain has too many free certificates.

    The account's total does not matter here: a granted order may exceed it.

    Raises:
        ExceedsFreeLimit: the order is one too many for its registrable domain.
    """
    most = context.desk.rules.free_per_domain
    if order.product_id == FREE and most < _living(unit, order.uin, registrable=order.registrable):
        raise ExceedsFreeLimit(
            f"An account may have {most} at a time for names of {order.registrable}."
        )


def _living(unit: Unit, uin: str, **its: object) -> int:
    counts = (
        unit.orders.count(uin=uin, product_id=FREE, status=status, **its) for status in LIVING
    )
    return sum(counts)
