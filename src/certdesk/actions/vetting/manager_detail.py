"""One manager with its company, its contact and the domains that its orders validated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from certdesk.actions.paging import limit_of, page_faults
from certdesk.actions.vetting import records
from certdesk.actions.vetting.companies import CompanyInfo, company_info
from certdesk.actions.vetting.manager_life import own_manager
from certdesk.actions.vetting.managers import (
    ManagerPreAuditDomain,
    ManagerStatusInfo,
    status_info,
)
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ManagerNotFound
from certdesk.domain.values.organisation import Manager
from certdesk.domain.values.secret import masked, plain
from certdesk.domain.values.validity import terms_at
from certdesk.domain.vetting.review import state_of
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Integer, Reply, Request, Withheld, local_time


class DescribeManagerDetailRequest(Request):
    """The manager, and the page of its domains."""

    manager_id: Integer
    """The manager's id."""
    limit: Integer | None = None
    """How many domains to show at most: 10 is the default; beyond 1000 it is cut."""
    offset: Integer | None = None
    """How many domains to pass over; 0 is the default."""


class DescribeManagerDetailReply(Reply, kw_only=True):
    """A manager; telephone numbers are masked, and identity numbers are never shown."""

    status: str
    manager_first_name: str | None
    manager_mail: str | None
    contact_first_name: str | None
    manager_last_name: str | None
    contact_position: str | None
    manager_position: str | None
    verify_time: str | None
    create_time: str | None
    expire_time: str | None
    contact_last_name: str | None
    manager_phone: str | None
    contact_phone: str | None
    contact_mail: str | None
    manager_department: str | None
    company_info: CompanyInfo
    company_id: int
    manager_id: int
    status_info: list[ManagerStatusInfo]
    manager_id_type: str | None
    manager_id_number: Withheld[str | None] = None
    contact_id_type: str | None
    contact_id_number: Withheld[str | None] = None


@catalog.action(InvalidParam, ManagerNotFound, sensitive=True, account_wide=True)
def describe_manager_detail(
    context: Context, request: DescribeManagerDetailRequest
) -> Commit[DescribeManagerDetailReply]:
    """Show a manager with company, contact and the state of the vetting.

    `ManagerPreAuditDomains` are the domains that the manager's orders validated, and until when
    a CA may rely on that; `Limit` and `Offset` page through them.
    """
    for fault in page_faults(request.offset, request.limit):
        raise InvalidParam(fault)
    offset, limit = request.offset or 0, limit_of(request.limit)

    def read(unit: Unit) -> DescribeManagerDetailReply:
        manager = own_manager(context, unit, request.manager_id)
        company = records.own_company(unit, manager.uin, manager.company_id)
        assert company is not None  # noqa: S101 -- a company with managers is not deleted
        people = records.people_of(context.desk.vault, manager)
        person, contact = people.manager, people.contact
        proved = list(_proved(unit, manager, context.now))[offset : offset + limit]
        return DescribeManagerDetailReply(
            status=state_of(manager, context.now),
            manager_first_name=person.first_name,
            manager_mail=plain(person.email),
            contact_first_name=contact.first_name,
            manager_last_name=person.last_name,
            contact_position=contact.title,
            manager_position=person.title,
            verify_time=local_time(manager.verified_at),
            create_time=local_time(manager.created_at),
            expire_time=local_time(manager.expires_at),
            contact_last_name=contact.last_name,
            manager_phone=masked(person.phone),
            contact_phone=masked(contact.phone),
            contact_mail=plain(contact.email),
            manager_department=people.department,
            company_info=company_info(context, company),
            company_id=company.company_id,
            manager_id=manager.manager_id,
            status_info=status_info(manager, context.now, proved),
            manager_id_type=person.id_type,
            contact_id_type=contact.id_type,
        )

    return read


def _proved(unit: Unit, manager: Manager, now: datetime) -> Iterator[ManagerPreAuditDomain]:
    """Yield the domains that orders of a manager have validated, while that is still good."""
    lasts = timedelta(days=terms_at(now).proof_days)
    newest: dict[str, datetime] = {}
    for order in unit.orders.where(uin=manager.uin, manager_id=manager.manager_id):
        for proof in unit.proofs.where(certificate_id=order.certificate_id):
            if proof.proved_at is not None and now < proof.proved_at + lasts:
                newest[proof.name] = max(proof.proved_at, newest.get(proof.name, proof.proved_at))
    for name, proved_at in sorted(newest.items()):
        yield ManagerPreAuditDomain(
            domain=name,
            create_time=local_time(proved_at) or "",
            expire_time=local_time(proved_at + lasts) or "",
        )
