"""Companies, as the operator adds and views them."""

from certdesk.actions.vetting import records
from certdesk.actions.vetting.companies import WIRE_NAMES, CompanyInfo, company_info
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.tags import tags_faults
from certdesk.domain.errors import (
    CompanyNotFound,
    InvalidParam,
)
from certdesk.domain.values.organisation import Organisation
from certdesk.domain.values.secret import hidden
from certdesk.domain.values.texts import organisation_faults
from certdesk.engine import Context
from certdesk.operator.lookups import known_account
from certdesk.ports import Unit
from certdesk.wire.model import Hidden, Reply, Request, Tag
from certdesk.wire.operator import records as asked


class AddCompanyRequest(Request):
    """A company in the field names of `CompanyInfo`, and the account that it belongs to."""

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
    """The company's number; a company with equal data keeps its number."""

    company_id: int


@catalog.action(InvalidParam, writes=True, internal=True)
def add_company(context: Context, request: AddCompanyRequest) -> Commit[AddCompanyReply]:
    """Add a company to an account."""
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
    draft = records.draft_company(context, request.uin, organisation, tags)

    def commit(unit: Unit) -> AddCompanyReply:
        company = records.keep_company(unit, draft)
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

    def read(unit: Unit) -> ListCompaniesReply:
        known_account(unit, request.uin)
        companies = unit.companies.where(uin=request.uin)
        return ListCompaniesReply(
            companies=[company_info(context, company) for company in companies]
        )

    return read


class ShowCompanyReply(Reply):
    """One company and the account that it belongs to."""

    uin: str
    company: CompanyInfo


@catalog.action(internal=True)
def show_company(context: Context, request: asked.ShowCompanyRequest) -> Commit[ShowCompanyReply]:
    """Show one company."""

    def read(unit: Unit) -> ShowCompanyReply:
        company = unit.companies.get(request.company_id)
        if company is None:
            raise CompanyNotFound
        return ShowCompanyReply(uin=company.uin, company=company_info(context, company))

    return read
