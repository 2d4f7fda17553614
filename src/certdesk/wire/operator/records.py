"""The operator's requests about companies and managers."""

from typing import Annotated

from certdesk.wire.model import Integer, Request
from certdesk.wire.operator import Option


class ListCompaniesRequest(Request):
    """List an account's companies: a table at a terminal, JSON otherwise."""

    uin: Annotated[str, Option("The account that owns them.")]


class ShowCompanyRequest(Request):
    """Show one company."""

    company_id: Integer


class ListManagersRequest(Request):
    """List an account's managers: a table at a terminal, JSON otherwise."""

    uin: Annotated[str, Option("The account that owns them.")]
    company_id: Annotated[Integer | None, Option("Only managers of this company.", "--company")] = (
        None
    )


class ShowManagerRequest(Request):
    """Show one manager with its contact, its company, and warnings about its numbers."""

    manager_id: Integer
