"""The operator's requests about DNS zones."""

from typing import Annotated

from certdesk.wire.model import Parsed, Request
from certdesk.wire.operator import Option


class ListZonesRequest(Request):
    """List the zones and their settings without secrets: a table at a terminal, JSON otherwise.

    It counts the records that could not be removed yet, with the server's last answer.
    """

    uin: Annotated[str | None, Option("Only zones of this account.")] = None


class RemoveZoneRequest(Request):
    """Stop changing ZONE for the account UIN; records that were added stay."""

    zone: Parsed
    uin: Annotated[str, Option("The account that may use it.")]
