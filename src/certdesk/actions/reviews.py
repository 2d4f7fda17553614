"""What waits to be vetted, and the decisions of the people who vet."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from certdesk.actions import parties, revoking, vetting
from certdesk.actions.due import make_due
from certdesk.actions.review_detail import (
    approvals_of,
    check_reviewer,
    checked_reason,
    subject_of,
)
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.order import Order, Status, StatusMessage
from certdesk.domain.organisation import Manager
from certdesk.domain.products import PRODUCTS
from certdesk.domain.records import Review
from certdesk.domain.vetting import (
    ORDER,
    REJECTED,
    REVOCATION,
    ReviewRefused,
    State,
    approved,
    in_turn,
    is_vetted,
    message_of,
    people_needed,
    rejected,
    state_of,
    subject_of_manager,
    subject_of_order,
    subject_of_revocation,
)
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, local_time


class ReviewInfo(Part, kw_only=True):
    """One thing that waits; `About` is the company's name, and an order's main name."""

    id: str
    kind: str
    since: str | None
    uin: str
    about: str
    approvals: list[str]


class ListReviewsRequest(Request):
    """No parameters."""


class ListReviewsReply(Reply):
    """All that waits, in an order in which each can be approved after those before it."""

    reviews: list[ReviewInfo]


@catalog.action(internal=True)
def list_reviews(context: Context, request: ListReviewsRequest) -> Commit[ListReviewsReply]:
    """List what waits to be vetted."""
    del request

    def look(unit: Unit) -> ListReviewsReply:
        waiting = in_turn(unit.reviews.where(verdict=None))
        return ListReviewsReply(reviews=[_info(context, unit, review) for review in waiting])

    return look


class ApproveReviewRequest(Request):
    """What is approved, and by whom."""

    id: str
    reviewer: str


class ReviewDecisionReply(Reply, kw_only=True):
    """How it stands: `Verdict` is null where it still waits."""

    id: str
    verdict: str | None
    approvals: list[str]
    failed: list[str] | None = None


@catalog.action(InvalidParam, ReviewNotFound, writes=True, internal=True)
def approve_review(context: Context, request: ApproveReviewRequest) -> Commit[ReviewDecisionReply]:
    """Approve a manager with its company, an order, or a request to revoke a certificate.

    What was approved stays as it is.
    """
    check_reviewer(request.reviewer)
    context.held.callback(context.work.wake)

    def commit(unit: Unit) -> ReviewDecisionReply:
        order, manager = subject_of(unit, request.id)
        review = unit.reviews.get(request.id)
        if review is None or review.verdict is not None:
            return _decision(request.id, _approved(request.id, review, order))
        if review.kind == ORDER:
            _check_turn(order, manager, context.now)
        try:
            after = approved(
                review,
                request.reviewer,
                context.now,
                needed=_needed(context, review, order),
                asked_too=vetting.who_asked(unit, review, order.certificate_id) if order else (),
            )
        except ReviewRefused as refused:
            raise InvalidParam(f"{request.id}: {refused}.") from None
        after = unit.reviews.replace(after)
        if order is not None and review.kind == REVOCATION:
            revoking.grant(context, unit, order)
        elif order is not None:
            _go_on(context, unit, order, after)
        elif manager is not None:
            vetting.settle_manager(context, unit, manager)
        subject = order.certificate_id if order else request.id
        context.record(unit, subject, f"approved by {request.reviewer}", uin=after.uin)
        return _decision(request.id, after)

    return commit


class RejectReviewRequest(Request):
    """What is rejected, why, and by whom; the reason is shown to whoever ordered."""

    id: str
    reason: str
    reviewer: str


@catalog.action(InvalidParam, ReviewNotFound, writes=True, internal=True)
def reject_review(context: Context, request: RejectReviewRequest) -> Commit[ReviewDecisionReply]:
    """Reject an order, or a manager and with it its orders that the CA has not begun to issue.

    They fail with the reason as their StatusMsg. Of a rejected request to revoke a certificate the
    order goes back to status 1.
    """
    check_reviewer(request.reviewer)
    reason = checked_reason(request.reason)

    def commit(unit: Unit) -> ReviewDecisionReply:
        order, manager = subject_of(unit, request.id)
        review = unit.reviews.get(request.id)
        if review is None:
            raise _not_asked(request.id)
        if review.verdict is not None:
            raise InvalidParam(f"{request.id}: it waits for nobody: it was {review.verdict}.")
        after = unit.reviews.replace(rejected(review, reason, context.now))
        detail = f"{request.id} rejected by {request.reviewer}: {reason}"
        failed: list[Order] = []
        if order is not None and review.kind == REVOCATION:
            revoking.refuse(context, unit, order, reason, detail)
        elif order is not None:
            failed = [order]
            vetting.fail(context, unit, order, reason, detail)
        else:
            assert manager is not None  # noqa: S101 -- it is one of the two
            failed = vetting.reject_manager(context, unit, manager, reason, detail)
            context.record(unit, request.id, detail, uin=manager.uin)
        return _decision(request.id, after, [each.certificate_id for each in failed])

    return commit


def _approved(subject: str, review: Review | None, order: Order | None) -> Review:
    """Give the review of what waits for nobody, if it was approved.

    Raises:
        InvalidParam: it was rejected, or is not to be looked at yet.
        ReviewNotFound: nobody asks people to look at it.
    """
    if review is not None and review.verdict == REJECTED:
        raise InvalidParam(f"{subject}: it was rejected ({review.reason}) and not sent again.")
    if order is not None and subject == subject_of_revocation(order.certificate_id):
        if order.status is Status.AWAITING_REVOCATION_LETTER:
            raise InvalidParam(f"{subject}: its letter of revocation is awaited first.")
    elif order is not None and order.status is Status.AWAITING_LETTER:
        raise InvalidParam(f"{subject}: its letter of confirmation is awaited first.")
    if review is None:
        raise _not_asked(subject)
    return review


def _not_asked(subject: str) -> ReviewNotFound:
    if subject.startswith(f"{REVOCATION}:"):
        return ReviewNotFound(f"{subject}: nobody asked people to have it revoked.")
    return ReviewNotFound(f"{subject}: nobody asked people to look at it, or no longer does.")


def _needed(context: Context, review: Review, order: Order | None) -> int:
    """Tell how many people have to approve; a certificate is taken back by one."""
    if order is None or review.kind == REVOCATION:
        return 1
    return people_needed(PRODUCTS[order.product_id].level, four_eyes=context.rules.four_eyes)


def _check_turn(order: Order | None, manager: Manager | None, now: datetime) -> None:
    """Refuse to approve an order before its manager, also where that was vetted too long ago."""
    if order is None or manager is None:
        return
    its, first = subject_of_order(order.certificate_id), subject_of_manager(manager.manager_id)
    if order.status_msg == StatusMessage.PRE_REVIEWING or manager.status == State.AUDIT:
        raise InvalidParam(f"{its}: {first} has to be approved first.")
    if not is_vetted(manager, now):
        raise InvalidParam(
            f"{its}: {first} is {state_of(manager, now)}; it has to be sent again "
            "(SubmitAuditManager) and approved first."
        )


def _go_on(context: Context, unit: Unit, order: Order, review: Review) -> None:
    """Say what an order waits for after somebody approved it."""
    if review.verdict is None:
        message = message_of(review, vetted=True)
        unit.orders.replace(dataclasses.replace(order, status_msg=message))
        return
    make_due(context, unit, unit.orders.replace(vetting.going_on(context, unit, order)))


def _info(context: Context, unit: Unit, review: Review) -> ReviewInfo:
    order, manager = subject_of(unit, review.subject)
    company = unit.companies.get(manager.company_id) if manager else None
    known = parties.organisation_of(context.vault, company) if company else None
    about = [known.name if known else None, order.domain if order else None]
    return ReviewInfo(
        id=review.subject,
        kind=review.kind,
        since=local_time(review.since),
        uin=review.uin,
        about=", ".join(part for part in about if part),
        approvals=approvals_of(review),
    )


def _decision(
    subject: str, review: Review | None, failed: list[str] | None = None
) -> ReviewDecisionReply:
    return ReviewDecisionReply(
        id=subject,
        verdict=review.verdict if review else None,
        approvals=approvals_of(review),
        failed=failed,
    )
