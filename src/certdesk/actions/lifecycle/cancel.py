"""Cancellation of orders and of their review, as long as the CA has not begun to issue."""

from __future__ import annotations

from certdesk.actions.access import OWN_ORDER, check_not_denied, own_order
from certdesk.actions.tasks import make_due
from certdesk.actions.validation.dns_auto import records_outside
from certdesk.actions.vetting import reviews
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CertificateNotFound,
    CertificateNotFoundOrCantCancel,
    InvalidCertificateStatusCode,
    NoRealNameAuth,
    UnauthorizedOperation,
)
from certdesk.domain.orders.ending import BEGUN, way_to_end
from certdesk.domain.orders.lifecycle import (
    TRANSITIONS,
    UNDER_WAY,
    Event,
    HoldEvent,
    IllegalTransition,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.engine import Context
from certdesk.ports import Unit, has_begun
from certdesk.wire.model import Reply, Request


class CancelCertificateOrderRequest(Request):
    """The order to cancel."""

    certificate_id: str
    """The certificate id of the order."""


class CancelCertificateOrderReply(Reply):
    """The order that was cancelled."""

    certificate_id: str


@catalog.action(*OWN_ORDER, InvalidCertificateStatusCode, NoRealNameAuth, writes=True, ends=True)
def cancel_certificate_order(
    context: Context, request: CancelCertificateOrderRequest
) -> Commit[CancelCertificateOrderReply]:
    """Cancel an order, its review included, as long as the CA has not begun to issue.

    A policy that denies CancelAuditCertificate prevents that during a review. The published
    records and files are void from then on. While the desk still has to remove DNS records that
    it added, the order has status 6.
    """

    def commit(unit: Unit) -> CancelCertificateOrderReply:
        order = own_order(context, unit, request.certificate_id)
        if (order.stage, Event.CANCEL_AUDIT) in TRANSITIONS:
            check_not_denied(context, "CancelAuditCertificate", order)
        if not context.caller.verified:
            raise NoRealNameAuth
        try:
            cancelled = _after(unit, order, Event.CANCEL_ORDER)
        except CannotBeCancelled as refused:
            raise InvalidCertificateStatusCode(f"{refused}") from None
        if records_outside(unit, cancelled):
            cancelled = cancelled.held(HoldEvent.BEGIN_CLEANUP)
        _put(context, unit, order, cancelled)
        context.record(unit, order.certificate_id, f"status {order.status.value}")
        return CancelCertificateOrderReply(certificate_id=order.certificate_id)

    return commit


class CancelAuditCertificateRequest(Request):
    """The order whose review to stop."""

    certificate_id: str
    """The certificate id of the order."""


class CancelAuditCertificateReply(Reply):
    """Always true: the review was stopped."""

    result: bool


@catalog.action(CertificateNotFoundOrCantCancel, UnauthorizedOperation, writes=True, ends=True)
def cancel_audit_certificate(
    context: Context, request: CancelAuditCertificateRequest
) -> Commit[CancelAuditCertificateReply]:
    """Stop the review of an order; the published records and files are void from now on.

    The desk removes records that it added for `DNS_AUTO`. Once the CA has begun to issue it is
    too late.
    """

    def commit(unit: Unit) -> CancelAuditCertificateReply:
        try:
            order = own_order(context, unit, request.certificate_id)
            cancelled = _after(unit, order, Event.CANCEL_AUDIT)
        except CertificateNotFound:
            raise CertificateNotFoundOrCantCancel from None
        except CannotBeCancelled as refused:
            raise CertificateNotFoundOrCantCancel(f"{refused}") from None
        _put(context, unit, order, cancelled)
        context.record(unit, order.certificate_id, f"attempt {order.attempt}")
        return CancelAuditCertificateReply(result=True)

    return commit


class CannotBeCancelled(Exception):
    """The order cannot be cancelled here; the text says why, and what cancels it."""


def _after(unit: Unit, order: Order, event: Event) -> Order:
    """Return the order as it is once it is cancelled.

    Raises:
        CannotBeCancelled: its status does not allow that, or the CA has begun to issue.
    """
    try:
        cancelled = order.after(event)
    except IllegalTransition as refused:
        raise CannotBeCancelled(f"{refused} {way_to_end(order)}") from None
    if order.status in UNDER_WAY and has_begun(unit, order):
        raise CannotBeCancelled(BEGUN)
    return cancelled


def _put(context: Context, unit: Unit, order: Order, cancelled: Order) -> None:
    """Store a cancelled order, and end its review and the work on its successor."""
    stored = unit.orders.replace(cancelled)
    # A task that waits or was set aside would go on to say so; one that never was is not needed.
    if unit.tasks.get(order.certificate_id) is not None or records_outside(unit, stored):
        make_due(context, unit, stored)
    _want_no_successor(unit, order)
    reviews.withdraw(unit, order)


def _want_no_successor(unit: Unit, order: Order) -> None:
    """Make no other successor in place of one that its owner cancels."""
    before = unit.orders.get(order.replaces or order.renews) if order.by_desk else None
    if before is not None:
        unit.orders.replace(replace(before, hosted=False))
        unit.renewals.remove(before.certificate_id)
