"""DescribeCertificates: the list of an account's orders."""

from collections.abc import Iterator

from certdesk.actions.access import FIRST
from certdesk.actions.orders.list_members import CertificateInfo, info_of
from certdesk.actions.paging import limit_of
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.orders.lifecycle import SUBMITTED, Status
from certdesk.domain.orders.listing import MOST_TEXT, OrderQuery, Sort, searchable
from certdesk.domain.orders.order import CA, EXPIRES_SOON, SERVER
from certdesk.domain.values.redaction import redacted_unless_near
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Integer, Reply, Request, Tag, Unsigned, field

UPLOADED, BOUGHT = "upload", "buy"
STATUSES = frozenset(Status)
SORTS = {None: Sort.NEWEST, "ASC": Sort.ENDS_FIRST, "DESC": Sort.ENDS_LAST}


class DescribeCertificatesRequest(Request):
    """The filters, and the page. The last parameter is the mainland edition's."""

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
    """`ASC`: first to expire first; `DESC`: last to expire first. Without it newest first."""
    certificate_status: list[Unsigned] | None = None
    """The [statuses](../statuses.md) they may have, 0 to 15."""
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


class DescribeCertificatesReply(Reply):
    """A page of orders, and the number of all."""

    total_count: int
    certificates: list[CertificateInfo]


@catalog.action(InvalidParam)
def describe_certificates(
    context: Context, request: DescribeCertificatesRequest
) -> Commit[DescribeCertificatesReply]:
    """List the account's orders, newest first; a user sees those that their policies allow."""
    faults = list(_faults(request))
    if faults:
        raise InvalidParam(" ".join(faults))

    def read(unit: Unit) -> DescribeCertificatesReply:
        if _asks_for_nothing(request):
            return DescribeCertificatesReply(total_count=0, certificates=[])
        page = unit.orders.page(_query(context, request))
        # Every account has project 0, of which there is no record.
        used = {order.project_id for order in page.orders} - {FIRST}
        projects = {project_id: unit.projects.get(project_id) for project_id in used}
        return DescribeCertificatesReply(
            total_count=page.total,
            certificates=[
                info_of(context, unit, order, projects.get(order.project_id))
                for order in page.orders
            ],
        )

    return read


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
            yield f"{name}: must be {' or '.join(words)}; got {redacted_unless_near(word, words)}."
    unknown = set(request.certificate_status or ()) - STATUSES
    if unknown:
        got = f"got {min(unknown)}"
        yield f"CertificateStatus: takes numbers from 0 to {max(STATUSES)}; {got}."
    if len(searchable(request.search_key or "")) > MOST_TEXT:
        yield f"SearchKey: must have at most {MOST_TEXT} characters."


def _asks_for_nothing(request: DescribeCertificatesRequest) -> bool:
    """Whether a filter selects what no order is."""
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
        limit=limit_of(request.limit),
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
    """Return the statuses that all filters allow together; None if none filters by status."""
    issued = frozenset({Status.ISSUED})
    wanted = STATUSES
    if request.certificate_status:
        wanted &= frozenset(map(Status, request.certificate_status))
    if request.deployable is not None:
        wanted &= issued if request.deployable else STATUSES - issued
    if 1 in (request.filter_expiring, request.renew):
        wanted &= issued
    if request.is_pending_issue == 1:
        wanted &= SUBMITTED
    return None if wanted == STATUSES else wanted
