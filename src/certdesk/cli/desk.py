"""`certdesk vault` and `certdesk settings`."""

from __future__ import annotations

import json

import click

from certdesk.cli.common import as_json, desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.printing import at_terminal, show, table
from certdesk.settings import DECLARATIONS, Declaration, Settings, without_password


@click.group(cls=Group)
def vault() -> None:
    """The vault: how secrets are kept."""


@vault.command("status")
@desk_options
def vault_status(settings: Settings) -> None:
    """Show the key-encryption key in use and the stock of ready keys; nothing secret."""
    show_reply(ask(settings, "VaultStatus"))


@click.command()
@as_json
@desk_options
def settings(settings: Settings, *, json_: bool) -> None:
    """Show every setting: its value here and its default; a table at a terminal, else JSON.

    The JSON also has what each is for, and its name in the environment.
    """
    if at_terminal() and not json_:
        rows = (_row(declared, settings) for declared in DECLARATIONS)
        table(("Setting", "Value", "Default where it differs"), rows, nothing="No settings.")
        return
    show(
        [
            {
                "Name": declared.name,
                "Value": without_password(declared.of(settings)),
                "Default": declared.default,
                "Environment": declared.variable,
                "Help": declared.explanation,
            }
            for declared in DECLARATIONS
        ]
    )


def _row(declared: Declaration, settings: Settings) -> tuple[str, str, str]:
    value = without_password(declared.of(settings))
    default = _worded(declared.default)
    return declared.name, _worded(value), "" if _worded(value) == default else default


def _worded(value: object) -> str:
    """Word a value as the file of settings would have it."""
    return json.dumps(value, ensure_ascii=False)
