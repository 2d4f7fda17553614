"""`certdesk order`: what a terminal shows is for people, else it is JSON."""

from __future__ import annotations

from typing import Any

import click

from certdesk.cli.common import as_json, desk_options, for_a_person, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.printing import local_time, say, styled
from certdesk.domain.revocation import Reason
from certdesk.settings import Settings


@click.group(cls=Group)
def order() -> None:
    """One order: its story, and work on it."""


@order.command("show")
@click.argument("certificate_id")
@as_json
@desk_options
def order_show(settings: Settings, certificate_id: str, *, json_: bool) -> None:
    """Show all that happened to an order and what comes next: a timeline, or JSON."""
    response = ask(settings, "ShowOrder", CertificateId=certificate_id)
    if json_ or not for_a_person(response):
        show_reply(response)
    else:
        _timeline(response)


@order.command("current")
@click.argument("certificate_id")
@as_json
@desk_options
def order_current(settings: Settings, certificate_id: str, *, json_: bool) -> None:
    """Tell which certificate is in force now in the place of this one: its id, or JSON.

    Exit code 1 where none is, because it has ended and what came after it is not issued.
    """
    response = ask(settings, "CurrentOrder", CertificateId=certificate_id)
    if json_ or not for_a_person(response):
        show_reply(response, "Order")
    else:
        say(response["Order"]["CertificateId"])


@order.command("resume")
@click.argument("certificate_id")
@desk_options
def order_resume(settings: Settings, certificate_id: str) -> None:
    """Work on an order now, though it was set aside or is not due yet."""
    show_reply(ask(settings, "ResumeOrder", CertificateId=certificate_id))


@order.command("revoke")
@click.argument("certificate_id")
@click.option(
    "--reason",
    required=True,
    metavar="REASON",
    type=click.Choice([reason.value for reason in Reason]),
    help=f"Why, in the words of RFC 5280: {', '.join(reason.value for reason in Reason)}. After "
    "keyCompromise nobody may use the key again.",
)
@desk_options
def order_revoke(settings: Settings, certificate_id: str, reason: str) -> None:
    """Have the certificate of an order revoked, without proof, letter or review.

    The desk does it within seconds; where it is not running, when it next does. After
    keyCompromise the key is blocked for every account, and the certificates that are printed, all
    others for it, are revoked too.
    """
    show_reply(ask(settings, "RevokeOrder", CertificateId=certificate_id, Reason=reason))


@order.command("keep")
@click.argument("certificate_id")
@click.option("--reason", required=True, help="Why; the customer reads it.")
@click.option(
    "--attempt",
    metavar="DIGEST",
    help="Keep it from exactly the request that review show revocation:ID printed this with.",
)
@desk_options
def order_keep(settings: Settings, certificate_id: str, reason: str, attempt: str | None) -> None:
    """Keep a certificate that its owner asked to have revoked, while that is not granted.

    A request that has changed since it was shown to you is refused, as with review approve.
    """
    show_reply(
        ask(settings, "KeepOrder", CertificateId=certificate_id, Reason=reason, Attempt=attempt)
    )


@order.command("move")
@click.argument("certificate_id")
@click.option("--to", "uin", metavar="UIN", required=True, help="The account that is to have it.")
@click.option("--reason", help="Why; the log of both accounts has it.")
@desk_options
def order_move(settings: Settings, certificate_id: str, uin: str, reason: str | None) -> None:
    """Have a certificate move to another account, with its order and its private key.

    The desk does it within seconds; where it is not running, when it next does. Until then --to
    with the account that has it calls that off. It is for DV and for uploaded certificates.
    """
    show_reply(ask(settings, "MoveOrder", CertificateId=certificate_id, Uin=uin, Reason=reason))


@order.command("grant")
@click.argument("product", type=int)
@click.option("--uin", required=True, help="The account that gets it.")
@click.option("--years", type=int, help="How many years; not for product 83.  [default: 1]")
@click.option("--domains", type=int, help="How many names.  [default: 1]")
@click.option("--project", type=int, help="Number of a project of the account.  [default: 0]")
@desk_options
def order_grant(
    settings: Settings,
    product: int,
    uin: str,
    *,
    years: int | None,
    domains: int | None,
    project: int | None,
) -> None:
    """Give an account an order that it did not buy, for the PRODUCT of that number.

    It waits for its material as one that was bought: at status 5, or, of the free product 83, at
    13. It is not refused where the account has as many free certificates as it may have.
    """
    reply = ask(
        settings,
        "GrantOrder",
        Uin=uin,
        ProductId=product,
        TimeSpan=years,
        DomainNum=domains,
        ProjectId=project,
    )
    show_reply(reply)


@order.command("refund")
@click.argument("certificate_id")
@click.option("--reason", help="Why; the customer reads it.")
@desk_options
def order_refund(settings: Settings, certificate_id: str, reason: str | None) -> None:
    """Note that a bought order that was cancelled, or has failed, was paid back.

    Nothing but deleting it is possible then.
    """
    show_reply(ask(settings, "RefundOrder", CertificateId=certificate_id, Reason=reason))


def _timeline(response: dict[str, Any]) -> None:
    its = response["Order"]
    styled(f"{its['CertificateId']}  {', '.join(response['Names']) or 'no names yet'}", "bold")
    say(f"{its['Product']}, account {its['Uin']} ({its['AccountName']})")
    say(f"{its['StatusName']}" + (f": {its['StatusMsg']}" if its["StatusMsg"] else ""))
    for each in response["SameKey"]:
        say(f"Its key is in force in account {each['Uin']} too: {each['CertificateId']}")
    day = ""
    for each in response["Happenings"]:
        date, time, zone = local_time(each["Time"]).split(" ", 2)
        if f"{date} ({zone})" != day:
            day = f"{date} ({zone})"
            say()
            styled(day, "bold")
        say(f"  {time}  {each['What']}  {each['Detail']}".rstrip())
        for step in each["Steps"]:
            styled(step, "dim", indent=12)
    say()
    styled(f"Next: {response['Next']}", "bold")
    if response["DueTime"]:
        say(f"The desk looks at it again at {local_time(response['DueTime'])}.")
