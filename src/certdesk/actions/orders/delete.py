"""Deletion of orders that have ended, and of uploaded certificates."""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.actions.access import OWN_ORDER, own_order
from certdesk.actions.validation.dns_auto import records_outside
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CannotBeDeletedIssued,
    CannotBeDeletedWithinHour,
    InvalidCertificateStatusCode,
    NoRealNameAuth,
    RenewNotIssued,
)
from certdesk.domain.orders.ending import way_to_end
from certdesk.domain.orders.lifecycle import DELETABLE, LIVING, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.products import FREE
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.review import subject_of_order, subject_of_revocation
from certdesk.engine import Context
from certdesk.ports import Unit, keep_denied_keys, remove_review
from certdesk.wire.model import Ignored, Reply, Request

FREE_KEPT = timedelta(hours=1)
"""How long after its application a free certificate cannot be deleted."""


class DeleteCertificateRequest(Request):
    """The order or uploaded certificate to delete."""

    certificate_id: str
    """The certificate id of the order."""
    is_check_resource: Ignored[bool | None] = None
    """Whether to look for cloud resources that use it; there are none."""


class DeleteCertificateReply(Reply):
    """Always true: it was deleted."""

    delete_result: bool
    task_id: str | None = None


@catalog.action(
    *OWN_ORDER,
    CannotBeDeletedIssued,
    CannotBeDeletedWithinHour,
    InvalidCertificateStatusCode,
    NoRealNameAuth,
    RenewNotIssued,
    writes=True,
    ends=True,
)
def delete_certificate(
    context: Context, request: DeleteCertificateRequest
) -> Commit[DeleteCertificateReply]:
    """Delete an order that has ended, or an uploaded certificate.

    Its material and everything made for it are deleted too, private keys included. What shows
    that the certificate was rightly issued stays: its serial number, the checks, the audit log.
    """

    def commit(unit: Unit) -> DeleteCertificateReply:
        order = own_order(context, unit, request.certificate_id)
        if not context.caller.verified:
            raise NoRealNameAuth
        _check_order(order, context.now)
        _check_records(unit, order)
        _check_successors(unit, order)
        _remove(unit, order)
        context.record(unit, order.certificate_id, f"status {order.status.value}")
        return DeleteCertificateReply(delete_result=True)

    return commit


def _check_order(order: Order, now: datetime) -> None:
    """Refuse an order that cannot be deleted now.

    Raises:
        CannotBeDeletedWithinHour: it is free and less than an hour old, at any status.
        CannotBeDeletedIssued: its certificate is valid, and was issued for the order.
        InvalidCertificateStatusCode: it has not ended.
    """
    if order.uploaded and not order.moving:
        return
    if order.product_id == FREE and now < order.created_at + FREE_KEPT:
        raise CannotBeDeletedWithinHour(
            ""
            if order.status in DELETABLE
            else f"The order has status {order.status.in_words}. {way_to_end(order)}"
        )
    if order.status is Status.ISSUED:
        raise CannotBeDeletedIssued("You can delete an order after it has ended or was revoked.")
    if order.status not in DELETABLE:
        ends = ", ".join(status.in_words for status in sorted(DELETABLE))
        raise InvalidCertificateStatusCode(
            f"The order has status {order.status.in_words}. You can delete it at {ends}. "
            f"{way_to_end(order)}"
        )


def _check_records(unit: Unit, order: Order) -> None:
    """Refuse an order while DNS records may exist that the desk has to remove.

    Raises:
        InvalidCertificateStatusCode: there are such records.
    """
    outside = records_outside(unit, order)
    if outside:
        raise InvalidCertificateStatusCode(
            "The desk still has to remove DNS records that it added, starting with the one "
            f"of {outside[0].name}. You can delete the order after that, or when the desk "
            "has tried for a day."
        )


def _check_successors(unit: Unit, order: Order) -> None:
    """Refuse an order while another order is to replace it and is not issued.

    Raises:
        RenewNotIssued: a renewal or a reissue of it is under way.
    """
    for successor_id in filter(None, (order.renewed_by, order.replaced_by)):
        successor = unit.orders.get(successor_id)
        if successor is None or successor.begins_at is not None:
            continue
        if successor.status in LIVING:
            raise RenewNotIssued(
                f"{successor_id} will replace it and has status {successor.status.in_words}."
            )


def _remove(unit: Unit, order: Order) -> None:
    """Delete an order with everything that is stored only for it."""
    its = order.certificate_id
    keep_denied_keys(unit, order)
    _unlink(unit, order)
    for submission in unit.submissions.where(certificate_id=its):
        unit.submissions.remove(its, submission.number)
    for proof in unit.proofs.where(certificate_id=its):
        unit.proofs.remove(its, proof.attempt, proof.name)
    for certificate in unit.certificates.where(certificate_id=its):
        unit.certificates.remove(its, certificate.attempt)
    for letter in unit.letters.where(certificate_id=its):
        unit.letters.remove(its, letter.attempt, letter.kind)
    remove_review(unit, subject_of_order(its))
    remove_review(unit, subject_of_revocation(its))
    unit.renewals.remove(its)
    unit.tasks.remove(its)
    unit.orders.remove(its)


def _unlink(unit: Unit, order: Order) -> None:
    """Remove the reference to an order from its predecessor, if nothing was issued."""
    if order.begins_at is not None:
        return
    for predecessor_id in filter(None, (order.renews, order.replaces)):
        predecessor = unit.orders.get(predecessor_id)
        if predecessor is None:
            continue
        its = order.certificate_id
        unit.orders.replace(
            replace(
                predecessor,
                renewed_by=None if predecessor.renewed_by == its else predecessor.renewed_by,
                replaced_by=None if predecessor.replaced_by == its else predecessor.replaced_by,
            )
        )
