"""`certdesk clock`."""

from __future__ import annotations

import click

from certdesk.cli.common import desk_options, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.settings import Settings


@click.group(cls=Group)
def clock() -> None:
    """The clock, where the desk does not believe it."""


@clock.command("accept")
@desk_options
def clock_accept(settings: Settings) -> None:
    """Believe the clock as it is: it was ahead by mistake and has been set right.

    Prints the time in UTC, and the latest time that the desk had seen.
    """
    show_reply(ask(settings, "AcceptClock"))
