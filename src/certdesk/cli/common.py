"""What the commands share: options, reading settings and JSON, replies, exit codes."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import click

from certdesk.cli.printing import at_terminal, show, tell
from certdesk.domain.values.record import Record
from certdesk.domain.values.redaction import error_text
from certdesk.settings import CONFIG, OptionWrong, Settings, SettingsError, load
from certdesk.storage.places import PlaceUnsafe, check_file

REFUSED = 1
UNREACHABLE = 3


Command: TypeAlias = Callable[..., None]

OF_SETTINGS = {"listen", "workers"}
"""Further options of some commands whose values are settings."""


def options_with(folder: str) -> Callable[[Command], Command]:
    """Add `--data` (described as `folder`), `--config` and `--database` to commands.

    A command receives them as its `settings`.
    """

    def options(command: Command) -> Command:
        @click.option("--data", metavar="DIR", help=folder)
        @click.option(
            "--config",
            envvar=CONFIG,
            metavar="FILE",
            type=Path,
            help=f"Settings file, TOML (or {CONFIG}).",
        )
        @click.option("--database", metavar="URL", help="Database URL.  [default: SQLite in DIR]")
        @functools.wraps(command)
        def with_settings(
            *,
            data: str | None,
            config: Path | None,
            database: str | None,
            **others: Any,  # noqa: ANN401 - whatever else the command takes
        ) -> None:
            options = {"data": data, "database": database}
            options |= {name: others.pop(name) for name in OF_SETTINGS & others.keys()}
            command(settings=read_settings(config, options), **others)

        return with_settings

    return options


desk_options = options_with("The desk's folder.  [default: ./certdesk-data]")


def read_settings(config: Path | None, options: dict[str, str | None]) -> Settings:
    """Read the settings, or end the command with a message about what is wrong."""
    try:
        if config is not None:
            check_file(config)
        settings, idle = load(config, os.environ, options)
    except OptionWrong as error:
        raise click.UsageError(str(error)) from error
    except (SettingsError, PlaceUnsafe) as error:
        fail(str(error), UNREACHABLE)
    for name in idle:
        tell(f"{name} has no effect")
    return settings


def read_json(argument: str) -> dict[str, Any]:
    """Read an object from an argument: JSON itself, `@FILE`, or `-` for standard input.

    Files and standard input are UTF-8 (RFC 8259, 8.1), whatever the terminal's encoding.
    """
    try:
        value = json.loads(_source(argument))
    except (OSError, ValueError, RecursionError) as error:
        raise click.BadParameter(f"cannot read JSON: {error_text(error)}") from error
    if not isinstance(value, dict):
        raise click.BadParameter('must be a JSON object: {"Name": "value", ...}')
    return value


def _source(argument: str) -> str:
    if argument == "-":
        return sys.stdin.buffer.read().decode()
    if argument.startswith("@"):
        return Path(argument[1:]).read_text("utf-8")
    return argument


class Form(Record, gc=True):
    """How a reply is printed: its `member` (or all of it) as JSON, or by `person` at a terminal."""

    member: str = ""
    person: Callable[[dict[str, Any]], None] | None = None


PLAIN = Form()
"""JSON also at a terminal."""


def show_reply(response: dict[str, Any], form: Form = PLAIN, *, json_: bool = False) -> None:
    """Print the reply of an operator's action, or end the command with its refusal.

    With `json_` the output is always JSON.
    """
    refused(response)
    del response["RequestId"]
    if form.person is not None and not json_ and at_terminal():
        form.person(response)
    else:
        show(response[form.member] if form.member else response)


as_json = click.option("--json", "json_", is_flag=True, help="JSON also at a terminal.")


def refused(response: dict[str, Any]) -> None:
    """End the command if an operator's action was refused."""
    error = response.get("Error")
    if error and error["Code"] == "InternalError":
        number = response["RequestId"]
        fail(
            "InternalError: the desk failed. Its log has the cause under RequestId "
            f"{number}; certdesk doctor checks what is wrong",
            REFUSED,
        )
    if error:
        fail(f"{error['Code']}: {error['Message']}", REFUSED)


def fail(text: str, code: int) -> NoReturn:
    """Say what is wrong and end the command."""
    tell(text)
    raise SystemExit(code)
