"""Managers and their contacts, as the operator adds and views them."""

from collections.abc import Iterator

from certdesk.actions.vetting import records, reviews
from certdesk.actions.vetting.managers import ManagerInfo, manager_info
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.tags import tags_faults
from certdesk.domain.errors import CompanyNotFound, InvalidParam, ManagerNotFound
from certdesk.domain.orders.warnings import person_remarks
from certdesk.domain.values.mailbox import mailbox_fault
from certdesk.domain.values.organisation import Organisation, People, Person
from certdesk.domain.values.secret import hidden, masked, plain
from certdesk.domain.values.texts import organisation_faults, person_faults
from certdesk.domain.vetting.review import State, is_vetted
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import Unit
from certdesk.wire.model import Hidden, Integer, Part, Reply, Request, Tag, utc_time
from certdesk.wire.operator import records as asked


class AddManagerRequest(Request, kw_only=True):
    """A manager in the field names of `ManagerInfo`, its contact, and its account and company."""

    uin: str
    company_id: Integer
    status: str | None = None
    manager_first_name: str
    manager_last_name: str
    manager_position: str | None = None
    manager_phone: Hidden | None = None
    manager_mail: Hidden | None = None
    manager_department: str | None = None
    manager_id_type: str | None = None
    manager_id_number: Hidden | None = None
    contact_first_name: str | None = None
    contact_last_name: str | None = None
    contact_position: str | None = None
    contact_phone: Hidden | None = None
    contact_mail: Hidden | None = None
    contact_id_type: str | None = None
    contact_id_number: Hidden | None = None
    tags: list[Tag] | None = None


class AddManagerReply(Reply):
    """The manager's number; a manager with equal data keeps its number."""

    manager_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_manager(context: Context, request: AddManagerRequest) -> Commit[AddManagerReply]:
    """Add a manager to a company.

    A review is asked for, unless its `Status` is to be ok (vetted already) or none (later).
    """
    company = context.desk.store.read(
        lambda unit: records.own_company(unit, request.uin, request.company_id)
    )
    if company is None:
        raise CompanyNotFound(f"The account has no company {request.company_id}.")
    people = _people(request)
    tags = tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ())
    faults = [*_people_faults(request, people), *tags_faults(tags, context.desk.rules.quotas)]
    if faults:
        raise InvalidParam(" ".join(faults))
    draft = records.draft_manager(context, company, people, tags)

    def commit(unit: Unit) -> AddManagerReply:
        sent = request.status in (None, State.AUDIT)
        manager = reviews.keep_manager(context, unit, draft, send=sent)
        if request.status == State.OK and not is_vetted(manager, context.now):
            manager = reviews.mark_vetted(context, unit, manager)
        context.record(unit, f"manager:{manager.manager_id}", manager.status, uin=request.uin)
        return AddManagerReply(manager_id=manager.manager_id)

    return commit


def _people(request: AddManagerRequest) -> People:
    return People(
        manager=Person(
            first_name=request.manager_first_name,
            last_name=request.manager_last_name,
            title=request.manager_position,
            phone=hidden(request.manager_phone),
            email=hidden(request.manager_mail),
            id_type=request.manager_id_type,
            id_number=hidden(request.manager_id_number),
        ),
        department=request.manager_department,
        contact=Person(
            first_name=request.contact_first_name,
            last_name=request.contact_last_name,
            title=request.contact_position,
            phone=hidden(request.contact_phone),
            email=hidden(request.contact_mail),
            id_type=request.contact_id_type,
            id_number=hidden(request.contact_id_number),
        ),
    )


WIRE_NAMES = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "title": "Position",
    "phone": "Phone",
    "email": "Mail",
    "id_number": "IdNumber",
}


def _people_faults(request: AddManagerRequest, people: People) -> Iterator[str]:
    if request.status not in (None, State.AUDIT, State.OK, State.NONE):
        yield "Status: must be audit (to be vetted), ok (vetted) or none (to be vetted later)."
    # In an order this value comes as the organisation's division.
    for _, rule in organisation_faults(Organisation(division=people.department)):
        yield f"ManagerDepartment: {rule}."
    for role, person in (("Manager", people.manager), ("Contact", people.contact)):
        for field, rule in person_faults(person):
            yield f"{role}{WIRE_NAMES[field]}: {rule}."
        if person.id_type not in (None, "SFZ", "HZ"):
            yield f"{role}IdType: must be SFZ or HZ."
        fault = mailbox_fault(person.email.text()) if person.email else None
        if fault:
            yield f"{role}Mail: {fault}."


class ListManagersReply(Reply):
    """All managers asked for."""

    managers: list[ManagerInfo]


@catalog.action(internal=True)
def list_managers(
    context: Context, request: asked.ListManagersRequest
) -> Commit[ListManagersReply]:
    """List the managers of an account."""

    def read(unit: Unit) -> ListManagersReply:
        known_account(unit, request.uin)
        return ListManagersReply(
            managers=[
                manager_info(context, unit, manager, worded=utc_time)
                for manager in unit.managers.where(uin=request.uin)
                if request.company_id in (None, manager.company_id)
            ]
        )

    return read


class ContactInfo(Part):
    """The contact that belongs to a manager."""

    contact_first_name: str | None
    contact_last_name: str | None
    contact_position: str | None
    contact_phone: str | None
    contact_mail: str | None


class ShowManagerReply(Reply):
    """One manager with contact and company; `Remarks` are doubts that do not prevent approval."""

    uin: str
    company_id: int
    manager: ManagerInfo
    contact: ContactInfo
    remarks: list[str]


@catalog.action(internal=True)
def show_manager(context: Context, request: asked.ShowManagerRequest) -> Commit[ShowManagerReply]:
    """Show one manager with its contact."""

    def read(unit: Unit) -> ShowManagerReply:
        manager = unit.managers.get(request.manager_id)
        if manager is None:
            raise ManagerNotFound
        people = records.people_of(context.desk.vault, manager)
        company = unit.companies.get(manager.company_id)
        country = records.organisation_of(context.desk.vault, company).country if company else None
        return ShowManagerReply(
            uin=manager.uin,
            company_id=manager.company_id,
            manager=manager_info(context, unit, manager, worded=utc_time),
            contact=contact_info(people.contact),
            remarks=list(remarks_on(people, country)),
        )

    return read


def remarks_on(people: People, country: str | None) -> Iterator[str]:
    """Yield the doubts about the numbers of a manager and its contact, without the numbers."""
    for role, person in (("Manager", people.manager), ("Contact", people.contact)):
        for field, remark in person_remarks(person, country):
            yield f"{role}{WIRE_NAMES[field]}: {remark}"


def contact_info(contact: Person, *, whole: bool = False) -> ContactInfo:
    """Return what may be shown of a contact; the telephone number is masked, unless `whole`."""
    return ContactInfo(
        contact_first_name=contact.first_name,
        contact_last_name=contact.last_name,
        contact_position=contact.title,
        contact_phone=plain(contact.phone) if whole else masked(contact.phone),
        contact_mail=plain(contact.email),
    )
