"""An order as lists show it."""

import functools

from certdesk.actions.access import may_read_key
from certdesk.actions.orders.members import (
    NOT_HOSTED,
    CertificateMembers,
    hosting_of,
    members_of,
    name_of,
)
from certdesk.catalog import permission_of
from certdesk.domain.accounts.policy import Project
from certdesk.domain.delivery.bundles import ROOT, SERVER_KINDS, fitting_kinds
from certdesk.domain.orders.derivation import refused_for
from certdesk.domain.orders.lifecycle import UNDER_WAY, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.products import PRODUCTS
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import NO_TIME, Blank, Dashed, Part, Undated, field, local_time

TIMED = UNDER_WAY | {Status.ISSUED}
"""Statuses that show until when the names were to be validated (DVAuthDeadline)."""

LINKING = permission_of("DescribeDownloadCertificateUrl")
"""The permission that a caller needs to get a link."""


class ProjectInfo(Part, kw_only=True):
    """The project that an order is in."""

    project_name: str
    project_creator_uin: int
    project_create_time: Undated
    project_resume: Blank
    owner_uin: int
    project_id: str


FIRST_PROJECT = ProjectInfo(
    project_name="Default Project",
    project_creator_uin=0,
    project_create_time=NO_TIME,
    project_resume="Default Project",
    owner_uin=0,
    project_id="0",
)
"""The project that every account has without creating it, as the vendor shows it."""


class PreAuditInfo(Part, kw_only=True):
    """Years of the order, and the manager who vouches for it."""

    total_period: int
    now_period: int = 1
    manager_id: Blank


class SupportDownloadType(Part, kw_only=True):
    """For which servers the caller could get a link (DescribeDownloadCertificateUrl)."""

    nginx: bool = field(name="NGINX")
    apache: bool = field(name="APACHE")
    tomcat: bool = field(name="TOMCAT")
    iis: bool = field(name="IIS")
    jks: bool = field(name="JKS")
    other: bool = field(name="OTHER")
    root: bool = field(name="ROOT")


class HostingConfig(Part):
    """How a hosted certificate is replaced."""

    replace_time: int
    message_types: list[int]
    replace_start_time: str
    replace_end_time: str


class CertificateInfo(CertificateMembers, kw_only=True):
    """An order as listed."""

    package_type_name: str
    ca_encrypt_algorithms: list[str] = field(name="CAEncryptAlgorithms", default_factory=list)
    ca_end_times: list[str] = field(name="CAEndTimes", default_factory=list)
    ca_common_names: list[str] = field(name="CACommonNames", default_factory=list)
    project_info: ProjectInfo
    bound_resource: list[str] | None = None
    is_ignore: bool
    is_sm: bool = field(name="IsSM")
    encrypt_algorithm: str | None
    pre_audit_info: PreAuditInfo
    auto_renew_flag: int
    hosting_status: int
    hosting_complete_time: Blank
    hosting_renew_cert_id: Blank
    has_renew_order: Blank
    replace_ori_cert_is_delete: bool = False
    is_expiring: bool
    dv_auth_deadline: str | None = field(name="DVAuthDeadline")
    validation_passed_time: Dashed = "--"
    cert_sans: list[str] = field(name="CertSANs")
    awaiting_validation_msg: Blank = ""
    allow_download: bool | None = None
    is_dnspod_resolve: bool = field(name="IsDNSPODResolve", default=False)
    is_package: bool = False
    key_password_custom_flag: bool
    support_download_type: SupportDownloadType
    cert_revoked_time: str | None
    hosting_resource_types: list[str] = field(default_factory=list)
    hosting_config: HostingConfig | None = None


def info_of(context: Context, unit: Unit, order: Order, project: Project | None) -> CertificateInfo:
    """Return an order as lists show it, with its project; number 0 has no record."""
    product = PRODUCTS.get(order.product_id)
    hosting, successor = hosting_of(order), order.replaced_by or order.renewed_by
    return CertificateInfo(
        **members_of(order, context.now),
        package_type_name=name_of(order),
        project_info=_project_info(order, project),
        is_ignore=order.muted,
        is_sm=product is not None and product.sm2,
        encrypt_algorithm=order.key,
        pre_audit_info=PreAuditInfo(
            total_period=order.time_span,
            manager_id="" if order.manager_id is None else str(order.manager_id),
        ),
        auto_renew_flag=int(order.auto_renew),
        hosting_status=hosting,
        hosting_complete_time=local_time(order.succeeded_at) or "",
        hosting_renew_cert_id=(successor or "") if hosting != NOT_HOSTED else "",
        has_renew_order=order.renewed_by or "",
        is_expiring=order.expires_soon(context.now),
        dv_auth_deadline=local_time(order.deadline) if order.status in TIMED else None,
        cert_sans=list(order.all_names),
        cert_revoked_time=local_time(order.revocation.revoked_at if order.revocation else None),
        key_password_custom_flag=order.key_pass,
        support_download_type=_downloads(context, unit, order),
    )


def _downloads(context: Context, unit: Unit, order: Order) -> SupportDownloadType:
    return _downloads_of(_linked_kinds(context, unit, order))


@functools.cache  # a few sets of kinds
def _downloads_of(kinds: frozenset[str]) -> SupportDownloadType:
    return SupportDownloadType(**{kind: kind in kinds for kind in SERVER_KINDS})


def _project_info(order: Order, project: Project | None) -> ProjectInfo:
    """Return the project of an order; number 0, which every account has, has no record."""
    if project is None:
        return FIRST_PROJECT
    owner = int(project.uin)
    return ProjectInfo(
        project_name=project.name,
        project_creator_uin=owner,
        project_create_time=local_time(project.created_at) or NO_TIME,
        project_resume="",
        owner_uin=owner,
        project_id=str(project.project_id),
    )


def _linked_kinds(context: Context, unit: Unit, order: Order) -> frozenset[str]:
    """Return the kinds of server for which the caller could get a link now."""
    if order.status is not Status.ISSUED or refused_for(context.caller.grants, LINKING, order):
        return frozenset()
    kinds = fitting_kinds(key_kept=order.key_kept, root_known=order.root_known)
    if order.key_kept and not may_read_key(context, unit, order):
        return kinds & {ROOT}
    return kinds
