"""`certdesk zone`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from certdesk.cli.common import Command, Form, desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.passing_on import pass_on
from certdesk.cli.printing import table
from certdesk.domain.validation.dns_zone import described
from certdesk.ports import Setting, settings_of
from certdesk.settings import Settings
from certdesk.validation.providers import PROVIDERS
from certdesk.wire.operator import zones as asked

PROVIDER_SETTINGS = {provider.name: settings_of(provider) for provider in PROVIDERS}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group)
def zone() -> None:
    """Zones: DNS zones in which the desk adds the records of DNS_AUTO for an account."""


def option_of(setting: Setting) -> str:
    """Return the option for a setting; a secret is read from a file, as commands are visible."""
    name = setting.name.replace("_", "-")
    return f"--{name}-file" if setting.secret else f"--{name}"


def provider_options(
    providers: Mapping[str, tuple[Setting, ...]],
) -> Callable[[Command], Command]:
    """Add an option for each setting of each DNS provider; providers may share one."""
    uses: dict[str, list[tuple[str, Setting]]] = {}
    for provider, settings in providers.items():
        for setting in settings:
            uses.setdefault(option_of(setting), []).append((provider, setting))

    def options(command: Command) -> Command:
        for option, its in reversed(uses.items()):
            setting = its[0][1]
            command = click.option(
                option,
                metavar=setting.given.metavar,
                type=_FILE if setting.secret else str,
                help=" ".join(f"{provider}: {each.given.help}" for provider, each in its),
            )(command)
        return command

    return options


@zone.command("add")
@click.argument("zone")
@click.option("--uin", required=True, help="The account that may use it.")
@click.option(
    "--provider",
    type=click.Choice(list(PROVIDER_SETTINGS)),
    default=PROVIDERS[0].name,
    show_default=True,
    help="The protocol by which the desk changes the zone.",
)
@provider_options(PROVIDER_SETTINGS)
@click.option("--unchecked", is_flag=True, help="Add it without a test of the DNS server.")
@desk_options
def zone_add(
    settings: Settings, zone: str, uin: str, provider: str, *, unchecked: bool, **given: str | Path
) -> None:
    """Let the desk add records in ZONE to validate names of the account UIN.

    As a test, the desk adds a TXT record at _dnsauth.ZONE and removes it again. The help of each
    option begins with its provider; all options of the provider are needed.

    If the account already has the zone, the zone gets the new provider and settings.
    """
    clear, secrets = read_settings(PROVIDER_SETTINGS[provider], given)
    response = ask(
        settings,
        "AddZone",
        Uin=uin,
        Zone=zone,
        Provider=provider,
        Settings=clear,
        Secrets=secrets,
        Unchecked=unchecked,
    )
    show_reply(response)


def read_settings(
    wanted: tuple[Setting, ...], given: dict[str, Any]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the public and the secret settings, or end the command if one is missing."""
    values = {f"--{name.replace('_', '-')}": value for name, value in given.items() if value}
    clear, secrets = [], []
    for setting in wanted:
        option = option_of(setting)
        if option not in values:
            raise click.UsageError(f"Missing option '{option}'.")
        value = values.pop(option)
        if setting.secret:
            secrets.append({"Name": setting.name, "Value": _text(value, option)})
        else:
            clear.append({"Name": setting.name, "Value": value})
    if values:
        raise click.UsageError(f"The provider has no option '{min(values)}'.")
    return clear, secrets


def _text(file: Path, option: str) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeError):
        raise click.BadParameter(f"{file} cannot be read", param_hint=option) from None


def _table(response: dict[str, Any]) -> None:
    rows = (
        (
            each["Uin"],
            each["Zone"],
            each["Provider"],
            described(each["Settings"].items()),
            str(each["RecordsWaiting"] or ""),
            each["LastFailure"] or "",
        )
        for each in response["Zones"]
    )
    columns = ("Account", "Zone", "Provider", "Settings", "Records to be removed", "Last failure")
    table(columns, rows, nothing="No zones.")


pass_on(zone, "list", asked.ListZonesRequest, Form("Zones", _table))
pass_on(zone, "remove", asked.RemoveZoneRequest)
