"""`certdesk account` and `certdesk key`."""

from __future__ import annotations

from typing import Any

import click

from certdesk.cli.common import as_json, desk_options, for_a_person, show_reply
from certdesk.cli.group import Group
from certdesk.cli.new_keys import show_new_key
from certdesk.cli.operator import ask
from certdesk.cli.printing import table, tell
from certdesk.cli.readable import show_list
from certdesk.settings import Settings


@click.group(cls=Group)
def account() -> None:
    """Accounts: who may order certificates here."""


@account.command("add")
@click.argument("name")
@click.option("--unverified", is_flag=True, help="Leave the identity unverified: it cannot order.")
@desk_options
def account_add(settings: Settings, name: str, *, unverified: bool) -> None:
    """Open an account called NAME; print its Uin, SecretId and SecretKey.

    The SecretKey is shown this once: keep it. Where it cannot be written, the key is disabled.
    """
    response = ask(settings, "AddAccount", Name=name, Verified=not unverified)
    for uin in response.pop("SameName", ()):
        tell(f"account {uin} has the same name; the Uin tells them apart")
    uin = response.get("Uin")
    advice = f"the account {uin} is there: certdesk key add {uin} makes another key"
    show_new_key(settings, response, advice=advice)


@account.command("list")
@as_json
@desk_options
def account_list(settings: Settings, *, json_: bool) -> None:
    """List all accounts with the ids of their keys: a table at a terminal, JSON otherwise."""
    columns = {
        "Uin": "Uin",
        "Name": "Name",
        "Enabled": "Enabled",
        "Verified": "Verified",
        "Opened": "CreateTime",
        "Keys": "SecretIds",
    }
    response = ask(settings, "ListAccounts")
    show_list(response, "Accounts", columns, json_=json_, nothing="No accounts.")


@account.command("disable")
@click.argument("uin")
@desk_options
def account_disable(settings: Settings, uin: str) -> None:
    """Shut the account UIN out, within a second. Nothing of it is lost.

    Its orders and their deadlines stand still until it is enabled; revocations go on.
    """
    show_reply(ask(settings, "SwitchAccount", Uin=uin, Enabled=False))


@account.command("enable")
@click.argument("uin")
@desk_options
def account_enable(settings: Settings, uin: str) -> None:
    """Let the account UIN in again, and have its orders go on."""
    show_reply(ask(settings, "SwitchAccount", Uin=uin, Enabled=True))


@account.command("limit")
@click.argument("uin")
@click.argument("action")
@click.argument("per_second", type=click.IntRange(min=0), required=False)
@desk_options
def account_limit(settings: Settings, uin: str, action: str, per_second: int | None) -> None:
    """Let the account UIN make PER_SECOND requests of ACTION a second (0: without limit).

    Without PER_SECOND the usual number holds again.
    """
    show_reply(ask(settings, "SetPaceLimit", Uin=uin, Action=action, PerSecond=per_second))


@account.command("limits")
@click.argument("uin")
@as_json
@desk_options
def account_limits(settings: Settings, uin: str, *, json_: bool) -> None:
    """Show what the account UIN has beside what it may have: a table at a terminal, else JSON.

    The settings quota.* say how much that is, for every account of the desk.
    """
    response = ask(settings, "ListLimits", Uin=uin)
    if json_ or not for_a_person(response):
        show_reply(response, "Limits")
    else:
        _table(response["Limits"])


@account.command("set")
@click.argument("uin")
@click.option(
    "--unsigned-payload/--no-unsigned-payload",
    default=None,
    help="Take requests whose body is not signed (UNSIGNED-PAYLOAD), but for sensitive actions.",
)
@click.option(
    "--signed-action/--no-signed-action",
    default=None,
    help="Refuse requests whose action is not signed, as most official clients send them.",
)
@desk_options
def account_set(
    settings: Settings, uin: str, *, unsigned_payload: bool | None, signed_action: bool | None
) -> None:
    """Set what requests of the account UIN have to sign; both are off at first."""
    given = {"UnsignedPayload": unsigned_payload, "SignedAction": signed_action}
    show_reply(ask(settings, "SwitchAccount", Uin=uin, **given))


@account.command("verify")
@click.argument("uin")
@click.option("--withdraw", is_flag=True, help="Take the verification back.")
@desk_options
def account_verify(settings: Settings, uin: str, *, withdraw: bool) -> None:
    """Mark the identity of the account UIN as verified, so that it can order."""
    show_reply(ask(settings, "SwitchAccount", Uin=uin, Verified=not withdraw))


def _table(limits: list[dict[str, Any]]) -> None:
    """Print quotas for a person."""
    rows = [
        ("" if each["Used"] is None else f"{each['Used']:,}", f"{each['Limit']:,}", each["What"])
        for each in limits
    ]
    table(("Used", "Limit", "What"), rows, nothing="No limits.")


@click.group(cls=Group)
def key() -> None:
    """Keys: what accounts and users sign their requests with; each has two in use at most."""


@key.command("add")
@click.argument("uin")
@click.option("--user", "user_id", type=int, help="For this user of the account (its UserId).")
@desk_options
def key_add(settings: Settings, uin: str, user_id: int | None) -> None:
    """Give the account UIN another key; its SecretKey is shown this once.

    The account's own keys may do everything, a user's what its policies allow.
    """
    response = ask(settings, "AddKey", Uin=uin, UserId=user_id)
    show_new_key(settings, response, advice="nothing else has changed")


@key.command("rotate")
@click.argument("secret_id")
@desk_options
def key_rotate(settings: Settings, secret_id: str) -> None:
    """Put a new key in the place of SECRET_ID, which stops working within a second.

    For a change without a gap: key add, move your programs over, key disable.
    """
    response = ask(settings, "RotateKey", SecretId=secret_id)
    advice = f"{secret_id} works as before"
    show_new_key(settings, response, advice=advice, replaced=secret_id)


@key.command("disable")
@click.argument("secret_id")
@desk_options
def key_disable(settings: Settings, secret_id: str) -> None:
    """Stop SECRET_ID from working, within a second."""
    show_reply(ask(settings, "DisableKey", SecretId=secret_id))
