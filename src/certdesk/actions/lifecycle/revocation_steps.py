"""The steps of an order from the request for revocation to the revoked certificate."""

from __future__ import annotations

from certdesk.actions.tasks import make_due
from certdesk.actions.vetting import reviews
from certdesk.domain.errors import (
    InvalidCertificateSource,
    InvalidCertificateStatusCode,
    RevokeFailed,
)
from certdesk.domain.orders.ending import way_to_end
from certdesk.domain.orders.lifecycle import Event, IllegalTransition, WaitEvent
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.revocation import keep_certificate
from certdesk.domain.orders.steps import Revoke, next_step
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.review import AUTOMATIC, approved, subject_of_revocation
from certdesk.engine import Context
from certdesk.ports import Unit, put_review
from certdesk.wire.model import local_time

NOT_REVOCABLE = (InvalidCertificateSource, InvalidCertificateStatusCode, RevokeFailed)
"""The errors that `check_certificate` raises."""


def check_certificate(context: Context, order: Order, event: Event) -> None:
    """Refuse an order whose certificate cannot be revoked here, or not by this event.

    Raises:
        InvalidCertificateSource: the certificate was uploaded.
        InvalidCertificateStatusCode: the order is at another status.
        RevokeFailed: the certificate has expired, and the order does not show that yet.
    """
    if order.uploaded:
        raise InvalidCertificateSource("The certificate was uploaded.")
    try:
        order.after(event)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused} {way_to_end(order)}") from None
    if order.ends_at is not None and order.ends_at < context.now:
        raise RevokeFailed(f"The certificate ended at {local_time(order.ends_at)}.")


def check_not_granted(context: Context, unit: Unit, order: Order) -> None:
    """Refuse an order without a request for revocation, or with one that may take effect now.

    Raises:
        InvalidCertificateStatusCode: there is no such request, or all names are validated.
    """
    try:
        keep_certificate(order, "")
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused}") from None
    its = unit.proofs.where(certificate_id=order.certificate_id, attempt=order.proving)
    if isinstance(next_step(order, its, context.now, context.desk.rules.proof_interval), Revoke):
        raise InvalidCertificateStatusCode("The CA is about to revoke the certificate.")


def have_reviewed(context: Context, unit: Unit, order: Order) -> None:
    """Ask for a review of the letter of revocation of an order."""
    sent = replace(
        order.after(Event.SUBMIT_REVOCATION_LETTER).waiting(WaitEvent.VET_ORDER), deadline=None
    )
    subject = subject_of_revocation(order.certificate_id)
    review = reviews.ask(context, unit, subject, order.uin, sent.proving)
    if context.desk.rules.vetting_automatic:
        put_review(unit, approved(review, AUTOMATIC, context.now))
        grant(context, unit, sent)
    else:
        make_due(context, unit, unit.orders.replace(sent))


def grant(context: Context, unit: Unit, order: Order) -> None:
    """Grant the revocation of a certificate, and end the review of the request."""
    make_due(context, unit, unit.orders.replace(order.waiting(WaitEvent.GRANT)))


def refuse(context: Context, unit: Unit, order: Order, reason: str, detail: str) -> Order:
    """Decline the revocation of a certificate; `detail` is for the log."""
    kept = unit.orders.replace(keep_certificate(order, reason))
    make_due(context, unit, kept)
    log = replace(context, action="CancelRevoke")
    log.record(unit, order.certificate_id, detail, uin=order.uin)
    return kept
