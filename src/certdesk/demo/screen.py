"""What the demo looks like: lines and tables, and under them a bar where there is a terminal."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from certdesk.demo.telling import Waiting

INDENT = 6


class Screen:
    """Shows the steps as they are taken.

    Colours, the width and what may be animated are the terminal's (rich looks at it, and at
    NO_COLOR); without a terminal the same text comes as plain lines that are not broken.
    """

    def __init__(self, steps: int) -> None:
        """Show that many steps."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        self._console = Console(highlight=False)
        self._errors = Console(highlight=False, stderr=True)
        self._lively = self._console.is_interactive and sys.stdout.isatty()
        self._steps = steps
        self._number = 0
        self._bar = Progress(
            SpinnerColumn("line"),
            MofNCompleteColumn(),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            console=self._console,
            transient=True,
            disable=not self._lively,
        )
        self._task = self._bar.add_task("", total=steps)

    @contextlib.contextmanager
    def progress(self) -> Iterator[None]:
        """Keep the bar at the bottom as long as the context lasts."""
        with self._bar:
            yield

    def begin(self, title: str) -> None:
        """Head a step."""
        self._number += 1
        self._line(Text(f"[{self._number}/{self._steps}] {title}", "bold"), 0)

    def show(self, said: RenderableType | Waiting) -> None:
        """Show something of a step; what it waits for stands beside the bar."""
        if isinstance(said, Waiting):
            self._bar.update(self._task, description=said.text)
        elif isinstance(said, Text):
            self._line(said, INDENT)
        else:
            self._console.print(Padding(said, (0, 0, 0, INDENT)))

    def worked(self) -> None:
        """Count a step as done."""
        self._bar.update(self._task, advance=1, description="")

    def failure(self, why: str, log: str) -> None:
        """Say why a step failed, with the desk's log."""
        self._bar.stop()
        logged = f"The desk's log:\n{log}" if log else "The desk has logged nothing."
        self._errors.print(Text(f"Step {self._number} failed: {why}", "bold red"), soft_wrap=True)
        self._errors.print(Text(logged), soft_wrap=True)

    def complain(self, text: str) -> None:
        """Say what is wrong with the little Internet of the demo."""
        self._errors.print(Text(text, "yellow"), soft_wrap=True)

    def end(self, text: str) -> None:
        """Say how it went."""
        self._line(Text(text, "bold green"), 0)

    def _line(self, text: Text, indent: int) -> None:
        if self._lively:
            self._console.print(Padding(text, (0, 0, 0, indent)))
        else:
            self._console.print(Text(" " * indent).append_text(text), soft_wrap=True)
