"""What every reply that shows an order says about it, built in one place."""

from datetime import datetime
from typing import Any

from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.lifecycle import STATUS_NAMES, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.products import FREE, FREE_MONTHS, PRODUCTS, Level, Product, Scope
from certdesk.wire.model import Blank, Part, Reply, Tag, field, local_time

UPLOADED_NAME = "Uploaded certificate"
DAYS_OF_A_MONTH = 365.25 / 12

NOT_HOSTED, HOSTED, HOSTING_COMPLETED = -1, 0, 10
"""HostingStatus: not hosted, to be succeeded by the desk, has a successor by the desk (vendor)."""


class CertificateExtra(Part, kw_only=True):
    """Further facts about an order and its neighbours.

    Names and meanings are the vendor's: `OriginCertificateId` is what it renews and `RenewOrder`
    what renews it, `ReplacedBy` what it replaces and `ReplacedFor` what replaces it.
    """

    domain_number: str
    origin_certificate_id: str | None
    replaced_by: str | None
    replaced_for: str | None
    renew_order: str | None
    sm_cert: int = field(name="SMCert", default=0)
    company_type: int | None


class CertificateMembers(Reply, kw_only=True):
    """The members that are the same wherever an order is shown."""

    owner_uin: str
    project_id: str
    from_: str = field(name="From")
    certificate_type: str
    package_type: str
    product_zh_name: str
    domain: Blank
    alias: Blank
    status: int
    status_msg: str | None
    verify_type: str | None
    vulnerability_status: str = "INACTIVE"
    cert_begin_time: str | None
    cert_end_time: str | None
    validity_period: str
    insert_time: str | None
    certificate_extra: CertificateExtra
    certificate_id: str
    status_name: str
    subject_alt_name: list[str]
    is_vip: bool
    is_wildcard: bool
    is_dv: bool
    is_vulnerability: bool = False
    renew_able: bool
    deployable: bool
    tags: list[Tag]


def members_of(order: Order, now: datetime) -> dict[str, Any]:
    """Return the values of `CertificateMembers`; `SubjectAltName` has the main name first."""
    product = PRODUCTS.get(order.product_id)
    return {
        "owner_uin": order.uin,
        "project_id": str(order.project_id),
        "from_": _source(product),
        "certificate_type": order.certificate_type,
        "package_type": str(order.product_id),
        "product_zh_name": name_of(order),
        "domain": order.domain or "",
        "alias": order.alias,
        "status": order.status,
        "status_msg": status_msg(order),
        "verify_type": order.verify_type,
        "cert_begin_time": local_time(order.begins_at),
        "cert_end_time": local_time(order.ends_at),
        "validity_period": str(_months(order)),
        "insert_time": local_time(order.created_at),
        "certificate_extra": CertificateExtra(
            domain_number=str(order.domain_num),
            origin_certificate_id=order.renews,
            replaced_by=order.replaces,
            replaced_for=order.replaced_by,
            renew_order=order.renewed_by,
            company_type=order.holder,
        ),
        "certificate_id": order.certificate_id,
        "status_name": STATUS_NAMES[order.status],
        "subject_alt_name": list(order.all_names),
        "is_vip": product is not None and product.number != FREE,
        "is_wildcard": scope_of(order).wildcards,
        "is_dv": product is not None and product.level is Level.DV,
        "renew_able": order.renewable(now),
        "deployable": order.status is Status.ISSUED,
        "tags": [Tag(tag_key=key, tag_value=value) for key, value in order.tags],
    }


def hosting_of(order: Order) -> int:
    """Return the HostingStatus of an order."""
    if order.succeeded_at is not None:
        return HOSTING_COMPLETED
    return HOSTED if order.hosted and order.status is Status.ISSUED else NOT_HOSTED


def name_of(order: Order) -> str:
    """Return the name of an order's product, or what an uploaded certificate shows in its place."""
    return UPLOADED_NAME if order.uploaded else PRODUCTS[order.product_id].name


def scope_of(order: Order) -> Scope:
    """Return which names an order's product covers, or an uploaded certificate has."""
    if not order.uploaded:
        return PRODUCTS[order.product_id].scope
    many = len(order.all_names) > 1
    if any(name.startswith("*.") for name in order.all_names):
        return Scope.MULTI_WILDCARD if many else Scope.WILDCARD
    return Scope.MULTI if many else Scope.SINGLE


def _source(product: Product | None) -> str:
    if product is None:
        return "upload"
    return "wosign" if product.brand == "WoTrus" else "trustasia"


def _months(order: Order) -> int:
    """Return the months that an order is for, or that an uploaded certificate is valid."""
    if order.product_id == FREE:
        return FREE_MONTHS
    if not order.uploaded or order.begins_at is None or order.ends_at is None:
        return 12 * order.time_span
    return round((order.ends_at - order.begins_at).days / DAYS_OF_A_MONTH)
