"""Tables of what was found, no wider than a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from rich import box
from rich.table import Table

from bench.found import Aim, Found

MANY = 10
FLOOR = "bare ASGI"
"""The name of what answers the requests of a submission without looking at them."""


def table(first: str, *others: str, words: bool = False) -> Table:
    """Begin a table, with numbers in all columns but the first, or with words."""
    made = Table(first, box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in others:
        made.add_column(heading, justify="left" if words else "right", overflow="fold")
    return made


def rows_table(
    found: Found, heading: str, parts: Mapping[str, Sequence[float]] | None = None
) -> Table:
    """Show rows over HTTP, beside the floor if it was measured, and the sums of their parts."""
    with_floor, with_parts = found.has(FLOOR), parts is not None
    with_database = any(run.database for runs in found.runs.values() for run in runs)
    headings = {
        "per s": True,
        "CPU": True,
        "db": with_database,
        "bare": with_floor,
        "parts": with_parts,
        "later": any(run.later for runs in found.runs.values() for run in runs),
        "wait": True,
        "client": True,
        "others": True,
    }
    made = table(heading, *(name for name, shown in headings.items() if shown))
    floor = found.median(FLOOR).cpu if with_floor else 1.0
    for name in found.runs:
        run, its = found.median(name), (parts or {}).get(name)
        cells = (
            f"{1 / run.clock:,.0f}",
            micro(run.cpu),
            micro(run.database) if run.database else "",
            f"{run.cpu / floor:.1f}",
            f"{run.cpu / median(its):.1f}" if its else "",
            micro(run.later),
            milli(run.wait),
            micro(run.clients),
            f"{run.others:.0%}",
        )
        shown = (cell for cell, shown in zip(cells, headings.values(), strict=True) if shown)
        made.add_row(name, *shown)
    return made


def costs_table(found: Found, heading: str, units: Mapping[str, tuple[str, float]]) -> Table:
    """Show costs, each in the unit that is told for it, and how often it goes into a second."""
    made = table(heading, "found", "")
    for name, (unit, factor) in units.items():
        if found.has(name):
            made.add_row(name, f"{factor * found.cost(name):,.1f}", unit)
    return made


def aims_table(aims: Sequence[Aim]) -> Table:
    """Show what was aimed at, and how far apart the rounds are."""
    made = table("Aims", "found", "lowest to highest", "aim", "")
    for aim in aims:
        bound = f"{'≥' if aim.at_least else '≤'} {aim.bound:g}"
        lowest, highest = ratio(min(aim.found)), ratio(max(aim.found))
        rounds = f"{lowest} to {highest}" if len(aim.found) > 1 else ""
        reached = "yes" if aim.reached else "no"
        made.add_row(aim.text, ratio(aim.middle), rounds, bound, reached)
    return made


def ratio(value: float) -> str:
    """Write a ratio with enough digits to see on which side of its aim it is."""
    return f"{value:.3f}" if value < MANY else f"{value:.1f}"


def micro(seconds: float | None) -> str:
    """Write microseconds."""
    return "" if seconds is None else f"{1_000_000 * seconds:.0f}"


def milli(seconds: float) -> str:
    """Write milliseconds."""
    return f"{1_000 * seconds:.1f}"
