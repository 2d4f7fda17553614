"""The page of the commands: the very help that each prints."""

from __future__ import annotations

from collections.abc import Iterator

import click

from certdesk.cli.main import certdesk
from tools.reference.markdown import block, page

WIDTH = 90


def commands_page() -> str:
    """Give the help of every command."""
    return page(
        "Commands",
        "What `--help` prints. Settings and their other sources are in [settings.md](settings.md).",
        *_helps(certdesk, "certdesk", None),
    )


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield f"## {context.command_path}"
    yield block(command.get_help(context), "text")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from _helps(found, below, context)
