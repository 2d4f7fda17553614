"""DescribeCertificates: the list of an account's orders."""

from collections.abc import Iterator

from certdesk.actions.certificates import (
    NOT_HOSTED,
    CertificateMembers,
    hosting_of,
    members_of,
    name_of,
)
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.listing import MOST_TEXT, OrderQuery, Sort, searchable
from certdesk.domain.order import CA, EXPIRES_SOON, SERVER, UNDER_WAY, Order, Status
from certdesk.domain.policy import Project
from certdesk.domain.products import PRODUCTS
from certdesk.domain.telling import told
from certdesk.ports import Unit
from certdesk.wire.model import Integer, Part, Reply, Request, Tag, Unsigned, field, local_time

DEFAULT_LIMIT = 10
MOST = 1000
"""Longest page, and most ids that can be asked for."""

UPLOADED, BOUGHT = "upload", "buy"
DEFAULT_PROJECT = "Default Project"
STATUSES = frozenset(Status)
SORTS = {None: Sort.NEWEST, "ASC": Sort.ENDS_FIRST, "DESC": Sort.ENDS_LAST}
PENDING = frozenset(
    {Status.UNDER_REVIEW, Status.RECORD_ADDED, Status.AWAITING_LETTER, Status.REISSUING}
)
"""What is with the CA and not issued (IsPendingIssue; the vendor does not say which)."""


class DescribeCertificatesRequest(Request):
    """Which orders, and which page of them. The last parameter is the mainland edition's."""

    offset: Unsigned | None = None
    """How many to pass over; 0 is the default."""
    limit: Unsigned | None = None
    """How many to show at most: 10 is the default; beyond 1000 it is cut."""
    search_key: str | None = None
    """A part of the id, the alias or a name, in any case: 64 characters at most."""
    certificate_type: str | None = None
    """`SVR`: server certificates; `CA`: CA certificates, which are uploaded only."""
    project_id: Unsigned | None = None
    """The project they are in."""
    expiration_sort: str | None = None
    """`ASC`: first to end first; `DESC`: last to end first. Without it newest first."""
    certificate_status: list[Unsigned] | None = None
    """The statuses they may have, 0 to 15."""
    deployable: Unsigned | None = None
    """1: those that can be deployed, which are issued; 0: the others."""
    upload: Integer | None = None
    """1: those that were uploaded; 0: all."""
    renew: Integer | None = None
    """1: those that can be renewed now, for which `RenewAble` is true; 0: all."""
    filter_source: str | None = None
    """`upload`: those that were uploaded; `buy`: those that were bought."""
    is_sm: Integer | None = field(name="IsSM", default=None)
    """1: pairs of SM2 certificates, which are not sold; 0: all."""
    filter_expiring: Unsigned | None = None
    """1: those that end within 30 days; 0: all."""
    hostable: Unsigned | None = None
    """1: those that can be hosted, which none can be; 0: the others."""
    tags: list[Tag] | None = None
    """Labels that they have to have, all of them."""
    is_pending_issue: Integer | None = None
    """1: those that are with the CA and not issued; 0: all."""
    cert_ids: list[str] | None = None
    """Their ids, 1000 at most; those that are not there, or not allowed, are passed over."""
    service_id: str | None = None
    """A subscription that they belong to; there are none."""


class ProjectInfo(Part, kw_only=True):
    """The project that an order is in."""

    project_name: str | None
    project_creator_uin: int
    project_create_time: str | None
    project_resume: str | None = None
    owner_uin: int
    project_id: str


class PreAuditInfo(Part, kw_only=True):
    """Years of the order, and the manager who vouches for it."""

    total_period: int
    now_period: int = 1
    manager_id: str


class SupportDownloadType(Part):
    """For which servers the certificate can be downloaded."""

    nginx: bool = field(name="NGINX", default=False)
    apache: bool = field(name="APACHE", default=False)
    tomcat: bool = field(name="TOMCAT", default=False)
    iis: bool = field(name="IIS", default=False)
    jks: bool = field(name="JKS", default=False)
    other: bool = field(name="OTHER", default=False)
    root: bool = field(name="ROOT", default=False)


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
    hosting_complete_time: str | None
    hosting_renew_cert_id: str | None
    has_renew_order: str | None
    replace_ori_cert_is_delete: bool = False
    is_expiring: bool
    dv_auth_deadline: str | None = field(name="DVAuthDeadline")
    validation_passed_time: str | None = None
    cert_sans: list[str] = field(name="CertSANs")
    awaiting_validation_msg: str | None = None
    allow_download: bool | None = None
    is_dnspod_resolve: bool = field(name="IsDNSPODResolve", default=False)
    is_package: bool = False
    key_password_custom_flag: bool
    support_download_type: SupportDownloadType = field(default_factory=SupportDownloadType)
    cert_revoked_time: str | None
    hosting_resource_types: list[str] = field(default_factory=list)
    hosting_config: HostingConfig | None = None


class DescribeCertificatesReply(Reply):
    """A page of orders, and how many there are in all."""

    total_count: int
    certificates: list[CertificateInfo]


@catalog.action(InvalidParam)
def describe_certificates(
    context: Context, request: DescribeCertificatesRequest
) -> Commit[DescribeCertificatesReply]:
    """List the account's orders, newest first; a user sees those that its policies allow."""
    faults = list(_faults(request))
    if faults:
        raise InvalidParam(" ".join(faults))

    def look(unit: Unit) -> DescribeCertificatesReply:
        if _asks_for_nothing(request):
            return DescribeCertificatesReply(total_count=0, certificates=[])
        page = unit.orders.page(_query(context, request))
        projects = {
            project_id: unit.projects.get(project_id)
            for project_id in {order.project_id for order in page.orders}
        }
        return DescribeCertificatesReply(
            total_count=page.total,
            certificates=[
                _info(context, order, projects[order.project_id]) for order in page.orders
            ],
        )

    return look


FLAGS = {
    "Deployable": "deployable",
    "Upload": "upload",
    "Renew": "renew",
    "IsSM": "is_sm",
    "FilterExpiring": "filter_expiring",
    "Hostable": "hostable",
    "IsPendingIssue": "is_pending_issue",
}
"""Parameters that are 0 or 1, by their names on the wire."""


CHOICES = {
    "CertificateType": ("certificate_type", (SERVER, CA)),
    "FilterSource": ("filter_source", (UPLOADED, BOUGHT)),
    "ExpirationSort": ("expiration_sort", ("ASC", "DESC")),
}
"""Parameters that are one of two words, by their names on the wire."""


def _faults(request: DescribeCertificatesRequest) -> Iterator[str]:
    for name, attribute in FLAGS.items():
        value = getattr(request, attribute)
        if value not in (None, 0, 1):
            yield f"{name}: must be 0 or 1, not {value}."
    for name, (attribute, words) in CHOICES.items():
        word = getattr(request, attribute)
        if word not in (None, *words):
            yield f"{name}: must be {' or '.join(words)}; got {told(word)}."
    unknown = set(request.certificate_status or ()) - STATUSES
    if unknown:
        got = f"got {min(unknown)}"
        yield f"CertificateStatus: takes numbers from 0 to {max(STATUSES)}; {got}."
    if len(searchable(request.search_key or "")) > MOST_TEXT:
        yield f"SearchKey: takes at most {MOST_TEXT} characters."


def _asks_for_nothing(request: DescribeCertificatesRequest) -> bool:
    """Whether it asks for what no order is."""
    return (
        request.service_id is not None
        or 1 in (request.is_sm, request.hostable)
        or (request.renew == 1 and request.certificate_type == CA)
        or (request.upload == 1 and request.filter_source == BOUGHT)
    )


def _query(context: Context, request: DescribeCertificatesRequest) -> OrderQuery:
    renewable = request.renew == 1
    expiring = renewable or request.filter_expiring == 1
    return OrderQuery(
        uin=context.caller.uin,
        offset=request.offset or 0,
        limit=min(DEFAULT_LIMIT if request.limit is None else request.limit, MOST),
        sort=SORTS[request.expiration_sort],
        statuses=_statuses(request),
        project_id=request.project_id,
        certificates=frozenset(request.cert_ids) if request.cert_ids else None,
        text=searchable(request.search_key or ""),
        tags=tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ()),
        ends_from=context.now if expiring else None,
        ends_until=context.now + EXPIRES_SOON if expiring else None,
        uploaded=_uploaded(request),
        certificate_type=SERVER if renewable else request.certificate_type,
        plain=renewable,
        permission=context.permission,
        grants=context.caller.grants,
    )


def _uploaded(request: DescribeCertificatesRequest) -> bool | None:
    if request.upload == 1:
        return True
    return None if request.filter_source is None else request.filter_source == UPLOADED


def _statuses(request: DescribeCertificatesRequest) -> frozenset[Status] | None:
    """Give the statuses that all parameters allow, None where none says anything of them."""
    issued = frozenset({Status.ISSUED})
    wanted = STATUSES
    if request.certificate_status:
        wanted &= frozenset(map(Status, request.certificate_status))
    if request.deployable is not None:
        wanted &= issued if request.deployable else STATUSES - issued
    if 1 in (request.filter_expiring, request.renew):
        wanted &= issued
    if request.is_pending_issue == 1:
        wanted &= PENDING
    return None if wanted == STATUSES else wanted


def _info(context: Context, order: Order, project: Project | None) -> CertificateInfo:
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
        hosting_complete_time=local_time(order.succeeded_at),
        hosting_renew_cert_id=successor if hosting != NOT_HOSTED else None,
        has_renew_order=order.renewed_by,
        is_expiring=order.expires_soon(context.now),
        dv_auth_deadline=local_time(order.deadline) if order.status in UNDER_WAY else None,
        cert_sans=list(order.all_names),
        cert_revoked_time=local_time(order.revoked_at),
        key_password_custom_flag=order.key_pass,
    )


def _project_info(order: Order, project: Project | None) -> ProjectInfo:
    """Show the project of an order; number 0, which every account has, has no record."""
    owner = int(order.uin)
    return ProjectInfo(
        project_name=DEFAULT_PROJECT if project is None else project.name,
        project_creator_uin=owner,
        project_create_time=None if project is None else local_time(project.created_at),
        owner_uin=owner,
        project_id=str(order.project_id),
    )
