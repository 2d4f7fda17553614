"""`certdesk vault` and `certdesk settings`."""

from __future__ import annotations

import click

from certdesk.cli.common import desk_options, show_reply
from certdesk.cli.operator import ask
from certdesk.cli.printing import show
from certdesk.settings import DECLARATIONS, Settings, without_password


@click.group()
def vault() -> None:
    """The vault: how secrets are kept."""


@vault.command("status")
@desk_options
def vault_status(settings: Settings) -> None:
    """Show the key-encryption key in use and the stock of ready keys; nothing secret."""
    show_reply(ask(settings, "VaultStatus"))


@click.command()
@desk_options
def settings(settings: Settings) -> None:
    """Show every setting: its value here, its default, its name in the environment."""
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
