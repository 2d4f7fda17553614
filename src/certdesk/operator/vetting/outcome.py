"""What a review needs before it can be decided, and what follows from the decision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from certdesk.actions.lifecycle import revocation_steps
from certdesk.actions.tasks import make_due
from certdesk.actions.vetting import reviews
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.orders.lifecycle import Status, StatusMessage, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.values.organisation import Manager
from certdesk.domain.values.products import PRODUCTS
from certdesk.domain.vetting.deciders import Asker
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import (
    KEY,
    OPERATOR,
    REJECTED,
    REVOCATION,
    State,
    is_vetted,
    people_needed,
    state_of,
    subject_of_manager,
    subject_of_order,
    subject_of_revocation,
)
from certdesk.engine import Context
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Unit, block_known, orders_with


def take_effect(context: Context, unit: Unit, subject: Subject, review: Review) -> None:
    """Apply an approval."""
    order, manager, spki_sha256 = subject.order, subject.manager, subject.spki_sha256
    if order is not None and review.kind == REVOCATION:
        revocation_steps.grant(context, unit, order)
    elif order is not None:
        _go_on(context, unit, order, review)
    elif manager is not None:
        reviews.mark_vetted(context, unit, manager)
    elif spki_sha256 is not None:
        block_known(unit, spki_sha256, context.now)


def fail(
    context: Context, unit: Unit, subject: Subject, reason: str, detail: str
) -> Collection[Order]:
    """Apply a rejection; return the orders that fail."""
    if subject.order is not None and subject.kind == REVOCATION:
        context.record(unit, subject.order.certificate_id, detail, uin=subject.uin)
        revocation_steps.refuse(context, unit, subject.order, reason, detail)
        return ()
    if subject.order is not None:
        reviews.fail(context, unit, subject.order, reason, detail)
        return (subject.order,)
    failed: Collection[Order] = ()
    if subject.manager is not None:
        failed = reviews.reject_manager(context, unit, subject.manager, reason, detail)
    context.record(unit, subject.name, detail, uin="" if subject.kind == KEY else subject.uin)
    return failed


def earlier_approval(subject: Subject, review: Review | None) -> Review:
    """Return the review of something that no longer waits, if it was approved.

    Raises:
        InvalidParam: it was rejected, or is not ready for review yet.
        ReviewNotFound: nobody asked for a review.
    """
    order, name = subject.order, subject.name
    if review is not None and review.verdict == REJECTED:
        raise InvalidParam(
            f"{name}: it was already rejected ({review.reason}) and was not sent again."
        )
    if order is not None and name == subject_of_revocation(order.certificate_id):
        if order.status is Status.AWAITING_REVOCATION_LETTER:
            raise InvalidParam(f"{name}: the customer must upload the letter of revocation first.")
    elif order is not None and order.status is Status.AWAITING_LETTER:
        raise InvalidParam(f"{name}: the customer must upload the letter of confirmation first.")
    if review is None:
        raise not_asked(name)
    return review


def not_asked(name: str) -> ReviewNotFound:
    """Return the error for something for which nobody asked for a review."""
    if name.startswith(f"{REVOCATION}:"):
        return ReviewNotFound(f"{name}: nobody asked to revoke it.")
    return ReviewNotFound(f"{name}: it does not wait for a review.")


def people_needed_for(context: Context, review: Review, order: Order | None) -> int:
    """Return how many people have to approve; for a revocation, one is enough."""
    # Only issuance of EV certificates needs a second person (EV Guidelines 3.2.2.13); revocation
    # must not wait for one (Baseline Requirements 4.9.5).
    if order is None or review.kind == REVOCATION:
        return 1
    return people_needed(PRODUCTS[order.product_id].level, four_eyes=context.desk.rules.four_eyes)


def askers_of(unit: Unit, subject: Subject, review: Review) -> set[Asker]:
    """Return all who took part in the request or answered a question, and may not approve it.

    For a key, these are all who asked to have a certificate for it revoked. Anybody may approve
    what the operator entered.
    """
    orders = [subject.order] if subject.order else []
    if subject.spki_sha256 is not None:
        orders = orders_with(unit, subject.spki_sha256)
    asked = {Asker(name=review.asked_by, login=review.asked_as)}
    for order in orders:
        asked |= reviews.who_asked(unit, review, order.certificate_id)
    for question in unit.questions.where(subject=subject.name):
        asked.add(Asker(name=question.answered_by, login=question.answered_as))
    return {asker for asker in asked if asker.name != OPERATOR}


def check_turn(order: Order | None, manager: Manager | None, now: datetime) -> None:
    """Refuse to approve an order whose manager is not vetted, or was vetted too long ago."""
    if order is None or manager is None:
        return
    its, first = subject_of_order(order.certificate_id), subject_of_manager(manager.manager_id)
    if order.waits_for is StatusMessage.PRE_REVIEWING or manager.status == State.AUDIT:
        raise InvalidParam(f"{its}: approve {first} first.")
    if not is_vetted(manager, now):
        raise InvalidParam(
            f"{its}: {first} is {state_of(manager, now)}. It must be sent again "
            "(SubmitAuditManager) and approved first."
        )


def _go_on(context: Context, unit: Unit, order: Order, review: Review) -> None:
    """Store what an order waits for after an approval."""
    if review.verdict is None:
        unit.orders.replace(order.waiting(WaitEvent.FIRST_APPROVAL))
        return
    make_due(context, unit, unit.orders.replace(reviews.going_on(context, unit, order)))
