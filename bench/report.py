"""What was found: medians and ratios, as tables for people and as a file for comparison."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.findings import Findings
from bench.issuing import ALONE, BESIDE
from bench.load import CONNECTIONS, PROCESSES
from bench.renewals import RENEWING, WITHOUT
from bench.rows import FLOOR
from certdesk.storage.session import Library

HINTED = "submit, P-256 CSR"
"""The row that `prepare` and `commit` of `bench.parts` are halves of."""

BUSY = (
    "The machine was busy with other things before this began: the numbers are too high, and the "
    "ratios are rough."
)

PLACES = 20
"""So many places of the profile are shown."""

TIMES = ("first answer", "imports", BESIDE, ALONE, RENEWING, WITHOUT)
"""What is measured on the clock, and not among the parts."""


def about(findings: Findings) -> str:
    """Say how it was measured, and on what."""
    return (
        f"{PROCESSES} client processes with {CONNECTIONS} connections each, "
        f"{os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"SQLite {Library.find().module.sqlite_version}; medians of "
        f"{len(findings.runs[FLOOR])} rounds; CPU in microseconds a request, of the "
        "server until the answer and for it later; RSA is RSA 2048."
    )


def tables(findings: Findings) -> Iterator[Table]:
    """Give what was found as tables."""
    yield _rows(findings)
    yield _parts(findings)
    yield _others(findings)
    yield _aims(findings)
    yield _places(findings)


def show(findings: Findings) -> None:
    """Print what was found."""
    console = Console(highlight=False)
    console.print(about(findings))
    for table in tables(findings):
        console.print(table)
    console.print(hint(findings))
    if findings.busy:
        console.print(BUSY, style="yellow")


def _table(first: str, *others: str) -> Table:
    table = Table(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _rows(findings: Findings) -> Table:
    headings = ("per s", "CPU", "bare = 1", "floor = 1", "parts = 1", "later", "busy")
    table = _table("Over HTTP, durable", *headings)
    sums = {row.name: sum(findings.parts(row).values()) for row in findings.rows if row.parts}
    for name in findings.names:
        found = findings.median(name)
        table.add_row(
            name,
            f"{1 / found.clock:.0f}",
            micro(found.cpu),
            f"{found.cpu / findings.median(FLOOR).cpu:.1f}",
            f"{found.cpu / findings.floor:.1f}",
            f"{found.cpu / sums[name]:.1f}" if name in sums else "",
            micro(found.later),
            f"{found.cpu / found.clock:.0%}",
        )
    return table


def _parts(findings: Findings) -> Table:
    rows = {row.name: findings.parts(row) for row in findings.rows if row.parts}
    table = _table("CPU of its parts", *rows)
    for part in dict.fromkeys(name for parts in rows.values() for name in parts):
        table.add_row(part, *(micro(parts.get(part)) for parts in rows.values()))
    table.add_row("their sum", *(micro(sum(parts.values())) for parts in rows.values()))
    rest = (findings.median(name).cpu - sum(parts.values()) for name, parts in rows.items())
    table.add_row("everything else", *map(micro, rest))
    return table


def _others(findings: Findings) -> Table:
    used = {part for row in findings.rows for part in row.parts}
    table = _table("Beside them", "microseconds")
    table.add_row(f"floor: {FLOOR} and insert", micro(findings.floor))
    for name in findings.costs:
        if name not in used:
            table.add_row(
                f"{name}, on the clock" if name in TIMES else name, micro(findings.part(name))
            )
    return table


def _aims(findings: Findings) -> Table:
    table = _table("Aims", "found", "aim", "")
    for aim in findings.aims():
        bound = f"{'≥' if aim.at_least else '≤'} {aim.bound:g}"
        table.add_row(aim.text, f"{aim.found:.2f}", bound, "yes" if aim.reached else "no")
    return table


def _places(findings: Findings) -> Table:
    table = _table("Where the CPU time of a submission goes", "share")
    for place, share in list(findings.shares.items())[:PLACES]:
        table.add_row(place, f"{share:.1%}")
    table.add_row("all others", f"{sum(list(findings.shares.values())[PLACES:]):.1%}")
    return table


def hint(findings: Findings) -> str:
    """Say what the rest is."""
    whole, part = findings.median(HINTED).cpu, findings.part
    rest = whole - part(FLOOR) - part("signature") - part("prepare") - part("commit")
    return (
        f"Of the {micro(whole)} µs of `{HINTED}`, its first half takes {micro(part('prepare'))} "
        f"alone in a thread ({micro(part('CSR P-256'))} for the CSR), its commit "
        f"{micro(part('commit'))} ({micro(part('insert'))} in plain SQLite), HTTP and the "
        f"signature {micro(part(FLOOR) + part('signature'))}. The other {micro(rest)} are "
        "threads that hand over to and wait for each other, and the log."
    )


def save(findings: Findings, folder: Path) -> Path:
    """Write all numbers, in seconds, to a file named after the time; give its path."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    content = {
        "at": now,
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load before": findings.load_before,
        "python": platform.python_version(),
        "sqlite": Library.find().module.sqlite_version,
        "clients": {"processes": PROCESSES, "connections": CONNECTIONS},
        "rows": {
            name: {
                "median": dataclasses.asdict(findings.median(name)),
                "runs": [dataclasses.asdict(run) for run in runs],
            }
            for name, runs in findings.runs.items()
        },
        "shares": findings.shares,
        "parts": {
            name: {"median": findings.part(name), "rounds": costs}
            for name, costs in findings.costs.items()
        },
    }
    path = folder / f"{now.replace(':', '')}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def micro(seconds: float | None) -> str:
    """Write microseconds."""
    return "" if seconds is None else f"{1_000_000 * seconds:.0f}"
