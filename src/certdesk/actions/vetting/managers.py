"""Managers of companies, as the API shows them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from certdesk.actions.paging import limit_of, page_faults
from certdesk.actions.vetting import records
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.values.organisation import Manager
from certdesk.domain.values.redaction import redacted_unless_near
from certdesk.domain.values.secret import masked, plain
from certdesk.domain.vetting.review import BY_KIND, State, state_of, stored_as
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Hidden, Integer, Part, Reply, Request, Tag, local_time

WordedTime: TypeAlias = Callable[[datetime | None], str | None]
"""Formats a time of a reply: `local_time` for the API, `utc_time` for the operator."""


class ManagerPreAuditDomain(Part):
    """A domain that was validated ahead of orders."""

    domain: str
    create_time: str
    expire_time: str


class ManagerStatusInfo(Part):
    """The state of the vetting for one kind of certificate."""

    type: str
    status: str
    create_time: str | None
    expire_time: str | None
    manager_pre_audit_domains: list[ManagerPreAuditDomain]


class ManagerInfo(Part, kw_only=True):
    """A manager as shown: the telephone number masked, the identity number never."""

    status: str
    manager_first_name: str | None
    manager_last_name: str | None
    manager_position: str | None
    manager_phone: str | None
    manager_mail: str | None
    manager_department: str | None
    create_time: str | None
    domain_count: int
    cert_count: int
    manager_id: int
    expire_time: str | None
    submit_audit_time: str | None
    verify_time: str | None
    status_info: list[ManagerStatusInfo] | None
    tags: list[Tag]


class DescribeManagersRequest(Request):
    """The company, the filters and the page."""

    company_id: Integer
    """The company's id."""
    offset: Integer | None = None
    """How many to pass over; 0 is the default."""
    limit: Integer | None = None
    """How many to show at most: 10 is the default; beyond 1000 it is cut."""
    manager_name: str | None = None
    """A manager's first name, last name, or last and first in one; the vendor deprecates it."""
    manager_mail: Hidden | None = None
    """A part of a manager's e-mail address; the vendor deprecates it."""
    status: str | None = None
    """`none`, `audit`, `CAaudit`, `ok`, `invalid`, `expiring` or `expired`."""
    search_key: str | None = None
    """`last name|first name|mail|department`, exactly.

    An empty part matches anything, and a key without bars matches any one of the four.
    """


class DescribeManagersReply(Reply):
    """A page of managers, and the number of all."""

    managers: list[ManagerInfo]
    total_count: int


@catalog.action(InvalidParam, sensitive=True, account_wide=True)
def describe_managers(
    context: Context, request: DescribeManagersRequest
) -> Commit[DescribeManagersReply]:
    """List the managers of one of the account's companies."""
    offset = request.offset or 0
    limit = limit_of(request.limit)
    faults = list(_query_faults(request))
    if faults:
        raise InvalidParam(" ".join(faults))

    def read(unit: Unit) -> DescribeManagersReply:
        its: dict[str, object] = {"uin": context.caller.uin, "company_id": request.company_id}
        if request.status is not None:
            its["status"] = stored_as(State(request.status))
        if request.status or request.search_key or request.manager_name or request.manager_mail:
            all_ = unit.managers.where(offset=0, limit=None, **its)
            found = [manager for manager in all_ if _fits(context, request, manager)]
            page, total = found[offset : offset + limit], len(found)
        else:
            page = unit.managers.where(offset=offset, limit=limit, **its)
            total = unit.managers.count(**its)
        return DescribeManagersReply(
            managers=[manager_info(context, unit, manager) for manager in page],
            total_count=total,
        )

    return read


def _query_faults(request: DescribeManagersRequest) -> Iterator[str]:
    if request.status not in (None, *State):
        got = redacted_unless_near(request.status or "", State)
        yield f"Status: must be one of {', '.join(State)}; got {got}."
    yield from page_faults(request.offset, request.limit)


def _fits(context: Context, request: DescribeManagersRequest, manager: Manager) -> bool:
    if request.status not in (None, state_of(manager, context.now)):
        return False
    people = records.people_of(context.desk.vault, manager)
    person = people.manager
    mail = person.email.text() if person.email else ""
    name = (person.last_name or "", person.first_name or "")
    return (
        _search_fits(request.search_key, (*name, mail, people.department or ""))
        and request.manager_name in (None, *name, "".join(name))
        and (request.manager_mail or "") in mail
    )


def _search_fits(key: str | None, values: tuple[str, ...]) -> bool:
    if key is None:
        return True
    parts = key.split("|")
    if len(parts) == 1:
        return key in values
    return len(parts) <= len(values) and all(
        part in ("", value) for part, value in zip(parts, values, strict=False)
    )


def manager_info(
    context: Context,
    unit: Unit,
    manager: Manager,
    *,
    worded: WordedTime = local_time,
    whole: bool = False,
) -> ManagerInfo:
    """Return what may be shown of a manager, its times formatted by `worded`.

    The telephone number is masked, unless it is to be shown `whole`.
    """
    people = records.people_of(context.desk.vault, manager)
    person = people.manager
    uin, number = manager.uin, manager.manager_id
    return ManagerInfo(
        status=state_of(manager, context.now),
        manager_first_name=person.first_name,
        manager_last_name=person.last_name,
        manager_position=person.title,
        manager_phone=plain(person.phone) if whole else masked(person.phone),
        manager_mail=plain(person.email),
        manager_department=people.department,
        create_time=worded(manager.created_at),
        domain_count=unit.orders.count_names(uin=uin, manager_id=number),
        cert_count=unit.orders.count(uin=uin, manager_id=number),
        manager_id=number,
        expire_time=worded(manager.expires_at),
        submit_audit_time=worded(manager.submitted_at),
        verify_time=worded(manager.verified_at),
        status_info=status_info(manager, context.now, worded=worded),
        tags=[Tag(tag_key=key, tag_value=value) for key, value in manager.tags],
    )


def status_info(
    manager: Manager,
    now: datetime,
    proved: Sequence[ManagerPreAuditDomain] = (),
    *,
    worded: WordedTime = local_time,
) -> list[ManagerStatusInfo]:
    """Return the state of vetting for OV and for EV: a vetted manager is vetted for both.

    `proved` are the domains that are shown with it.
    """
    return [
        ManagerStatusInfo(
            type=kind,
            status=BY_KIND[state_of(manager, now)],
            create_time=worded(manager.submitted_at),
            expire_time=worded(manager.expires_at),
            manager_pre_audit_domains=list(proved),
        )
        for kind in ("ov", "ev")
    ]
