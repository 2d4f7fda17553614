"""`certdesk order`: readable output at a terminal, JSON otherwise."""

from __future__ import annotations

from typing import Any

import click

from certdesk.cli.common import Form
from certdesk.cli.group import Group
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import local_time, say, styled
from certdesk.wire.operator import orders as asked


@click.group(cls=Group)
def order() -> None:
    """One order: its history, and work on it."""


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
        say(f"The desk works on it again at {local_time(response['DueTime'])}.")


def _id_alone(response: dict[str, Any]) -> None:
    say(response["Order"]["CertificateId"])


pass_on(order, "show", asked.ShowOrderRequest, Form(person=_timeline))
pass_on(order, "current", asked.CurrentOrderRequest, Form("Order", _id_alone))
pass_on(order, "resume", asked.ResumeOrderRequest)
pass_on(order, "revoke", asked.RevokeOrderRequest)
pass_on(order, "keep", asked.KeepOrderRequest)
pass_on(order, "move", asked.MoveOrderRequest)
pass_on(order, "grant", asked.GrantOrderRequest)
pass_on(order, "refund", asked.RefundOrderRequest)
