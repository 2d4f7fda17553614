"""Companies, as the API shows them."""

from certdesk.actions.paging import limit_of, page_faults
from certdesk.actions.vetting import records
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import (
    InvalidParameterValue,
)
from certdesk.domain.values.organisation import Company
from certdesk.domain.values.secret import mask
from certdesk.engine import Context
from certdesk.ports import Unit
from certdesk.wire.model import Blank, Integer, Part, Reply, Request, Tag, Withheld

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
    """The filter, and the page."""

    offset: Integer | None = None
    """How many to pass over; 0 is the default."""
    limit: Integer | None = None
    """How many to show at most: 10 is the default, also for 0; beyond 1000 it is cut."""
    company_id: Integer | None = None
    """Show only this company; 0 for all."""


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

    def read(unit: Unit) -> DescribeCompaniesReply:
        page = unit.companies.where(offset=offset, limit=limit, **wanted)
        return DescribeCompaniesReply(
            companies=[company_info(context, company) for company in page],
            total_count=unit.companies.count(**wanted),
        )

    return read


def company_info(context: Context, company: Company, *, whole: bool = False) -> CompanyInfo:
    """Return what may be shown of a company; the telephone number is masked, unless `whole`."""
    known = records.organisation_of(context.desk.vault, company)
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
