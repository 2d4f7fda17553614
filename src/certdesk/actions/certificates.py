"""What every reply that shows a certificate order says of it, built in one place."""

from typing import Any

from certdesk.domain.order import STATUS_NAMES, Order, Status
from certdesk.domain.products import PRODUCTS, Level
from certdesk.wire.model import Part, Reply, Tag, field, local_time

NOT_HOSTED = -1
"""HostingStatus of an order that no hosting renews."""


class CertificateExtra(Part, kw_only=True):
    """Further facts about an order and its neighbours."""

    domain_number: str
    origin_certificate_id: str | None = None
    replaced_by: str | None = None
    replaced_for: str | None = None
    renew_order: str | None = None
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
    domain: str | None
    alias: str
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
    renew_able: bool = False
    deployable: bool
    tags: list[Tag]


def members_of(order: Order) -> dict[str, Any]:
    """Give the values of `CertificateMembers`; `SubjectAltName` has the main name first."""
    product = PRODUCTS[order.product_id]
    return {
        "owner_uin": order.uin,
        "project_id": str(order.project_id),
        "from_": "wosign" if product.brand == "WoTrus" else "trustasia",
        "certificate_type": "SVR",
        "package_type": str(product.number),
        "product_zh_name": product.name,
        "domain": order.domain,
        "alias": order.alias,
        "status": order.status,
        "status_msg": order.status_msg,
        "verify_type": order.verify_type,
        "cert_begin_time": local_time(order.begins_at),
        "cert_end_time": local_time(order.ends_at),
        "validity_period": str(12 * order.time_span),
        "insert_time": local_time(order.created_at),
        "certificate_extra": CertificateExtra(
            domain_number=str(order.domain_num), company_type=order.holder
        ),
        "certificate_id": order.certificate_id,
        "status_name": STATUS_NAMES[order.status],
        "subject_alt_name": list(order.all_names),
        "is_vip": True,
        "is_wildcard": product.scope.wildcards,
        "is_dv": product.level is Level.DV,
        "deployable": order.status is Status.ISSUED,
        "tags": [Tag(tag_key=key, tag_value=value) for key, value in order.tags],
    }
