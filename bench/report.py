"""What was found: medians and ratios, as tables for people and as a file for comparison."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.found import Aim, Found
from bench.load import CONNECTIONS
from bench.machine import CORES
from bench.tables import aims_table
from bench.topics import TOPICS
from certdesk.storage.session import Library

COLUMNS = 80
MOST_OTHERS = 0.1
"""Cores that other programs may have had in a run, in the median."""

BUSY = (
    "Other programs had {others:.0%} of one core meanwhile (median of all runs): the numbers are "
    "too high, and the ratios are rough."
)
QUIET = "Other programs had {others:.0%} of one core meanwhile (median of all runs)."
QUICK = "--quick: fewer requests than the names say; these numbers tell nothing."
COLUMNS_OF_ROWS = (
    " CPU, client and db are microseconds a request: of the server, of the client, of PostgreSQL; "
    "wait is the median of milliseconds until an answer; others is what other programs had "
    "meanwhile, in percent of one core."
)


def about(found: Mapping[str, Found]) -> str:
    """Say how it was measured, and on what, and what the columns of the tables are."""
    columns = COLUMNS_OF_ROWS if any(its.runs for its in found.values()) else ""
    return (
        f"One client process with {CONNECTIONS} connections (32 where workers and PostgreSQL are "
        f"compared) on {len(CORES)} of {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, SQLite {Library.find().module.sqlite_version}.{columns} "
        "RSA is RSA 2048."
    )


def tables(found: Mapping[str, Found]) -> Iterator[Table]:
    """Return what was found as tables, the aims last."""
    for name, its in found.items():
        yield from TOPICS[name].tables(its)
    yield aims_table(list(aims(found)))


def aims(found: Mapping[str, Found]) -> Iterator[Aim]:
    """Return all aims of what was measured."""
    for name, its in found.items():
        yield from TOPICS[name].aims(its)


def notes(found: Mapping[str, Found]) -> list[str]:
    """Say what was left out, and what else the machine did."""
    said = [f"{name}: {note}." for name, its in found.items() for note in its.notes]
    others = sorted(each for its in found.values() for each in _others(its))
    if others:
        middle = others[len(others) // 2]
        said.append((BUSY if middle > MOST_OTHERS else QUIET).format(others=middle))
    return said


def _others(found: Found) -> list[float]:
    """Return what other programs had in each run, or in each turn of a topic without runs."""
    return [run.others for runs in found.runs.values() for run in runs] or found.others


def show_topic(name: str, found: Found) -> None:
    """Print what a topic found as soon as it is known."""
    console = Console(highlight=False, width=COLUMNS)
    for table in TOPICS[name].tables(found):
        console.print(table)


def show(found: Mapping[str, Found], *, quick: bool = False) -> None:
    """Print how all of it was measured, and what it amounts to."""
    console = Console(highlight=False, width=COLUMNS)
    if not quick:
        console.print(aims_table(list(aims(found))))
    console.print(about(found))
    for note in [*notes(found), *([QUICK] if quick else [])]:
        console.print(note)


def save(found: Mapping[str, Found], folder: Path, *, quick: bool = False) -> Path:
    """Write all numbers, in seconds, to a file named after the time; return its path."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    content = {
        "at": now,
        "quick": quick,
        "system": platform.platform(),
        "cores": CORES,
        "python": platform.python_version(),
        "sqlite": Library.find().module.sqlite_version,
        "notes": notes(found),
        "topics": {name: _numbers(its) for name, its in found.items()},
        "aims": [dataclasses.asdict(aim) | {"reached": aim.reached} for aim in aims(found)],
    }
    path = folder / f"{now.replace(':', '')}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def _numbers(found: Found) -> dict[str, object]:
    return {
        "rows": {
            name: {
                "median": dataclasses.asdict(found.median(name)),
                "runs": [dataclasses.asdict(run) for run in runs],
            }
            for name, runs in found.runs.items()
        },
        "parts": {
            name: {"median": found.cost(name), "rounds": costs}
            for name, costs in found.costs.items()
        },
        "shares": found.shares,
    }
