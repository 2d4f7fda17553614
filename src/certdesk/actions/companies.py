"""Companies: what the API shows of them, and how the operator enters them."""

from certdesk.actions import parties
from certdesk.actions.naming import known_account
from certdesk.actions.paging import limit_of, page_faults
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    CompanyNotFound,
    InvalidParam,
    InvalidParameterValue,
)
from certdesk.domain.organisation import Company, Organisation
from certdesk.domain.secret import hidden, mask
from certdesk.domain.tags import tags_faults
from certdesk.domain.texts import organisation_faults
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Blank, Hidden, Integer, Part, Reply, Request, Tag, Withheld
from certdesk.wire.operator import records as asked

WIRE_NAMES = {
    "name": "CompanyName",
    "address": "CompanyAddress",
    "country": "CompanyCountry",
    "city": "CompanyCity",
    "region": "CompanyProvince",
    "phone_number": "CompanyPhone",
    "id_number": "IdNumber",
}


class CompanyInfo(Part, kw_only=True):
    """A company as shown: the telephone number masked, the identity number never."""

    company_name: str | None
    company_id: int
    company_country: str | None
    company_province: str | None
    company_city: str | None
    company_address: str | None
    company_phone: str | None
    id_type: Blank
    id_number: Withheld[str | None] = None
    tags: list[Tag]


class DescribeCompaniesRequest(Request):
    """Which companies: all of the account, or one."""

    offset: Integer | None = None
    """How many to pass over; 0 is the default."""
    limit: Integer | None = None
    """How many to show at most: 10 is the default, also for 0; beyond 1000 it is cut."""
    company_id: Integer | None = None
    """Show this company alone; 0 for all."""


class DescribeCompaniesReply(Reply):
    """A page of companies, and the number of all."""

    companies: list[CompanyInfo]
    total_count: int


@catalog.action(InvalidParameterValue, sensitive=True, account_wide=True)
def describe_companies(
    context: Context, request: DescribeCompaniesRequest
) -> Commit[DescribeCompaniesReply]:
    """List the account's companies in the order in which they were entered."""
    for fault in page_faults(request.offset, request.limit):
        raise InvalidParameterValue(fault)
    offset, limit = request.offset or 0, limit_of(request.limit or None)
    wanted = {"uin": context.caller.uin} | (
        {"company_id": request.company_id} if request.company_id else {}
    )

    def look(unit: Unit) -> DescribeCompaniesReply:
        page = unit.companies.where(offset=offset, limit=limit, **wanted)
        return DescribeCompaniesReply(
            companies=[company_info(context, company) for company in page],
            total_count=unit.companies.count(**wanted),
        )

    return look


class AddCompanyRequest(Request):
    """A company in the field names of `CompanyInfo`, and whose it is."""

    uin: str
    company_name: str
    company_country: str
    company_province: str | None = None
    company_city: str | None = None
    company_address: str | None = None
    company_phone: Hidden | None = None
    id_type: str | None = None
    id_number: Hidden | None = None
    tags: list[Tag] | None = None


class AddCompanyReply(Reply):
    """The company's number; an equal one that is known already keeps its own."""

    company_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_company(context: Context, request: AddCompanyRequest) -> Commit[AddCompanyReply]:
    """Enter a company of an account."""
    context.desk.store.read(lambda unit: known_account(unit, request.uin))
    if request.id_type not in (None, "TYDMZ", "OTHERS"):
        raise InvalidParam("IdType: must be TYDMZ or OTHERS.")
    organisation = Organisation(
        name=request.company_name,
        address=request.company_address,
        country=request.company_country,
        city=request.company_city,
        region=request.company_province,
        phone_number=hidden(request.company_phone),
        id_type=request.id_type,
        id_number=hidden(request.id_number),
    )
    tags = tuple((tag.tag_key, tag.tag_value) for tag in request.tags or ())
    faults = [f"{WIRE_NAMES[field]}: {rule}." for field, rule in organisation_faults(organisation)]
    faults += tags_faults(tags, context.desk.rules.quotas)
    if faults:
        raise InvalidParam(" ".join(faults))
    draft = parties.draft_company(context, request.uin, organisation, tags)

    def commit(unit: Unit) -> AddCompanyReply:
        company = parties.keep_company(unit, draft)
        context.record(unit, f"company:{company.company_id}", uin=request.uin)
        return AddCompanyReply(company_id=company.company_id)

    return commit


class ListCompaniesReply(Reply):
    """All companies of the account."""

    companies: list[CompanyInfo]


@catalog.action(internal=True)
def list_companies(
    context: Context, request: asked.ListCompaniesRequest
) -> Commit[ListCompaniesReply]:
    """List the companies of an account."""

    def look(unit: Unit) -> ListCompaniesReply:
        known_account(unit, request.uin)
        companies = unit.companies.where(uin=request.uin)
        return ListCompaniesReply(
            companies=[company_info(context, company) for company in companies]
        )

    return look


class ShowCompanyReply(Reply):
    """One company and the account that it belongs to."""

    uin: str
    company: CompanyInfo


@catalog.action(internal=True)
def show_company(context: Context, request: asked.ShowCompanyRequest) -> Commit[ShowCompanyReply]:
    """Show one company."""

    def look(unit: Unit) -> ShowCompanyReply:
        company = unit.companies.get(request.company_id)
        if company is None:
            raise CompanyNotFound
        return ShowCompanyReply(uin=company.uin, company=company_info(context, company))

    return look


def company_info(context: Context, company: Company, *, whole: bool = False) -> CompanyInfo:
    """Return what may be shown of a company; the telephone number is masked, unless `whole`."""
    known = parties.organisation_of(context.desk.vault, company)
    phone = [known.phone_area, known.phone_number.text() if known.phone_number else None]
    number = "-".join(part for part in phone if part)
    return CompanyInfo(
        company_name=known.name,
        company_id=company.company_id,
        company_country=known.country,
        company_province=known.region,
        company_city=known.city,
        company_address=known.address,
        company_phone=(number if whole else mask(number)) or None,
        id_type=known.id_type or "",
        tags=[Tag(tag_key=key, tag_value=value) for key, value in company.tags],
    )
