"""What ten thousand orders that nothing proves do to the API, and what a check of one costs."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator

from rich.table import Table

from bench.due import make_due, put_off, settings_for, wait_for
from bench.found import Aim, Found, over
from bench.machine import cpu_seconds
from bench.names import names_up
from bench.requests import reads
from bench.servers import Customer
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table

DUE = 10_000
READS = 400
"""Requests in a measurement of the API beside the work."""

CHECK = f"check of a proof, {DUE:,} due"
BESIDE, ALONE = f"read back, {DUE:,} orders due", "read back, none due"
UNITS = {
    CHECK: ("µs of CPU", 1_000_000.0),
    BESIDE: ("µs on the clock", 1_000_000.0),
    ALONE: ("µs on the clock", 1_000_000.0),
}
CHECKED = "SELECT count(*) FROM proofs WHERE looks > 0"
MOST_SLOWED = 2


def begin(stage: Stage) -> Turn:
    """Start a name server, which knows nothing."""
    names = stage.held.enter_context(names_up())

    def turn() -> None:
        number, folder = stage.some(DUE), stage.folder / "due"
        pattern, keys = make_due(folder, number, None)
        desk = stage.desk("due", settings_for(names))
        customer = Customer(desk, stage.load, keys)

        def read() -> float:
            requests = reads(customer, pattern, stage.some(READS))
            return stage.load.run(desk.endpoint, requests).seconds / len(requests)

        beside: list[float] = []
        before = cpu_seconds(desk.pid)
        with desk.records() as fetch:
            wait_for(fetch, CHECKED, number // 2, lambda: beside.append(read()))
            wait_for(fetch, CHECKED, number, functools.partial(time.sleep, 0.05))
        spent = cpu_seconds(desk.pid) - before
        desk.stop()
        put_off(folder)
        desk.start()
        # What a read costs without the work is taken from what the desk spent.
        before = cpu_seconds(desk.pid)
        alone = [read() for _ in range(max(3, len(beside)))]
        of_reads = (cpu_seconds(desk.pid) - before) * len(beside) / len(alone)
        desk.stop()
        stage.found.costs[CHECK].append(max(0.0, spent - of_reads) / number)
        stage.found.costs[BESIDE].append(statistics.median(beside))
        stage.found.costs[ALONE].append(statistics.median(alone))

    return turn


def tables(found: Found) -> Iterator[Table]:
    """Show what was found."""
    yield costs_table(found, "Checking", UNITS)


def aims(found: Found) -> Iterator[Aim]:
    """Compare reading beside the work with reading alone."""
    slowed = over(found.costs[BESIDE], found.costs[ALONE])
    yield Aim(f"{BESIDE}: time ÷ none due", slowed, MOST_SLOWED)


TOPIC = Topic(
    "unproved",
    f"reading beside {DUE:,} due orders that nothing proves",
    begin,
    tables,
    aims,
    repeated=False,
)
