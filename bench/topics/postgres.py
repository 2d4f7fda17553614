"""One busy account on PostgreSQL: beside SQLite, and how often its commits lose to each other."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from bench.found import Aim, Found, over
from bench.requests import Row, purchase, submit_p_256
from bench.servers import Customer, settings_of
from bench.stage import Stage, Topic, Turn
from bench.tables import costs_table, rows_table

CONNECTIONS = 32
WARM_UP = 64
THREADS = 16
ROWS = (Row("buy", 400, purchase), Row("submit", 400, submit_p_256))
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
CROWDED = f"PostgreSQL, {THREADS} threads"
LEAST_SHARE, MOST_ATTEMPTS = 0.5, 1.1


def attempts_of(row: str) -> str:
    """Name what is counted: how often a commit was tried, per request that makes one."""
    return f"{row}: attempts a commit, {THREADS} threads"


def begin(stage: Stage) -> Turn:
    """Start a desk on SQLite, one on PostgreSQL, and one there with many threads."""
    usual, crowded = stage.database("usual"), stage.database("crowded")
    customers = {SQLITE: Customer(stage.desk("sqlite"), stage.load)}
    if usual is None or crowded is None:
        stage.note("PostgreSQL is not installed")
    else:
        desk = stage.desk("usual", database=usual)
        customers[POSTGRESQL] = Customer(desk, stage.load)
        desk = stage.desk("crowded", _many_threads(), database=crowded)
        customers[CROWDED] = Customer(desk, stage.load)
    for customer in customers.values():
        for row in ROWS:
            customer.send(row.prepare(customer, stage.some(WARM_UP)))

    def turn() -> None:
        for row in ROWS:
            for name, customer in customers.items():
                before = crowded.lost() if crowded else 0
                stage.measure_desk(row, f"{row.name}, {name}", customer, CONNECTIONS)
                if crowded is not None and name == CROWDED:
                    lost = (crowded.lost() - before) / stage.some(row.requests)
                    stage.found.costs[attempts_of(row.name)].append(1 + lost)

    return turn


def _many_threads() -> str:
    # A setting of `http` keeps `RunningDesk` from the others there that tests go without.
    return (
        f"http.threads = {THREADS}\nhttp.wrong_per_minute = 0\n"
        f"http.pages_per_second = 0\nhttp.unsigned_per_second = 0\n{settings_of()}"
    )


def tables(found: Found) -> Iterator[Table]:
    """Show the rows, and the attempts."""
    yield rows_table(found, "One busy account")
    yield costs_table(found, "Commits", {attempts_of(row.name): ("", 1.0) for row in ROWS})


def aims(found: Found) -> Iterator[Aim]:
    """Compare the databases, and hold attempts against their limit."""
    for row in ROWS:
        here, there = (f"{row.name}, {name}" for name in (POSTGRESQL, SQLITE))
        if found.has(here):
            share = over(found.clock(there), found.clock(here))
            yield Aim(f"{here}: per s ÷ SQLite", share, LEAST_SHARE, at_least=True)
            attempts = attempts_of(row.name)
            yield Aim(attempts, found.costs[attempts], MOST_ATTEMPTS)


TOPIC = Topic(
    "postgres",
    "one busy account on PostgreSQL, and attempts a commit",
    begin,
    tables,
    aims,
)
