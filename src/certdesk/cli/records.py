"""`certdesk company` and `certdesk manager`."""

from __future__ import annotations

import click

from certdesk.cli.common import desk_options, read_json, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.readable import ONE, listed
from certdesk.settings import Settings
from certdesk.wire.operator import records as asked


@click.group(cls=Group)
def company() -> None:
    """Companies: organisations that orders name by CompanyId."""


@company.command("add")
@click.argument("json")
@click.option("--uin", required=True, help="The account that owns it.")
@desk_options
def company_add(settings: Settings, json: str, uin: str) -> None:
    """Enter a company; print its CompanyId.

    JSON is the object itself, @FILE, or - for standard input (best for identity numbers, which
    a command line would show). Names: CompanyName, CompanyCountry (both needed),
    CompanyProvince, CompanyCity, CompanyAddress, CompanyPhone, IdType, IdNumber, Tags.
    """
    show_reply(ask(settings, "AddCompany", **read_json(json) | {"Uin": uin}))


COMPANIES = listed(
    "Companies",
    {
        "Id": "CompanyId",
        "Name": "CompanyName",
        "Country": "CompanyCountry",
        "City": "CompanyCity",
        "Telephone": "CompanyPhone",
    },
    nothing="No companies.",
)

pass_on(company, "list", asked.ListCompaniesRequest, COMPANIES)
pass_on(company, "show", asked.ShowCompanyRequest, ONE)


@click.group(cls=Group)
def manager() -> None:
    """Managers: the people of a company who answer for its orders (ManagerId)."""


@manager.command("add")
@click.argument("json")
@click.option("--uin", required=True, help="The account that owns it.")
@click.option("--company", required=True, type=int, help="The company's CompanyId.")
@click.option(
    "--status",
    type=click.Choice(["audit", "ok", "none"]),
    help="audit: to be vetted (the default); ok: vetted already; none: to be vetted later.",
)
@desk_options
def manager_add(settings: Settings, json: str, uin: str, company: int, status: str | None) -> None:
    """Enter a manager and its contact; print the ManagerId.

    JSON is the object itself, @FILE, or - for standard input (best for identity numbers, which
    a command line would show). Names: ManagerFirstName, ManagerLastName (both needed),
    ManagerPosition, ManagerPhone, ManagerMail, ManagerDepartment, ManagerIdType,
    ManagerIdNumber, the same of the contact (ContactFirstName and so on), Tags.
    """
    own = {"Uin": uin, "CompanyId": company}
    if status is not None:
        own["Status"] = status
    show_reply(ask(settings, "AddManager", **read_json(json) | own))


MANAGERS = listed(
    "Managers",
    {
        "Id": "ManagerId",
        "First name": "ManagerFirstName",
        "Last name": "ManagerLastName",
        "Status": "Status",
        "Vetted until": "ExpireTime",
    },
    nothing="No managers.",
)

pass_on(manager, "list", asked.ListManagersRequest, MANAGERS)
pass_on(manager, "show", asked.ShowManagerRequest, ONE)
