"""What the operator may ask about DNS zones."""

from typing import Annotated

from certdesk.wire.model import Parsed, Request
from certdesk.wire.operator import Option


class ListZonesRequest(Request):
    """List the zones and their settings, secrets aside: a table at a terminal, JSON otherwise.

    Records that could not be removed yet are counted, with what the server said last.
    """

    uin: Annotated[str | None, Option("Only this account's.")] = None


class RemoveZoneRequest(Request):
    """Have the desk change ZONE for the account UIN no more; what it has added stays."""

    zone: Parsed
    uin: Annotated[str, Option("The account that it was for.")]
