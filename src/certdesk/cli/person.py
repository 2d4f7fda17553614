"""`certdesk person`: what is kept about one person, shown or erased."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeAlias

import click

from certdesk.cli.common import desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.printing import ask_hidden
from certdesk.settings import Settings

Command: TypeAlias = Callable[..., None]

BY = {"email": "E-mail address", "phone": "Telephone number", "identity": "Identity number"}


def _who(command: Command) -> Command:
    """Add the options that identify a person to a command."""
    for option in (
        click.option("--uin", help="Only data of this account."),
        click.option("--identity", "by", flag_value="identity", help="By an identity number."),
        click.option("--phone", "by", flag_value="phone", help="By a telephone number."),
        click.argument("email", required=False),
    ):
        command = option(command)
    return command


@click.group(cls=Group)
def person() -> None:
    """Personal data: show or erase what the desk stores about one person.

    A person is found by EMAIL, or by a telephone or identity number. The command asks for such a
    number, or reads it from the first line of standard input: a command line would show it to
    others.
    """


@person.command("export")
@_who
@desk_options
def person_export(settings: Settings, email: str | None, by: str | None, uin: str | None) -> None:
    """Show everything that the desk stores about a person, and where; the log records it.

    Only the last four characters of an identity number are shown.
    """
    known_by, value = _value(email, by)
    show_reply(ask(settings, "ExportPerson", By=known_by, Value=value, Uin=uin))


@person.command("erase")
@_who
@desk_options
def person_erase(settings: Settings, email: str | None, by: str | None, uin: str | None) -> None:
    """Erase what the desk need not store about a person, and say what was erased and what stays.

    It is refused while an order or a review of theirs is under way.
    """
    known_by, value = _value(email, by)
    show_reply(ask(settings, "ErasePerson", By=known_by, Value=value, Uin=uin))


def _value(email: str | None, by: str | None) -> tuple[str, str]:
    """Return the kind of a person's identifier, and its value."""
    if email is not None and by is not None:
        raise click.UsageError("Use either EMAIL or one of --phone and --identity.")
    if email is not None and "@" not in email:
        raise click.UsageError("EMAIL has no @. For other values, use --phone or --identity.")
    if email is not None:
        return "email", email
    known_by = by or "email"
    if sys.stdin.isatty():
        return known_by, ask_hidden(BY[known_by])
    value = sys.stdin.readline().strip()
    if not value:
        raise click.UsageError(
            "EMAIL is missing. Use it, or put a value in the first line of standard input."
        )
    return known_by, value
