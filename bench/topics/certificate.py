"""From a due order to its certificate: the CPU that one costs a desk of one process."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterator

from rich.table import Table

from bench.due import ISSUED, make_due, settings_for, wait_for
from bench.found import Aim, Found
from bench.machine import cpu_seconds
from bench.names import names_up
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table

NUMBER = 300
ONE = "order to certificate"
MOST_MS = 6


def begin(stage: Stage) -> Turn:
    """Start a name server; each turn has a desk of its own."""
    names = stage.held.enter_context(names_up())
    turns = itertools.count()

    def turn() -> None:
        number, name = stage.some(NUMBER), f"one{next(turns)}"
        make_due(stage.folder / name, number, names)
        desk = stage.desk(name, settings_for(names))
        before = cpu_seconds(desk.pid)
        with desk.records() as fetch:
            wait_for(fetch, ISSUED, number, functools.partial(time.sleep, 0.05))
        stage.found.costs[ONE].append((cpu_seconds(desk.pid) - before) / number)
        desk.stop()

    return turn


def tables(found: Found) -> Iterator[Table]:
    """Show what was found."""
    yield costs_table(found, "Issuing", {ONE: ("ms of CPU", 1_000.0)})


def aims(found: Found) -> Iterator[Aim]:
    """Hold it against its limit."""
    yield Aim(f"{ONE}, ms of CPU", [1_000 * cost for cost in found.costs[ONE]], MOST_MS)


TOPIC = Topic(
    "certificate",
    "the CPU of a desk from a due order to its certificate",
    begin,
    tables,
    aims,
)
