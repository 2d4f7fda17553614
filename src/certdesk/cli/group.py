"""A group of commands whose help shows each summary in full."""

from __future__ import annotations

import sys

import click

WHOLE = sys.maxsize
"""The most characters of a summary; click would cut it at the end of the line."""


class Group(click.Group):
    """Commands with one topic."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the commands; a summary takes as many lines as it needs."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(WHOLE)) for name, command in found if command]
            )
