"""Buying certificate orders, and reading those that a caller has."""

import dataclasses
from collections.abc import Iterable

from certdesk.actions.projects import FIRST
from certdesk.catalog import Commit, catalog
from certdesk.domain import derivation
from certdesk.domain.derivation import coming_from, refused_for
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    InvalidParam,
    NoProjectPermission,
    NoRealNameAuth,
    ServiceError,
    UnauthorizedOperation,
)
from certdesk.domain.order import (
    Order,
    Status,
    new_certificate_id,
    new_deal_id,
)
from certdesk.domain.policy import NO_CERTIFICATE, READ_KEY, READ_PERSONAL, Refused
from certdesk.domain.products import FREE, PRODUCTS, Product, Sale, spelled
from certdesk.domain.tags import tags_faults
from certdesk.engine import Context
from certdesk.ports import Unit, ids_with_key_of
from certdesk.wire.model import Ignored, Integer, Reply, Request, Tag, field

Refusals = tuple[type[ServiceError], ...]
BY_CERTIFICATE: Refusals = (AuthError, UnauthorizedOperation)
BY_PROJECT: Refusals = (NoProjectPermission, *BY_CERTIFICATE)
"""What a policy's refusal is, the first that the vendor lists for the action."""


class CreateCertificateRequest(Request):
    """What to buy."""

    product_id: Integer
    """Number of the product, as in the vendor's list."""
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
    """The new order; `ResourceIds` is the mainland edition's."""

    certificate_ids: list[str]
    deal_ids: list[str]
    resource_ids: list[str] = field(default_factory=list)


@catalog.action(AuthError, InvalidParam, writes=True)
def create_certificate(
    context: Context, request: CreateCertificateRequest
) -> Commit[CreateCertificateReply]:
    """Buy a certificate order, which then waits for its material.

    It lies in project 0. There is no billing: what it costs is between the desk and its users,
    and `AutoVoucher` is accepted for that reason and has no effect.
    """
    if not context.caller.verified:
        raise AuthError("The account's identity is not verified, so it cannot buy.")
    if context.caller.grants.refused(context.permission, NO_CERTIFICATE, FIRST):
        # The vendor lists no other code here, whatever it is that is refused.
        raise AuthError(f"No policy allows {context.permission} in project {FIRST}.")
    tags = tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ())
    goods = _goods(request, tags_faults(tags, context.desk.rules.quotas))

    def commit(unit: Unit) -> CreateCertificateReply:
        order = add_order(context, unit, context.caller.uin, goods, tags=tags)
        return CreateCertificateReply(
            certificate_ids=[order.certificate_id], deal_ids=[order.deal_id]
        )

    return commit


@dataclasses.dataclass(frozen=True, slots=True)
class Goods:
    """What an order is for: a product, for so many names and years; a free one is for no years."""

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
    """Add an order for an account, which waits for its material from now on."""
    certificate_id = new_certificate_id(context.desk.rng)
    while unit.orders.get(certificate_id) is not None:
        certificate_id = new_certificate_id(context.desk.rng)
    number = goods.product.number
    order = unit.orders.add(
        Order(
            certificate_id=certificate_id,
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
    )
    context.record(unit, certificate_id, f"product {number}", uin=uin)
    return order


def _goods(request: CreateCertificateRequest, others: Iterable[str]) -> Goods:
    """Read what is to be bought; `others` are faults that were found beside it."""
    product = sold(request.product_id)
    goods = Goods(product, request.domain_num, request.time_span)
    faults = [*goods_faults(goods), *others]
    if request.auto_voucher not in (None, 0, 1):
        faults.append(f"AutoVoucher: must be 0 or 1, not {request.auto_voucher}.")
    if faults:
        raise InvalidParam(" ".join(faults))
    return goods


def sold(number: int) -> Product:
    """Find a product that is sold.

    Raises:
        InvalidParam: none of that number is.
    """
    product = PRODUCTS.get(number)
    if product is None or not product.buyable:
        hint = " ApplyCertificate gives that one free of charge." if number == FREE else ""
        raise InvalidParam(f"ProductId: no product {number} is sold.{hint}")
    return product


def goods_faults(goods: Goods) -> list[str]:
    """Say why nobody can have such an order of a product that is sold."""
    product, number, years = goods.product, goods.names, goods.years
    faults = []
    if product.sale is Sale.SM2:
        faults.append(
            f"ProductId: {product.number} ({product.name}) is a pair of SM2 certificates, "
            "which this desk cannot make yet."
        )
    if number not in product.names:
        how = f"takes {spelled(product.names)} names" if product.scope.many else "covers 1 name"
        faults.append(f"DomainNum: {product.name} {how}, not {number}.")
    if years not in product.years:
        faults.append(f"TimeSpan: {product.name} is sold for {product.term}, not {years}.")
    return faults


def own_order(context: Context, unit: Unit, certificate_id: str) -> Order:
    """Read an order of the caller's account that its policies allow the action for.

    Raises:
        CertificateNotFound: the account has no order of that id; another account's answers
            exactly like a missing one.
        AuthError, NoProjectPermission, UnauthorizedOperation: a policy refuses it, as
            `check_allowed` says.
    """
    order = unit.orders.get(certificate_id)
    if order is None or order.uin != context.caller.uin:
        raise CertificateNotFound
    check_allowed(context, order)
    return order


def may_read_key(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may be given the private key of an order."""
    return not refused_for(context.caller.grants, READ_KEY, _by_key(context, unit, order))


def may_read_personal(context: Context, order: Order) -> bool:
    """Whether the caller may see telephone numbers of an order's material in full."""
    return not refused_for(context.caller.grants, READ_PERSONAL, order)


def may_read_all(context: Context, unit: Unit, order: Order) -> bool:
    """Whether the caller may be given everything that an order keeps secret."""
    return derivation.may_read_all(context.caller.grants, _by_key(context, unit, order))


def _by_key(context: Context, unit: Unit, order: Order) -> Order:
    """Give an order as one that comes from all certificates with its key.

    A key that is denied under one id is denied under each. Where no id is denied they need not be
    looked for.
    """
    denied = context.caller.grants.denied_certificates(READ_KEY)
    return coming_from(order, ids_with_key_of(unit, order)) if denied else order


def check_allowed(context: Context, order: Order) -> None:
    """Refuse what the caller's policies do not allow for an order where it is.

    Raises:
        NoProjectPermission: it is refused in the whole project.
        AuthError: it is refused for the certificate, or in the whole project by an action that
            does not list the former.
        UnauthorizedOperation: either, by an action that lists none of them.
    """
    refused = refused_for(context.caller.grants, context.permission, order)
    if not refused:
        return
    whole = refused is Refused.PROJECT
    where = f"in project {order.project_id}" if whole else f"for {order.certificate_id}"
    fitting = BY_PROJECT if whole else BY_CERTIFICATE
    listed = next(
        (error for error in fitting if error in context.invocation.action.errors), fitting[0]
    )
    raise listed(f"No policy allows {context.permission} {where}.")


def check_may_add(context: Context, project_id: int) -> None:
    """Refuse a caller that may not add a certificate to a project, or is not verified.

    Raises:
        NoProjectPermission: policies refuse it in the whole project.
        AuthError: they allow it for single certificates only, and a new one is none of them.
        NoRealNameAuth: the account's identity is not verified.
    """
    refused = context.caller.grants.refused(context.permission, NO_CERTIFICATE, project_id)
    if refused >= Refused.PROJECT:
        raise NoProjectPermission(f"No policy allows {context.permission} in project {project_id}.")
    if refused:
        raise AuthError(f"No policy allows {context.permission} for new certificates.")
    if not context.caller.verified:
        raise NoRealNameAuth
