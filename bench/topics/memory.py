"""The memory of a desk and of each serving process, over very many requests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.table import Table

from bench.found import Aim, Found
from bench.machine import family, memory_of
from bench.requests import lists, purchase, read_back, submit_p_256
from bench.servers import Customer
from bench.stage import Stage, Topic, Turn
from bench.tables import table

REQUESTS = 100_000
TENTHS = 10
KINDS = ((purchase, 0.01), (submit_p_256, 0.01), (read_back, 0.01))
"""Kinds of requests and their shares; the rest are lists.

Of these each has a signature of its own, which the desk keeps for ten minutes, as it is to.
"""

LARGEST, EACH = "largest serving process, MB", "desk, all processes, MB"
MOST_GROWTH, MOST_MB = 1.03, 120
MB = 1_000_000


def begin(stage: Stage) -> Turn:
    """Start a desk with as many serving processes as it may have."""
    customer = Customer(stage.desk("memory", processes=stage.workers()), stage.load)

    def turn() -> None:
        _remember(stage, customer)
        for _ in range(TENTHS):
            _ask(stage, customer)
            _remember(stage, customer)

    return turn


def _ask(stage: Stage, customer: Customer) -> None:
    """Send a tenth of all requests, in pieces that are written before they are sent."""
    number = stage.some(REQUESTS) // TENTHS
    for prepare, share in KINDS:
        customer.send(prepare(customer, max(1, int(share * number))))
    rest = number - sum(int(share * number) for _, share in KINDS)
    customer.send(lists(customer, rest))


def _remember(stage: Stage, customer: Customer) -> None:
    sizes = []
    for pid in family(customer.desk.pid):
        with contextlib.suppress(OSError, IndexError):
            sizes.append(memory_of(pid))
    stage.found.costs[LARGEST].append(max(sizes) / MB)
    stage.found.costs[EACH].append(sum(sizes) / MB)


def tables(found: Found) -> Iterator[Table]:
    """Show what was in use after each tenth."""
    made = table(f"Memory after so many of {REQUESTS:,} requests", LARGEST, EACH)
    for tenth, sizes in enumerate(zip(found.costs[LARGEST], found.costs[EACH], strict=True)):
        made.add_row(f"{tenth * REQUESTS // TENTHS:,}", *(f"{size:.1f}" for size in sizes))
    yield made


def aims(found: Found) -> Iterator[Aim]:
    """Compare the last size with that after a tenth, by when every cache has been filled once."""
    sizes = found.costs[LARGEST]
    yield Aim(
        f"memory after {REQUESTS:,} requests ÷ after a tenth", [sizes[-1] / sizes[1]], MOST_GROWTH
    )
    yield Aim("memory of the largest serving process, MB", [max(sizes)], MOST_MB)


TOPIC = Topic(
    "memory",
    f"memory of each process over {REQUESTS:,} requests",
    begin,
    tables,
    aims,
    repeated=False,
)
