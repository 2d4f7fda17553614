"""CreateCertificate: buying an order."""

from collections.abc import Iterable

from certdesk.actions.access import FIRST
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.policy import NO_CERTIFICATE
from certdesk.domain.accounts.tags import tags_faults
from certdesk.domain.errors import AuthError, InvalidParam
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order, new_certificate_id, new_deal_id
from certdesk.domain.values.products import FREE, PRODUCTS, Product, Sale, spelled
from certdesk.domain.values.record import Record, replace
from certdesk.engine import Context
from certdesk.ports import Taken, Unit
from certdesk.wire.model import Ignored, Integer, Reply, Request, Tag, field


class CreateCertificateRequest(Request):
    """What to buy."""

    product_id: Integer
    """Number of the [product](../products.md): `certdesk products` lists them."""
    domain_num: Integer
    """How many names: 2 to 100 for products that cover several, else 1."""
    time_span: Integer
    """How many years: 1 to 10, for CFCA products 99 to 101 only 1. The desk reissues certificates
    until they are over."""
    auto_voucher: Ignored[Integer | None] = None
    """Whether to pay by voucher, 0 or 1; there is no billing here."""
    tags: list[Tag] | None = None
    """Labels of the order: 50 at most, with keys of 127 and values of 255 characters
    (`quota.tags`, `quota.tag_key`, `quota.tag_value`)."""


class CreateCertificateReply(Reply):
    """The new order; only the mainland edition has `ResourceIds`."""

    certificate_ids: list[str]
    deal_ids: list[str]
    resource_ids: list[str] = field(default_factory=list)


@catalog.action(AuthError, InvalidParam, writes=True)
def create_certificate(
    context: Context, request: CreateCertificateRequest
) -> Commit[CreateCertificateReply]:
    """Buy an order, which then waits for its material.

    It is in project 0. There is no billing: what it costs is between the desk and its users.
    `AutoVoucher` has no effect.
    """
    if not context.caller.verified:
        raise AuthError(
            "The identity of the account is not verified, so it cannot buy certificates."
        )
    if context.caller.grants.refused(context.permission, NO_CERTIFICATE, FIRST):
        # The vendor lists no other code for this action, whatever is refused.
        raise AuthError(f"No policy allows {context.permission} in project {FIRST}.")
    tags = tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ())
    goods = _goods(request, tags_faults(tags, context.desk.rules.quotas))

    def commit(unit: Unit) -> CreateCertificateReply:
        order = add_order(context, unit, context.caller.uin, goods, tags=tags)
        return CreateCertificateReply(
            certificate_ids=[order.certificate_id], deal_ids=[order.deal_id]
        )

    return commit


class Goods(Record):
    """What an order is for: a product, so many names, so many years; a free one has 0 years."""

    product: Product
    names: int
    years: int


def add_order(
    context: Context,
    unit: Unit,
    uin: str,
    goods: Goods,
    *,
    project_id: int = FIRST,
    tags: tuple[tuple[str, str], ...] = (),
) -> Order:
    """Add an order for an account, which then waits for its material."""
    number = goods.product.number
    draft = Order(
        certificate_id=new_certificate_id(context.desk.rng),
        uin=uin,
        product_id=number,
        domain_num=goods.names,
        time_span=goods.years,
        status=Status.FREE_AWAITING_MATERIAL if number == FREE else Status.AWAITING_MATERIAL,
        project_id=project_id,
        deal_id=new_deal_id(context.desk.rng, context.now),
        tags=tags,
        created_at=context.now,
    )
    order = _added(context, unit, draft)
    context.record(unit, order.certificate_id, f"product {number}", uin=uin)
    return order


def _added(context: Context, unit: Unit, draft: Order) -> Order:
    """Add an order; if its id is taken, with another one."""
    while True:
        try:
            return unit.orders.add(draft)
        except Taken:
            another = new_certificate_id(context.desk.rng)
            draft = replace(draft, certificate_id=another)


def _goods(request: CreateCertificateRequest, others: Iterable[str]) -> Goods:
    """Return what is to be bought; `others` are faults that were found elsewhere."""
    product = sold(request.product_id)
    goods = Goods(product, request.domain_num, request.time_span)
    faults = [*goods_faults(goods), *others]
    if request.auto_voucher not in (None, 0, 1):
        faults.append(f"AutoVoucher: must be 0 or 1, not {request.auto_voucher}.")
    if faults:
        raise InvalidParam(" ".join(faults))
    return goods


def sold(number: int) -> Product:
    """Return a product that is sold.

    Raises:
        InvalidParam: no product of that number is sold.
    """
    product = PRODUCTS.get(number)
    if product is None or not product.buyable:
        hint = " ApplyCertificate orders it free of charge." if number == FREE else ""
        raise InvalidParam(f"ProductId: product {number} is not sold.{hint}")
    return product


def goods_faults(goods: Goods) -> list[str]:
    """Return why there can be no such order of a product that is sold; empty if there can."""
    product, number, years = goods.product, goods.names, goods.years
    faults = []
    if product.sale is Sale.SM2:
        faults.append(
            f"ProductId: {product.number} ({product.name}) needs SM2 certificates, which "
            "this desk cannot make yet."
        )
    if number not in product.names:
        how = f"must be {spelled(product.names)}" if product.scope.many else "must be 1"
        faults.append(f"DomainNum: {how} for {product.name}, not {number}.")
    if years not in product.years:
        faults.append(f"TimeSpan: must be {product.term} for {product.name}, not {years}.")
    return faults
