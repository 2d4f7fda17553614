"""`certdesk orders`: a table for people, JSON for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from certdesk.cli.common import Form, as_json, desk_options, refused, show_reply
from certdesk.cli.operator import ask
from certdesk.cli.printing import local_time, say, table
from certdesk.domain.orders.lifecycle import STATUS_NAMES
from certdesk.domain.values.redaction import redacted
from certdesk.settings import Settings

AT_ONCE = 1000
"""The most orders in one answer of the desk."""

STATUSES = ", ".join(f"{status.value} {name}" for status, name in STATUS_NAMES.items())

HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_SPAN = re.compile(r"([0-9]{1,6})([hdw])")

COLUMNS = ("Certificate", "Account", "Domain", "Product", "Status", "Message", "Ends")


def _hours(_: click.Context, __: click.Parameter, span: str | None) -> int | None:
    """Read a span of time such as `30d`."""
    if span is None:
        return None
    found = _SPAN.fullmatch(span)
    if found is None:
        rule = "must be a number up to 999999 followed by h, d or w, for hours, days or weeks"
        raise click.BadParameter(f"{rule}, not {redacted(span)}")
    return int(found[1]) * HOURS[found[2]]


@click.command()
@click.option(
    "--account",
    "--uin",
    "account",
    metavar="ACCOUNT",
    help="Only orders of this account: its Uin or its name.",
)
@click.option(
    "--status", metavar="NUMBER", type=int, help=f"Only orders with this status: {STATUSES}."
)
@click.option("--search", metavar="TEXT", help="Only orders with this text in id, alias or names.")
@click.option(
    "--ending",
    callback=_hours,
    metavar="SPAN",
    help=(
        "Only valid certificates that end within 30d (days), 12h (hours) or 4w (weeks), those "
        "first that end first."
    ),
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="The most rows to list; 0: all.",
)
@as_json
@desk_options
def orders(
    settings: Settings,
    *,
    account: str | None,
    status: int | None,
    search: str | None,
    ending: int | None,
    limit: int,
    json_: bool,
) -> None:
    """List the newest orders: a table at a terminal, JSON otherwise."""
    asked = {"Account": account, "Status": status, "Text": search, "EndingHours": ending}
    response = _listed(settings, asked, limit or None)
    show_reply(response, Form("Orders", _table), json_=json_)


def _listed(settings: Settings, asked: Mapping[str, object], most: int | None) -> dict[str, Any]:
    """Request page after page; return the last answer, with the orders of all pages."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        wanted = AT_ONCE if most is None else min(AT_ONCE, most - len(found))
        response = ask(settings, "ListOrders", **asked, After=after, Limit=wanted)
        refused(response)
        found += response["Orders"]
        after = response["Next"]
        if after is None or len(found) == most:
            return response | {"Orders": found}


def _table(response: dict[str, Any]) -> None:
    rows = [
        (
            each["CertificateId"],
            each["AccountName"],
            each["Domain"] or "-",
            each["Product"],
            f"{each['StatusName']} (set aside)" if each["SetAside"] else each["StatusName"],
            each["StatusMsg"] or "",
            local_time(each["CertEndTime"]),
        )
        for each in response["Orders"]
    ]
    table(COLUMNS, rows, nothing="No orders.")
    if rows:
        say(f"{len(rows)} of {response['TotalCount']}")
