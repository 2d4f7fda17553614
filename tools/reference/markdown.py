"""The little Markdown that the pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "<!-- Made by `.venv/bin/python -m tools.reference`: do not edit it here. -->"


def page(title: str, *parts: str) -> str:
    """Put a page together; empty parts are left out."""
    return "\n\n".join([MADE, f"# {title}", *filter(None, parts)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; empty where it has no rows."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(head), _row(["---"] * len(head)), *lines]) if lines else ""


def code(text: str) -> str:
    """Set a word as code."""
    return f"`{text}`" if text else ""


def block(text: str, language: str) -> str:
    """Set text as a block of code."""
    return f"```{language}\n{text}\n```"


def _row(cells: Sequence[str]) -> str:
    # A bar ends a cell, inside code too, and the end of a line ends the row.
    escaped = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
