"""`certdesk vault`, `certdesk clock` and `certdesk settings`."""

from __future__ import annotations

import json

import click

from certdesk.cli.common import as_json, desk_options
from certdesk.cli.group import Group
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import at_terminal, show, table
from certdesk.settings import Declaration, Settings, values_of, without_password
from certdesk.wire.operator import desk as asked


@click.group(cls=Group)
def vault() -> None:
    """The vault: how secrets are stored."""


pass_on(vault, "status", asked.VaultStatusRequest)


@click.group(cls=Group)
def clock() -> None:
    """The clock, for when the desk does not trust it."""


pass_on(clock, "accept", asked.AcceptClockRequest)


@click.command()
@as_json
@desk_options
def settings(settings: Settings, *, json_: bool) -> None:
    """Show every setting: its value here and its default; a table at a terminal, else JSON.

    The JSON also has what each is for, and its name in the environment.
    """
    if at_terminal() and not json_:
        rows = (_row(*each) for each in values_of(settings))
        table(("Setting", "Value", "Default where it differs"), rows, nothing="No settings.")
        return
    show(
        [
            {
                "Name": declared.name,
                "Value": without_password(value),
                "Default": declared.default,
                "Environment": declared.variable,
                "Help": declared.explanation,
            }
            for declared, value in values_of(settings)
        ]
    )


def _row(declared: Declaration, value: object) -> tuple[str, str, str]:
    shown, default = _worded(without_password(value)), _worded(declared.default)
    return declared.name, shown, "" if shown == default else default


def _worded(value: object) -> str:
    """Return a value as the settings file would have it."""
    return json.dumps(value, ensure_ascii=False)
