"""The one way to a person's terminal: what tenants wrote is shown there, and obeyed by nobody.

Texts come as they are stored or sent. Markup is not read in them, and what shows nothing, turns the
reading direction or controls a terminal is escaped (`domain/visible.py`). No other module of the
commands uses rich, or click's printing; a test holds that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import click

from certdesk.domain.visible import visible

CELL = 255
"""Most characters of a table's cell."""


def at_terminal() -> bool:
    """Whether a person reads the output, and not a program."""
    return sys.stdout.isatty()


def show(value: object) -> None:
    """Print JSON: on one line for programs, indented for a person at a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if at_terminal() else None)
    click.echo("\n".join(visible(line, _json_escape) for line in text.split("\n")))


def say(text: str = "") -> None:
    """Print a line."""
    click.echo(visible(text))


def tell(text: str) -> None:
    """Say something to the person, beside the output; it may have several lines."""
    for line in text.split("\n"):
        click.echo(f"certdesk: {visible(line)}", err=True)


def emit(content: str | bytes) -> None:
    """Write a file's content to the output as it is: of the desk's own making, such as PEM."""
    click.echo(content, nl=False)


def ask_hidden(what: str) -> str:
    """Have the person type a value that the terminal does not show."""
    answer: str = click.prompt(what, hide_input=True, err=True)
    return answer


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    from rich.console import Console  # noqa: PLC0415 -- takes longer than asking for JSON
    from rich.table import Table  # noqa: PLC0415 -- as above
    from rich.text import Text  # noqa: PLC0415 -- as above

    drawn = Table(*columns, box=None)
    for row in rows:
        drawn.add_row(*(Text(_cell(text)) for text in row))
    Console(highlight=False).print(drawn)


def styled(text: str, style: str, indent: int = 0) -> None:
    """Print a line in a style such as `bold` or `dim`, that many blanks from the left."""
    from rich.console import Console  # noqa: PLC0415 -- as in `table`
    from rich.text import Text  # noqa: PLC0415 -- as above

    line = Text(" " * indent + visible(text), style)
    Console(highlight=False).print(line, soft_wrap=True)


def _cell(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= CELL else f"{shown[:CELL]}…"


def _json_escape(letter: str) -> str:
    return json.dumps(letter)[1:-1]
