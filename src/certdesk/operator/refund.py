"""Recording the refund of an order: an action of the operator."""

from __future__ import annotations

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidCertificateStatusCode, InvalidParam
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import Event, IllegalTransition
from certdesk.domain.orders.order import Order
from certdesk.engine import Context
from certdesk.operator.lookups import known_order
from certdesk.operator.vetting.detail import checked_reason
from certdesk.ports import Unit
from certdesk.wire.model import Reply
from certdesk.wire.operator import orders as asked


class RefundOrderReply(Reply):
    """The order, which can only be deleted now."""

    certificate_id: str
    status: int


@catalog.action(InvalidCertificateStatusCode, InvalidParam, writes=True, internal=True)
def refund_order(context: Context, request: asked.RefundOrderRequest) -> Commit[RefundOrderReply]:
    """Record the refund of an order that was bought and has failed.

    Without a reason, the reason for its failure stays its StatusMsg.
    """
    reason = None if request.reason is None else checked_reason(request.reason)

    def commit(unit: Unit) -> RefundOrderReply:
        order = known_order(unit, request.certificate_id)
        try:
            refunded = order.after(Event.REFUND, reason or status_msg(order) or "")
        except IllegalTransition as refused:
            raise InvalidCertificateStatusCode(f"{refused}") from None
        if _was_given(unit, order):
            raise InvalidCertificateStatusCode(
                f"{request.certificate_id} was granted free of charge (certdesk order "
                "grant), so there is nothing to refund."
            )
        unit.orders.replace(refunded)
        context.record(unit, order.certificate_id, reason or "", uin=order.uin)
        return RefundOrderReply(certificate_id=order.certificate_id, status=refunded.status)

    return commit


def _was_given(unit: Unit, order: Order) -> bool:
    """Whether the operator granted the order, by the log entry, which is kept for ever."""
    return bool(unit.audit.where(subject=order.certificate_id, action="GrantOrder", limit=1))
