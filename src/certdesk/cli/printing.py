"""The only output to a terminal: text of tenants is shown, and never interpreted.

Texts arrive as they are stored or sent. Markup in them is not interpreted. Characters that are
invisible, change the reading direction or control a terminal are escaped
(`domain/values/visible.py`), and so are those that the output's encoding lacks. No other module of
the commands uses rich or click's printing, which a test checks.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import UnsupportedOperation
from typing import TextIO

import click

from certdesk.cli.streams import OutputLost
from certdesk.domain.values.visible import visible

CELL = 512
"""The most characters of a table's cell; a reason has up to 500."""

GAP, INDENT = "  ", "  "
ESCAPE = "certdesk.escape"


def at_terminal() -> bool:
    """Return whether a person, not a program, reads the output."""
    return sys.stdout.isatty()


def show(value: object) -> None:
    """Print JSON: on one line for programs, indented for a person at a terminal."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if at_terminal() else None)
    _print("\n".join(visible(line, _json_escape) for line in text.split("\n")))


def say(text: str = "") -> None:
    """Print a line."""
    _print(visible(text))


def tell(text: str) -> None:
    """Print a message to stderr; it may have several lines."""
    for line in text.split("\n"):
        click.echo(fitting(f"certdesk: {visible(line)}", sys.stderr), file=sys.stderr)


def emit(content: str | bytes) -> None:
    """Write a file's content to the output unchanged; only for the desk's own data, such as PEM."""
    _write(content)


def ask_hidden(what: str) -> str:
    """Ask the person for a value without showing it."""
    answer: str = click.prompt(what, hide_input=True, err=True)
    return answer


def local_time(text: str | None) -> str:
    """Return a reply's time in this machine's time zone, with the zone."""
    if not text:
        return ""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def age(since: str | None, now: str) -> str:
    """Return the age of a reply's time at another time, in the largest unit that fits."""
    if not since:
        return ""
    seconds = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds()
    minutes = max(0, int(seconds // 60))
    for unit, least in (("d", 24 * 60), ("h", 60)):
        if minutes >= least:
            return f"{minutes // least} {unit}"
    return f"{minutes} min"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, nothing: str) -> None:
    """Print a table without its empty columns, or `nothing` if it has no rows.

    No text is cut: if the columns do not fit side by side, each row takes several lines, and a cell
    that is much longer than the others gets its own line.
    """
    cells = [[_cell(text) for text in row] for row in rows]
    if not cells:
        say(nothing)
        return
    used = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    shown = [[row[place] for place in used] for row in ([*columns], *cells)]
    most = shutil.get_terminal_size().columns
    widths = [_usual_width(column, most) for column in zip(*shown, strict=True)]
    lines = _lines(widths, most)
    for number, row in enumerate(shown):
        for text in _drawn(row, widths, lines):
            _print(_styled(text, "" if number else "bold"))


def styled(text: str, style: str, indent: int = 0) -> None:
    """Print a line in `bold` or `dim`, indented by that many blanks."""
    _print(_styled(" " * indent + visible(text), style))


def fitting(text: str, stream: TextIO) -> str:
    """Escape the characters that a stream's encoding lacks, as JSON does."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, ESCAPE).decode(encoding)


def on_disk() -> None:
    """Sync the output if it is a file: some file systems report a full disk only then."""
    with contextlib.suppress(UnsupportedOperation):
        descriptor = sys.stdout.fileno()
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            try:
                os.fsync(descriptor)
            except OSError as error:
                raise OutputLost(error) from error


def forsake_output() -> None:
    """Drop unwritten output, which Python would otherwise try to write at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _print(text: str) -> None:
    _write(f"{fitting(text, sys.stdout)}\n")


def _write(content: str | bytes) -> None:
    # Named, since click writes UTF-8 to an output that it considers misconfigured.
    click.echo(content, nl=False, file=sys.stdout)


def _styled(text: str, style: str) -> str:
    if not style or os.environ.get("TERM", "dumb") == "dumb":
        return text
    return click.style(text, bold=style == "bold" or None, dim=style == "dim" or None)


def _usual_width(column: Sequence[str], most: int) -> int:
    """Return the width of a column, ignoring cells that would take half of the terminal."""
    widths = [_width(cell) for cell in column]
    return max((width for width in widths if width <= most // 2), default=0)


def _drawn(
    row: Sequence[str], widths: Sequence[int], lines: Iterable[Iterable[int]]
) -> Iterator[str]:
    """Yield the lines of a table's row; all but the first are indented."""
    indent = ""
    for line in lines:
        long = [column for column in line if _width(row[column]) > widths[column]]
        if 0 in long:
            yield row[0]
            indent = INDENT
        padded = (
            " " * widths[column]
            if column in long
            else row[column] + " " * (widths[column] - _width(row[column]))
            for column in line
            if column or 0 not in long
        )
        beside = GAP.join(padded).rstrip()
        if beside:
            yield indent + beside
        indent = INDENT
        yield from (INDENT + row[column] for column in long if column)


def _lines(widths: Sequence[int], most: int) -> list[list[int]]:
    """Divide the columns, in order, among as few lines as possible; return their indexes."""
    lines: list[list[int]] = [[]]
    room = most
    for column, width in enumerate(widths):
        if lines[-1] and width > room:
            lines.append([])
            room = most - len(INDENT)
        lines[-1].append(column)
        room -= width + len(GAP)
    return lines


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 -- slow to import

    return cell_len(text)


def _cell(text: str) -> str:
    shown = visible(text)
    return fitting(shown if len(shown) <= CELL else f"{shown[:CELL]}…", sys.stdout)


def _json_escape(letter: str) -> str:
    return json.dumps(letter)[1:-1]


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Escape what cannot be encoded (`codecs.register_error`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _json_escape(error.object[error.start : error.end]), error.end


codecs.register_error(ESCAPE, _escaped)
