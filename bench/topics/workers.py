"""What a second serving process brings, on each database, and what an earlier commit did."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from bench.found import Aim, Found, over
from bench.machine import CORES
from bench.requests import Row, lists, read_back, submit_p_256
from bench.servers import WORKERS, Customer
from bench.stage import Stage, Topic, Turn
from bench.tables import rows_table

CONNECTIONS = 32
WARM_UP = 64
SUBMIT = "submit"
ROWS = (
    Row(SUBMIT, 400, submit_p_256),
    Row("read back", 600, read_back),
    Row("list", 600, lists),
)
SQLITE, POSTGRESQL, BEFORE = "SQLite", "PostgreSQL", "before, unpinned"
LEAST_GAIN, LEAST_GAIN_OVER_BEFORE = 1.7, 3.5
MOST_CPU, LEAST_OF_POSSIBLE = 1.05, 0.9


def name_of(row: str, database: str, processes: int) -> str:
    """Name a row by what is asked of which desk."""
    return f"{row}, {database}, {processes}"


def begin(stage: Stage) -> Turn:
    """Start a desk of one process and one of more, on each database, and the earlier one."""
    databases = [SQLITE, *([POSTGRESQL] if stage.cluster() else [])]
    customers = {
        (database, processes): _customer(stage, database, processes)
        for database in databases
        for processes in sorted({1, stage.workers()})
    }
    if stage.workers() == 1:
        stage.note("`certdesk serve` has no --workers here")
    before = stage.earlier("before", pinned=False)
    if before is not None:
        customers[BEFORE, 1] = before
    for customer in customers.values():
        for row in ROWS:
            customer.send(row.prepare(customer, stage.some(WARM_UP)))

    def turn() -> None:
        for row in ROWS:
            for (database, processes), customer in customers.items():
                name = name_of(row.name, database, processes)
                stage.measure_desk(row, name, customer, CONNECTIONS)

    return turn


def _customer(stage: Stage, database: str, processes: int) -> Customer:
    name = f"{database.lower()}{processes}"
    kept = stage.database(name) if database == POSTGRESQL else None
    return Customer(stage.desk(name, processes=processes, database=kept), stage.load)


def tables(found: Found) -> Iterator[Table]:
    """Show all rows."""
    yield rows_table(found, "Database, and processes")


def aims(found: Found) -> Iterator[Aim]:
    """Compare more processes with one, today's with before, and PostgreSQL's with its CPU."""
    for row in ROWS:
        one, more = (name_of(row.name, SQLITE, processes) for processes in (1, WORKERS))
        if found.has(more):
            gain = over(found.clock(one), found.clock(more))
            yield Aim(f"{more}: per s ÷ 1", gain, LEAST_GAIN, at_least=True)
    yield from _against_before(found)
    for row in ROWS:
        yield from _on_postgresql(found, row.name)


def _against_before(found: Found) -> Iterator[Aim]:
    before = name_of(SUBMIT, BEFORE, 1)
    more = name_of(SUBMIT, SQLITE, WORKERS)
    now = more if found.has(more) else name_of(SUBMIT, SQLITE, 1)
    if found.has(before):
        gain = over(found.clock(before), found.clock(now))
        yield Aim(f"{now}: per s ÷ {BEFORE}", gain, LEAST_GAIN_OVER_BEFORE, at_least=True)


def _on_postgresql(found: Found, row: str) -> Iterator[Aim]:
    """With as many cores as there are, `per s` cannot be more than cores divided by all CPU."""
    one, more = (name_of(row, POSTGRESQL, processes) for processes in (1, WORKERS))
    if not found.has(more):
        return
    yield Aim(f"{more}: CPU with database ÷ 1", over(found.cpu(more), found.cpu(one)), MOST_CPU)
    used = [(run.together + run.clients) / run.clock / len(CORES) for run in found.runs[more]]
    text = f"{more}: per s ÷ what its CPU allows"
    yield Aim(text, used, LEAST_OF_POSSIBLE, at_least=True)


TOPIC = Topic(
    "workers",
    f"`serve --workers {WORKERS}` beside one process and an earlier commit",
    begin,
    tables,
    aims,
)
