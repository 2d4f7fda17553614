"""The operator's requests about accounts and their keys."""

from typing import Annotated

from certdesk.wire.model import Request, Unsigned
from certdesk.wire.operator import Option


class ListAccountsRequest(Request):
    """List all accounts with the ids of their keys: a table at a terminal, JSON otherwise."""


class SwitchAccountRequest(Request):
    """Set the state of an account; what is absent stays."""

    uin: str
    enabled: bool | None = None
    verified: bool | None = None
    unsigned_payload: Annotated[
        bool | None,
        Option(
            "Accept requests whose body is not signed (UNSIGNED-PAYLOAD), except for "
            "sensitive actions."
        ),
    ] = None
    signed_action: Annotated[
        bool | None,
        Option(
            "Refuse requests whose action is not signed. Most official clients send such requests."
        ),
    ] = None


class SetRateLimitRequest(Request):
    """Let the account UIN make PER_SECOND requests of ACTION a second (0: without limit).

    Without PER_SECOND the usual number holds again.
    """

    uin: str
    action: str
    per_second: Unsigned | None = None


class ListLimitsRequest(Request):
    """Show what the account UIN has and what it may have: a table at a terminal, else JSON.

    The settings quota.* are the limits of every account of the desk.
    """

    uin: str


class DisableKeyRequest(Request):
    """Stop SECRET_ID from working, within a second."""

    secret_id: str
