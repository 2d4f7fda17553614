"""`certdesk zone`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from certdesk.cli.common import as_json, desk_options, for_a_person, show_reply
from certdesk.cli.operator import ask
from certdesk.cli.printing import table
from certdesk.settings import Settings


@click.group()
def zone() -> None:
    """Zones: DNS zones in which the desk adds the records of DNS_AUTO for an account."""


@zone.command("add")
@click.argument("zone")
@click.option("--uin", required=True, help="The account that it is for.")
@click.option(
    "--server", required=True, metavar="ADDRESS:PORT", help="Its DNS server, which takes updates."
)
@click.option(
    "--key-file",
    required=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The TSIG key to sign updates with, as tsig-keygen writes it.",
)
@click.option("--unchecked", is_flag=True, help="Keep it without trying it.")
@desk_options
def zone_add(
    settings: Settings, zone: str, uin: str, server: str, key_file: Path, *, unchecked: bool
) -> None:
    """Let the desk add records in ZONE to prove names of the account UIN.

    A TXT record at _dnsauth.ZONE is added and removed again for a trial. FILE has one key,
    like: key "desk" { algorithm hmac-sha256; secret "..."; };

    A zone that the account has already gets the new server and key.
    """
    try:
        key = key_file.read_text("utf-8")
    except (OSError, UnicodeError):
        raise click.BadParameter(f"{key_file} cannot be read", param_hint="--key-file") from None
    given = {"Uin": uin, "Zone": zone, "Server": server, "Key": key, "Unchecked": unchecked}
    show_reply(ask(settings, "AddZone", **given))


@zone.command("list")
@click.option("--uin", help="Only this account's.")
@as_json
@desk_options
def zone_list(settings: Settings, uin: str | None, *, json_: bool) -> None:
    """List the zones, their servers and keys' names: a table at a terminal, JSON otherwise.

    Records that could not be removed yet are counted, with what the server said last.
    """
    response = ask(settings, "ListZones", Uin=uin)
    if json_ or not for_a_person(response):
        show_reply(response, "Zones")
    else:
        _table(response["Zones"])


@zone.command("remove")
@click.argument("zone")
@click.option("--uin", required=True, help="The account that it was for.")
@desk_options
def zone_remove(settings: Settings, zone: str, uin: str) -> None:
    """Have the desk change ZONE for the account UIN no more; what it has added stays."""
    show_reply(ask(settings, "RemoveZone", Uin=uin, Zone=zone))


def _table(zones: list[dict[str, Any]]) -> None:
    rows = (
        (
            each["Uin"],
            each["Zone"],
            each["Server"],
            f"{each['KeyName']} ({each['Algorithm']})",
            str(each["RecordsWaiting"] or ""),
            each["LastFailure"] or "",
        )
        for each in zones
    )
    columns = ("Account", "Zone", "Server", "Key", "Records to be removed", "Last failure")
    table(columns, rows, nothing="No zones.")
