"""Moving a certificate to another account, as the operator asks; it happens in the background."""

from __future__ import annotations

from certdesk.actions.tasks import make_due
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    InvalidCertificateStatusCode,
    InvalidParam,
)
from certdesk.domain.orders.lifecycle import MOVABLE, IllegalTransition, Status, statuses_of
from certdesk.domain.orders.move import begin_move, call_off_move
from certdesk.domain.orders.order import Order
from certdesk.domain.privacy.identity_numbers import FINISHED
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.engine import Context
from certdesk.operator.lookups import enabled_account, known_account, known_order
from certdesk.operator.vetting.detail import checked_reason
from certdesk.ports import Unit, neighbours_of
from certdesk.wire.model import Reply
from certdesk.wire.operator import orders as asked

ASKED_BACK = frozenset({Status.AWAITING_REVOCATION_LETTER, Status.REVOKING})


class MoveOrderReply(Reply):
    """The order, the account that it goes to, and its status meanwhile."""

    certificate_id: str
    uin: str
    status: int


@catalog.action(InvalidCertificateStatusCode, InvalidParam, writes=True, internal=True)
def move_order(context: Context, request: asked.MoveOrderRequest) -> Commit[MoveOrderReply]:
    """Move a DV or uploaded certificate to another account, with its order and its keys.

    Until it has moved, naming the account that it is in cancels the move.
    """
    reason = "" if request.reason is None else f": {checked_reason(request.reason)}"
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> MoveOrderReply:
        order = known_order(unit, request.certificate_id)
        known_account(unit, request.uin)
        if order.moving:
            after = unit.orders.replace(_called_off(order, request.uin))
            context.record(unit, order.certificate_id, f"called off{reason}", uin=order.uin)
        else:
            enabled_account(unit, request.uin)
            after = unit.orders.replace(_sent(unit, order, request.uin))
            context.record(unit, order.certificate_id, f"to {request.uin}{reason}", uin=order.uin)
            context.record(unit, order.certificate_id, f"from {order.uin}{reason}", uin=request.uin)
        make_due(context, unit, after)
        return MoveOrderReply(
            certificate_id=order.certificate_id, uin=request.uin, status=after.status
        )

    return commit


def _sent(unit: Unit, order: Order, uin: str) -> Order:
    """Return the order with the move to another account begun.

    Raises:
        InvalidParam: it is in that account already, or that account could not continue it.
        InvalidCertificateStatusCode: something is under way with it, or with an order that it
            replaces or that replaces it.
    """
    if order.uin == uin:
        raise InvalidParam(f"Uin: {order.certificate_id} is already in account {uin}.")
    product = PRODUCTS.get(order.product_id)
    if product is not None and product.level is not Level.DV:
        raise InvalidParam(
            f"CertificateId: {order.certificate_id} is an {product.level.value} certificate, "
            f"which belongs to the company and the manager of account {order.uin}. Have them "
            f"vetted in account {uin} and order a new certificate there. Then revoke this "
            "one with certdesk order revoke."
        )
    try:
        sent = begin_move(order, uin)
    except IllegalTransition as refused:
        raise InvalidCertificateStatusCode(f"{refused} {_remedy(order)}") from None
    _check_neighbours(unit, order)
    return sent


def _remedy(order: Order) -> str:
    if order.status in ASKED_BACK:
        return (
            "A request to revoke the certificate is in progress. Wait until it ends, or end "
            "it with certdesk order keep."
        )
    return (
        "You can move an order only while it has one of these statuses: "
        f"{_names(*sorted(statuses_of(*MOVABLE)))}."
    )


def _check_neighbours(unit: Unit, order: Order) -> None:
    """Refuse to separate orders that are under way together: a predecessor and its successor.

    Raises:
        InvalidCertificateStatusCode: one of them has not ended.
    """
    for other in neighbours_of(unit, order):
        if other.status not in FINISHED:
            raise InvalidCertificateStatusCode(
                f"{other.certificate_id}, {_relation(order, other)}, has status "
                f"{_names(other.status)}. Wait until it ends, or cancel it."
            )


def _relation(order: Order, other: Order) -> str:
    if other.replaces == order.certificate_id:
        return "which replaces it"
    if other.renews == order.certificate_id:
        return "which renews it"
    return "which it replaces" if order.replaces == other.certificate_id else "which it renews"


def _called_off(order: Order, uin: str) -> Order:
    """Return an order whose move is cancelled, as it was before.

    Raises:
        InvalidCertificateStatusCode: it is to move to another account than the one named.
    """
    if order.uin != uin:
        raise InvalidCertificateStatusCode(
            f"The order has status {_names(order.status)} and is moving to account "
            f"{order.headed_for}. To cancel the move, name account {order.uin}."
        )
    return call_off_move(order)


def _names(*statuses: Status) -> str:
    return ", ".join(status.in_words for status in statuses)
