"""`certdesk company` and `certdesk manager`."""

from __future__ import annotations

import click

from certdesk.cli.common import as_json, desk_options, read_json, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.readable import show_list, show_one
from certdesk.settings import Settings


@click.group(cls=Group)
def company() -> None:
    """Companies: organisations that orders name by CompanyId."""


@company.command("add")
@click.argument("json")
@click.option("--uin", required=True, help="The account that it belongs to.")
@desk_options
def company_add(settings: Settings, json: str, uin: str) -> None:
    """Enter a company; print its CompanyId.

    JSON is the object itself, @FILE, or - for standard input (best for identity numbers, which
    a command line would show). Names: CompanyName, CompanyCountry (both needed),
    CompanyProvince, CompanyCity, CompanyAddress, CompanyPhone, IdType, IdNumber, Tags.
    """
    show_reply(ask(settings, "AddCompany", **read_json(json) | {"Uin": uin}))


@company.command("list")
@click.option("--uin", required=True, help="Whose companies.")
@as_json
@desk_options
def company_list(settings: Settings, uin: str, *, json_: bool) -> None:
    """List an account's companies: a table at a terminal, JSON otherwise."""
    columns = {
        "Id": "CompanyId",
        "Name": "CompanyName",
        "Country": "CompanyCountry",
        "City": "CompanyCity",
        "Telephone": "CompanyPhone",
    }
    response = ask(settings, "ListCompanies", Uin=uin)
    show_list(response, "Companies", columns, json_=json_, nothing="No companies.")


@company.command("show")
@click.argument("company_id", type=int)
@as_json
@desk_options
def company_show(settings: Settings, company_id: int, *, json_: bool) -> None:
    """Show one company."""
    show_one(ask(settings, "ShowCompany", CompanyId=company_id), json_=json_)


@click.group(cls=Group)
def manager() -> None:
    """Managers: the people of a company who answer for its orders (ManagerId)."""


@manager.command("add")
@click.argument("json")
@click.option("--uin", required=True, help="The account that it belongs to.")
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


@manager.command("list")
@click.option("--uin", required=True, help="Whose managers.")
@click.option("--company", type=int, help="Only this company's.")
@as_json
@desk_options
def manager_list(settings: Settings, uin: str, company: int | None, *, json_: bool) -> None:
    """List an account's managers: a table at a terminal, JSON otherwise."""
    columns = {
        "Id": "ManagerId",
        "First name": "ManagerFirstName",
        "Last name": "ManagerLastName",
        "Status": "Status",
        "Vetted until": "ExpireTime",
    }
    response = ask(settings, "ListManagers", Uin=uin, CompanyId=company)
    show_list(response, "Managers", columns, json_=json_, nothing="No managers.")


@manager.command("show")
@click.argument("manager_id", type=int)
@as_json
@desk_options
def manager_show(settings: Settings, manager_id: int, *, json_: bool) -> None:
    """Show one manager with contact, company, and what looked odd about the numbers."""
    show_one(ask(settings, "ShowManager", ManagerId=manager_id), json_=json_)
