"""Sends managers and orders to vetting, and continues the order after the review."""

from __future__ import annotations

from certdesk.actions.tasks import make_due
from certdesk.actions.vetting.asked import with_questions
from certdesk.actions.vetting.records import is_nobody, organisation_of
from certdesk.domain.errors import InvalidParam
from certdesk.domain.orders import suspension
from certdesk.domain.orders.lifecycle import SUBMITTED, Event, StatusMessage, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.values.organisation import Manager, vetted
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.deciders import USER, Asker
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import (
    AUTOMATIC,
    KEY,
    MANAGER,
    ORDER,
    REVOCATION,
    State,
    approved,
    certified_subject,
    is_vetted,
    needs_review,
    subject_of_manager,
    subject_of_order,
)
from certdesk.engine import Context
from certdesk.ports import Unit, has_begun, put_review, withdraw_review

ASKING = {
    MANAGER: frozenset[str](),
    ORDER: frozenset(
        {
            "CertificateInfoSubmit",
            "SubmitCertificateInformation",
            "CertificateOrderSubmit",
            "CommitCertificateInformation",
            "ReplaceCertificate",
            "UploadConfirmLetter",
        }
    ),
    REVOCATION: frozenset({"RevokeCertificate", "UploadRevokeLetter"}),
    KEY: frozenset({"RevokeCertificate", "UploadRevokeLetter"}),
}
"""By kind of review, the actions that ask for it: who did one of them may not approve it."""


def keep_manager(context: Context, unit: Unit, draft: Manager, *, send: bool = True) -> Manager:
    """Return the manager record with equal data, adding it if there is none.

    If nobody has asked for its vetting yet, ask for it, unless `send` is false.
    """
    known = unit.managers.where(uin=draft.uin, fingerprint=draft.fingerprint, limit=1)
    manager = known[0] if known else unit.managers.add(draft)
    fresh = manager.status == State.NONE
    return send_manager(context, unit, manager) if fresh and send else manager


def send_manager(context: Context, unit: Unit, manager: Manager) -> Manager:
    """Ask for the vetting of a manager, unless it waits already; return its new state.

    An earlier vetting stays valid until the reviewers decide.
    """
    waiting = unit.reviews.get(subject_of_manager(manager.manager_id))
    if waiting is not None and waiting.verdict is None:
        review = waiting
    else:
        review = ask(context, unit, subject_of_manager(manager.manager_id), manager.uin)
    if context.desk.rules.vetting_automatic:
        put_review(unit, approved(review, AUTOMATIC, context.now))
        return mark_vetted(context, unit, manager)
    good = is_vetted(manager, context.now)
    sent = replace(
        manager, status=manager.status if good else State.AUDIT, submitted_at=review.since
    )
    return manager if sent == manager else unit.managers.replace(sent)


def mark_vetted(context: Context, unit: Unit, manager: Manager) -> Manager:
    """Mark a manager as vetted, and continue the orders that wait for it."""
    withdraw_review(unit, subject_of_manager(manager.manager_id))
    sent_at = manager.submitted_at or context.now
    after = replace(vetted(manager, context.now), submitted_at=sent_at)
    stored = unit.managers.replace(after)
    for order in orders_under_way(unit, manager):
        if order.waits_for is StatusMessage.PRE_REVIEWING:
            unit.orders.replace(with_questions(unit, order.waiting(WaitEvent.MANAGER_VETTED)))
    return stored


def reject_manager(
    context: Context, unit: Unit, manager: Manager, reason: str, detail: str
) -> list[Order]:
    """Mark a manager as invalid, and fail and return its orders that the CA has not begun to issue.

    Orders whose names are being validated fail too: the earlier vetting may no longer be relied on.
    """
    unit.managers.replace(replace(manager, status=State.INVALID, expires_at=None))
    failed = orders_under_way(unit, manager)
    for order in failed:
        fail(context, unit, order, reason, detail)
    return failed


def orders_under_way(unit: Unit, manager: Manager) -> list[Order]:
    """Read the orders of a manager that were submitted, and that the CA has not begun to issue."""
    its = unit.orders.where(uin=manager.uin, manager_id=manager.manager_id)
    return [
        order
        for order in its
        if PRODUCTS[order.product_id].level is not Level.DV
        and order.status in SUBMITTED
        and not has_begun(unit, order)
    ]


def fail(context: Context, unit: Unit, order: Order, reason: str, detail: str) -> None:
    """Fail an order and end its review; `detail` is for the log."""
    make_due(context, unit, unit.orders.replace(order.after(Event.FAIL, reason)))
    withdraw(unit, order)
    context.record(unit, order.certificate_id, detail, uin=order.uin)


def begin(context: Context, unit: Unit, order: Order, *, letter: bool = False) -> Order:
    """Return an order about to be submitted with what it waits for, and ask for its review.

    The order itself is not stored yet. A `letter` is reviewed even if the manager is vetted. A
    reissue needs no review while its manager is vetted: its data were reviewed with the original.
    """
    level = PRODUCTS[order.product_id].level
    if level is Level.DV:
        return going_on(context, unit, order)
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    assert manager is not None  # noqa: S101 -- a manager that orders name is not deleted
    if not is_vetted(manager, context.now):
        manager = send_manager(context, unit, manager)
    good = is_vetted(manager, context.now)
    # Data vetted for the original may be used again (Baseline Requirements 4.2.1).
    again = good and order.replaces is not None
    seen = letter and not context.desk.rules.vetting_automatic
    if again or not needs_review(
        level, vetted=good, four_eyes=context.desk.rules.four_eyes, letter=seen
    ):
        return going_on(context, unit, order)
    ask(context, unit, subject_of_order(order.certificate_id), order.uin, order.attempt)
    event = WaitEvent.VET_ORDER if good else WaitEvent.VET_MANAGER
    return with_questions(unit, order.waiting(event))


def check_parties(context: Context, unit: Unit, order: Order) -> None:
    """Refuse an order whose certificate cannot name its company, or whose manager was erased.

    Raises:
        InvalidParam: the company, whose data never change, has neither region nor city (Baseline
            Requirements 7.1.2.7.4); or the manager was erased since it was named.
    """
    if PRODUCTS[order.product_id].level is Level.DV or order.manager_id is None:
        return
    manager = unit.managers.get(order.manager_id)
    company = unit.companies.get(manager.company_id) if manager else None
    assert manager is not None and company is not None  # noqa: S101, PT018 -- those named are not deleted
    if is_nobody(manager):
        raise InvalidParam(
            f"ManagerId: manager {manager.manager_id} was erased. Send the material again "
            "with another manager."
        )
    subject = certified_subject(organisation_of(context.desk.vault, company))
    if not (subject.region or subject.locality):
        raise InvalidParam(
            f"CompanyId: company {company.company_id} has no CompanyProvince and no "
            "CompanyCity, and the certificate needs one of them. Send the material again "
            "with another company."
        )


def still_good(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the manager of an order, and with it its company, is vetted now."""
    manager = unit.managers.get(order.manager_id) if order.manager_id else None
    return manager is not None and is_vetted(manager, context.now)


def going_on(context: Context, unit: Unit, order: Order) -> Order:
    """Return an order that needs no review any more, with the deadline for its validation.

    A successor that the desk made has time until the certificate before it ends.
    """
    now = suspension.time_of(unit.accounts.get(order.uin), context.now)
    deadline = now + context.desk.rules.proof_deadline
    before = unit.orders.get(order.replaces or order.renews) if order.by_desk else None
    if before is not None and before.ends_at is not None:
        deadline = max(deadline, before.ends_at)
    return replace(order.waiting(WaitEvent.PROVE), deadline=deadline)


def withdraw(unit: Unit, order: Order) -> None:
    """End the review of an order, if one was asked for."""
    withdraw_review(unit, subject_of_order(order.certificate_id))


def ask(context: Context, unit: Unit, subject: str, uin: str, attempt: int = 0) -> Review:
    """Ask for a review."""
    by = asker(unit, context.caller.actor, context.caller.user_id)
    review = Review(
        subject=subject,
        uin=uin,
        kind=subject.partition(":")[0],
        since=context.now,
        attempt=attempt,
        asked_by=by.name,
        asked_as=by.login,
    )
    return put_review(unit, review)


def who_asked(unit: Unit, review: Review, certificate_id: str) -> set[Asker]:
    """Return all who took part in the request that a review is about."""
    return {
        asker(unit, entry.actor, entry.user_id)
        for entry in unit.audit.where(subject=certificate_id)
        if entry.action in ASKING[review.kind]
    }


def asker(unit: Unit, actor: str, user_id: int | None) -> Asker:
    """Return a caller as somebody who asks: a user by its name and number, or the key alone."""
    user = unit.users.get(user_id) if user_id is not None else None
    login = "" if user_id is None else f"{USER}:{user_id}"
    return Asker(name=user.name if user else actor, login=login)
