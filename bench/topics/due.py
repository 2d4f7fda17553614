"""How many of ten thousand due orders all cores issue a second, and what that does to the API."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator

from rich.table import Table

from bench.due import ISSUED, make_due, settings_for, wait_for
from bench.found import Aim, Found
from bench.machine import CORES, busy_seconds, cpu_seconds
from bench.names import Names, names_up
from bench.requests import reads
from bench.servers import Customer, MeasuredDesk
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table

DUE = 10_000
PACE = 50
"""Reads a second of the API beside the work, each of an order."""

RATE = f"certificates a second, {DUE:,} due"
EACH = f"a certificate of {DUE:,}, with the reads"
ALONE, BESIDE = "wait of a read, nothing due", f"wait of a read, {DUE:,} due"
CLIENTS = "name server and client, a certificate"
OTHERS = "what other programs had"
LEAST_RATE, MOST_SLOWED = 116, 2
UNITS = {
    RATE: ("a second", 1.0),
    EACH: ("ms of CPU, all processes", 1_000.0),
    CLIENTS: ("ms of CPU", 1_000.0),
    ALONE: ("ms, median", 1_000.0),
    BESIDE: ("ms, median", 1_000.0),
    OTHERS: ("% of one core", 100.0),
}


def begin(stage: Stage) -> Turn:
    """Start a name server; a turn makes the desk and starts it."""
    names = stage.held.enter_context(names_up())
    stage.note(f"{DUE:,} due orders by {stage.workers()} serving processes on all cores")

    def turn() -> None:
        for name, cost in _measured(stage, names).items():
            stage.found.costs[name].append(cost)

    return turn


def _measured(stage: Stage, names: Names) -> dict[str, float]:
    """Let all cores issue what is due, while a client reads at a steady pace."""
    number, folder = stage.some(DUE), stage.folder / "due"
    pattern, keys = make_due(folder, number, names)
    # Orders in a row are issued from the first to the last: this one is read from the start.
    processes = stage.workers()
    desk = stage.desk(
        "due", settings_for(names), processes=processes, pinned=processes == len(CORES)
    )
    customer = Customer(desk, stage.load, keys)
    beside, clients = list[float](), 0.0

    def read() -> None:
        nonlocal clients
        requests = reads(customer, pattern, PACE)
        sent = stage.load.run(desk.endpoint, requests, connections=4, pace=PACE)
        beside.extend(sent.waits)
        clients += sent.cpu

    with desk.records() as fetch:
        # A desk of more processes begins to issue before the last one answers.
        already = fetch(ISSUED)[0]
        begin, before = time.monotonic(), _spent(desk, names)
        read()
        wait_for(fetch, ISSUED, number, read)
    seconds = time.monotonic() - begin
    cpu, dns, ours, busy = (
        after - earlier for after, earlier in zip(_spent(desk, names), before, strict=True)
    )
    # Of a few nothing may be left.
    issued = max(1, number - already)
    during = beside.copy()
    beside.clear()
    for _ in range(2 if stage.options.quick else 10):
        read()
    desk.stop()
    return {
        RATE: issued / seconds,
        EACH: cpu / issued,
        CLIENTS: (clients + dns) / issued,
        BESIDE: statistics.median(during),
        ALONE: statistics.median(beside),
        OTHERS: max(0.0, busy - ours) / seconds,
    }


def _spent(desk: MeasuredDesk, names: Names) -> tuple[float, ...]:
    ours = cpu_seconds(os.getpid())
    return cpu_seconds(desk.pid), cpu_seconds(names.pid), ours, busy_seconds()


def tables(found: Found) -> Iterator[Table]:
    """Show what was found."""
    yield costs_table(found, "Issuing", UNITS)


def aims(found: Found) -> Iterator[Aim]:
    """Hold each against its limit."""
    yield Aim(RATE, found.costs[RATE], LEAST_RATE, at_least=True)
    slowed = [found.cost(BESIDE) / found.cost(ALONE)]
    yield Aim(f"{BESIDE} ÷ nothing due", slowed, MOST_SLOWED)


TOPIC = Topic(
    "due",
    f"certificates a second of {DUE:,} due orders, beside the API",
    begin,
    tables,
    aims,
    repeated=False,
)
