"""`certdesk account` and `certdesk key`."""

from __future__ import annotations

from typing import Any

import click

from certdesk.cli.common import Form, desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.new_keys import show_new_key
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import table, tell
from certdesk.cli.readable import listed
from certdesk.settings import Settings
from certdesk.wire.operator import accounts as asked


@click.group(cls=Group)
def account() -> None:
    """Accounts: the customers who may order certificates."""


@account.command("add")
@click.argument("name")
@click.option(
    "--unverified", is_flag=True, help=("Leave the identity unverified: the account cannot order.")
)
@desk_options
def account_add(settings: Settings, name: str, *, unverified: bool) -> None:
    """Open an account called NAME; print its Uin, SecretId and SecretKey.

    The SecretKey is shown only once: keep it. If it cannot be printed, the key is disabled.
    """
    response = ask(settings, "AddAccount", Name=name, Verified=not unverified)
    for uin in response.pop("SameName", ()):
        tell(f"account {uin} has the same name; only the Uin tells them apart")
    uin = response.get("Uin")
    advice = f"account {uin} exists; to make a key for it, run certdesk key add {uin}"
    show_new_key(settings, response, advice=advice)


ACCOUNTS = listed(
    "Accounts",
    {
        "Uin": "Uin",
        "Name": "Name",
        "Enabled": "Enabled",
        "Verified": "Verified",
        "Opened": "CreateTime",
        "Keys": "SecretIds",
    },
    nothing="No accounts.",
)


def _limits_table(response: dict[str, Any]) -> None:
    """Print quotas for a person."""
    rows = [
        ("" if each["Used"] is None else f"{each['Used']:,}", f"{each['Limit']:,}", each["What"])
        for each in response["Limits"]
    ]
    table(("Used", "Limit", "What"), rows, nothing="No limits.")


AS_IT_IS = {"verified": None, "unsigned_payload": None, "signed_action": None}

pass_on(account, "list", asked.ListAccountsRequest, ACCOUNTS)
pass_on(
    account,
    "disable",
    asked.SwitchAccountRequest,
    help="""Block all requests of the account UIN, within a second. Its data stay.

    Its orders and their deadlines pause until it is enabled; revocations continue.
    """,
    fixed=AS_IT_IS | {"enabled": False},
)
pass_on(
    account,
    "enable",
    asked.SwitchAccountRequest,
    help="Accept requests of the account UIN again, and resume its orders.",
    fixed=AS_IT_IS | {"enabled": True},
)
pass_on(account, "limit", asked.SetRateLimitRequest)
pass_on(account, "limits", asked.ListLimitsRequest, Form("Limits", _limits_table))
pass_on(
    account,
    "set",
    asked.SwitchAccountRequest,
    help="Set what the account UIN must sign in its requests. Both options are off by default.",
    fixed={"enabled": None, "verified": None},
)


@account.command("verify")
@click.argument("uin")
@click.option("--withdraw", is_flag=True, help="Undo the verification.")
@desk_options
def account_verify(settings: Settings, uin: str, *, withdraw: bool) -> None:
    """Mark the identity of the account UIN as verified, so that it can order."""
    show_reply(ask(settings, "SwitchAccount", Uin=uin, Verified=not withdraw))


@click.group(cls=Group)
def key() -> None:
    """Keys: accounts and users sign their requests with them; each may have two in use."""


@key.command("add")
@click.argument("uin")
@click.option("--user", "user_id", type=int, help="For this user of the account (its UserId).")
@desk_options
def key_add(settings: Settings, uin: str, user_id: int | None) -> None:
    """Add a key to the account UIN; its SecretKey is shown only once.

    The account's own keys may do everything; a user's keys may do what its policies allow.
    """
    response = ask(settings, "AddKey", Uin=uin, UserId=user_id)
    show_new_key(settings, response, advice="nothing else has changed")


@key.command("rotate")
@click.argument("secret_id")
@desk_options
def key_rotate(settings: Settings, secret_id: str) -> None:
    """Replace the key SECRET_ID by a new one; the old key stops working within a second.

    For a change without a gap: key add, move your programs over, key disable.
    """
    response = ask(settings, "RotateKey", SecretId=secret_id)
    advice = f"{secret_id} works as before"
    show_new_key(settings, response, advice=advice, replaced=secret_id)


pass_on(key, "disable", asked.DisableKeyRequest)
