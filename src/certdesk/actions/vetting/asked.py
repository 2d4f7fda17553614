"""Whether an order waits for its owner to answer a reviewer's question."""

from __future__ import annotations

from collections.abc import Iterable

from certdesk.domain.orders.lifecycle import StatusMessage
from certdesk.domain.orders.order import Order
from certdesk.domain.vetting.dossier import is_open
from certdesk.domain.vetting.review import (
    subject_of_manager,
    subject_of_order,
    subject_of_revocation,
)
from certdesk.ports import Unit


def with_questions(unit: Unit, order: Order) -> Order:
    """Return an order with whether a question about it, or about its manager, is open."""
    its = order.certificate_id
    subjects = [subject_of_order(its), subject_of_revocation(its)]
    if order.waits_for is StatusMessage.PRE_REVIEWING and order.manager_id is not None:
        subjects.append(subject_of_manager(order.manager_id))
    return order.questioned(asked=any(has_open_question(unit, each) for each in subjects))


def has_open_question(unit: Unit, subject: str) -> bool:
    """Whether a question about the subject of a review is open."""
    review = unit.reviews.get(subject)
    return any(is_open(each, review) for each in unit.questions.where(subject=subject))


def show_questions(unit: Unit, orders: Iterable[Order]) -> None:
    """Store of each of these orders whether a question is open."""
    for order in orders:
        after = with_questions(unit, order)
        if after != order:
            unit.orders.replace(after)
