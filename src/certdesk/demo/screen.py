"""The demo's output: lines and tables, with a progress bar at a terminal."""

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
    """The display of the steps as they run.

    Colours, width and animation depend on the terminal (rich checks it, and NO_COLOR). Without a
    terminal the same text is printed as plain lines, not wrapped.
    """

    def __init__(self, steps: int) -> None:
        """Prepare to show that many steps."""
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
        """Keep the bar at the bottom while the context lasts."""
        with self._bar:
            yield

    def begin(self, title: str) -> None:
        """Print the title of a step."""
        self._number += 1
        self._line(Text(f"[{self._number}/{self._steps}] {title}", "bold"), 0)

    def show(self, said: RenderableType | Waiting) -> None:
        """Show output of a step; what it waits for is shown beside the bar."""
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
        """Show why a step failed, with the desk's log."""
        self._bar.stop()
        logged = f"The desk's log:\n{log}" if log else "The log of the desk is empty."
        self._errors.print(Text(f"Step {self._number} failed: {why}", "bold red"), soft_wrap=True)
        self._errors.print(Text(logged), soft_wrap=True)

    def complain(self, text: str) -> None:
        """Show an error of the demo's name server and web server."""
        self._errors.print(Text(text, "yellow"), soft_wrap=True)

    def end(self, text: str) -> None:
        """Show the result."""
        self._line(Text(text, "bold green"), 0)

    def _line(self, text: Text, indent: int) -> None:
        if self._lively:
            self._console.print(Padding(text, (0, 0, 0, indent)))
        else:
            self._console.print(Text(" " * indent).append_text(text), soft_wrap=True)
