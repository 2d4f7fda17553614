"""What was found: medians and ratios, as tables for people and as a file for comparison."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.load import CONNECTIONS, PROCESSES
from bench.rows import FLOOR, ROWS, Row
from certdesk.storage.session import Library

HINTED = "submit, P-256 CSR"
"""The row that `prepare` and `commit` of `bench.parts` are halves of."""

BUSY = 0.5
"""A load before the measurement that is too much for its numbers to be compared with others."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Seconds a request: on the clock, of the server's CPU until the answer, and of it later."""

    clock: float
    cpu: float
    later: float = 0.0


@dataclasses.dataclass(frozen=True)
class Findings:
    """All runs of each row, all costs of each part, and what else the machine did at the start."""

    runs: Mapping[str, list[Run]]
    costs: Mapping[str, list[float]]
    load_before: float

    def median(self, row: str) -> Run:
        """Give the median of a row, each number for itself."""
        values = zip(*map(dataclasses.astuple, self.runs[row]), strict=True)
        return Run(*map(statistics.median, values))

    def part(self, name: str) -> float:
        """Give the median of a part; the floor is one, too."""
        return self.median(name).cpu if name == FLOOR else statistics.median(self.costs[name])

    def parts(self, row: Row) -> dict[str, float]:
        """Give all that a row needs, the floor first."""
        return {name: self.part(name) for name in (FLOOR, *row.parts)}


def show(findings: Findings) -> None:
    """Print what was found."""
    console = Console(highlight=False)
    console.print(
        f"{PROCESSES} client processes with {CONNECTIONS} connections each, "
        f"{os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"SQLite {Library.find().module.sqlite_version}; medians of "
        f"{len(findings.runs[FLOOR])} rounds; CPU in microseconds a request, of the "
        "server until the answer and for it later; RSA is RSA 2048."
    )
    console.print(_rows(findings))
    console.print(_parts(findings))
    console.print(_hint(findings))
    if findings.load_before > BUSY:
        console.print(
            f"The machine was busy (load {findings.load_before:.1f}) before this began: "
            "the numbers are too high, and the ratios are rough.",
            style="yellow",
        )


def _rows(findings: Findings) -> Table:
    table = Table("Over HTTP, durable")
    for heading in ("per s", "CPU", "bare = 1", "parts = 1", "later", "busy"):
        table.add_column(heading, justify="right")
    sums = {row.name: sum(findings.parts(row).values()) for row in ROWS if row.parts}
    for name in (FLOOR, *(row.name for row in ROWS)):
        found = findings.median(name)
        table.add_row(
            name,
            f"{1 / found.clock:.0f}",
            _micro(found.cpu),
            f"{found.cpu / findings.median(FLOOR).cpu:.1f}",
            f"{found.cpu / sums[name]:.1f}" if name in sums else "",
            _micro(found.later),
            f"{found.cpu / found.clock:.0%}",
        )
    return table


def _parts(findings: Findings) -> Table:
    rows = {row.name: findings.parts(row) for row in ROWS if row.parts}
    table = Table("CPU of its parts")
    for name in rows:
        table.add_column(name, justify="right")
    for part in dict.fromkeys(name for parts in rows.values() for name in parts):
        table.add_row(part, *(_micro(parts.get(part)) for parts in rows.values()))
    rest = (findings.median(name).cpu - sum(parts.values()) for name, parts in rows.items())
    table.add_row("everything else", *map(_micro, rest))
    return table


def _hint(findings: Findings) -> str:
    whole, part = findings.median(HINTED).cpu, findings.part
    rest = whole - part(FLOOR) - part("signature") - part("prepare") - part("commit")
    return (
        f"Of the {_micro(whole)} of `{HINTED}`, its first half takes {_micro(part('prepare'))} "
        f"alone in a thread ({_micro(part('CSR P-256'))} for the CSR), its commit "
        f"{_micro(part('commit'))} ({_micro(part('insert'))} in plain SQLite), HTTP and the "
        f"signature {_micro(part(FLOOR) + part('signature'))}. The other {_micro(rest)} are "
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
        "parts": {
            name: {"median": findings.part(name), "rounds": costs}
            for name, costs in findings.costs.items()
        },
    }
    path = folder / f"{now.replace(':', '')}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def _micro(seconds: float | None) -> str:
    return "" if seconds is None else f"{1_000_000 * seconds:.0f}"
