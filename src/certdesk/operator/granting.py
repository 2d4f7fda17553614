"""Granting an account an order that it did not buy: an action of the operator."""

from __future__ import annotations

from certdesk.actions.access import FIRST, own_project
from certdesk.actions.orders.purchase import (
    CreateCertificateReply,
    Goods,
    add_order,
    goods_faults,
    sold,
)
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, NoProjectPermission
from certdesk.domain.values.products import FREE, FREE_MONTHS, PRODUCTS
from certdesk.engine import Context
from certdesk.operator.lookups import enabled_account
from certdesk.ports import Unit
from certdesk.wire.operator import orders as asked


@catalog.action(InvalidParam, NoProjectPermission, writes=True, internal=True)
def grant_order(
    context: Context, request: asked.GrantOrderRequest
) -> Commit[CreateCertificateReply]:
    """Grant an account an order, which then waits for its material like one that was bought."""
    goods = _goods(request)
    project_id = request.project_id or FIRST

    def commit(unit: Unit) -> CreateCertificateReply:
        enabled_account(unit, request.uin)
        own_project(unit, request.uin, project_id)
        order = add_order(context, unit, request.uin, goods, project_id=project_id)
        return CreateCertificateReply(
            certificate_ids=[order.certificate_id], deal_ids=[order.deal_id]
        )

    return commit


def _goods(request: asked.GrantOrderRequest) -> Goods:
    """Return the goods to grant.

    Raises:
        InvalidParam: no order can be had for this, not even as a gift.
    """
    names = 1 if request.domain_num is None else request.domain_num
    if request.product_id == FREE:
        faults = []
        if names != 1:
            faults.append(f"DomainNum: must be 1 for a free certificate, not {names}.")
        if request.time_span is not None:
            faults.append(f"TimeSpan: a free certificate is for {FREE_MONTHS} months, no years.")
        goods = Goods(PRODUCTS[FREE], names, 0)
    else:
        years = 1 if request.time_span is None else request.time_span
        goods = Goods(sold(request.product_id), names, years)
        faults = goods_faults(goods)
    if faults:
        raise InvalidParam(" ".join(faults))
    return goods
