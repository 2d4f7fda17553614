"""Lists, searches and reading back, of few orders and of very many, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table

from bench.databases import Database, kept_database
from bench.found import Aim, Found, over
from bench.orders import with_orders
from bench.requests import Row, lists, read_back, searches
from bench.servers import Customer, MeasuredDesk, echo_up, settings_of, up, whole
from bench.stage import Stage, Topic, Turn
from bench.tables import FLOOR, rows_table

THOUSAND, MILLION = 1_000, 1_000_000
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
ROWS = (Row("list", 300, lists), Row("read back", 300, read_back), Row("search", 300, searches))
SHARED = {"list": 15, "read back": 13}
"""How many times bare ASGI each may cost."""

QUOTAS = f"quota.orders = {2 * MILLION}\nquota.open_orders = {2 * MILLION}\n"
"""More than the account has, as it buys orders to read them back."""

MOST_GROWTH = 1.2
WARM_UP = 64
FLOOR_REQUESTS, FLOOR_BODY = 500, b"{}"


def name_of(row: str, database: str, orders: int) -> str:
    """Name a row by what is asked of which desk."""
    return f"{row}, {database}, {orders:,}"


def begin(stage: Stage) -> Turn:
    """Start a desk with few orders and one with many, on each database."""
    customers = {
        (database, orders): _customer(stage, database, orders)
        for database in (SQLITE, POSTGRESQL)
        for orders in (THOUSAND, MILLION)
        if orders == THOUSAND or stage.options.million
        if database == SQLITE or stage.cluster()
    }
    echo = stage.held.enter_context(echo_up())
    for customer in customers.values():
        for row in ROWS:
            customer.send(row.prepare(customer, stage.some(WARM_UP)))

    def turn() -> None:
        floor = [whole({"Host": echo.of.endpoint}, FLOOR_BODY)] * stage.some(FLOOR_REQUESTS)
        stage.measure(FLOOR, echo, floor)
        for row in ROWS:
            for (database, orders), customer in customers.items():
                stage.measure_desk(row, name_of(row.name, database, orders), customer)

    return turn


def _customer(stage: Stage, name: str, orders: int) -> Customer:
    """Run a desk with so many orders of one account, written once and kept for later runs."""
    some = stage.some(orders)
    place = stage.folder if stage.options.quick else stage.results
    folder = place / f"orders-{name.lower()}-{some}"
    database = _database(stage, name, some, folder)
    folder.mkdir(exist_ok=True)
    keys = with_orders(folder, some, url=database.url if database else "")
    desk = MeasuredDesk(folder, settings_of(more=QUOTAS), database=database)
    return Customer(stage.held.enter_context(up(desk)), stage.load, keys)


def _database(stage: Stage, name: str, orders: int, folder: Path) -> Database | None:
    cluster = stage.cluster() if name == POSTGRESQL else None
    if cluster is None:
        return None
    if stage.options.quick:
        return stage.database(f"quick{orders}")
    return kept_database(cluster, f"orders{orders}", folder)


def tables(found: Found) -> Iterator[Table]:
    """Show all rows."""
    yield rows_table(found, "Ten orders of …")


def aims(found: Found) -> Iterator[Aim]:
    """Compare with the bare application, and many orders with few."""
    for asked, most in SHARED.items():
        name = name_of(asked, SQLITE, THOUSAND)
        yield Aim(f"{name}: CPU ÷ {FLOOR}", over(found.cpu(name), found.cpu(FLOOR)), most)
    for row in ROWS:
        for database in (SQLITE, POSTGRESQL):
            few, many = (name_of(row.name, database, orders) for orders in (THOUSAND, MILLION))
            if found.has(many):
                ratios = over(found.cpu(many), found.cpu(few))
                yield Aim(f"{many}: CPU ÷ {THOUSAND:,}", ratios, MOST_GROWTH)


TOPIC = Topic(
    "lists",
    "lists, searches, reading back, of 1,000 and 1,000,000 orders",
    begin,
    tables,
    aims,
)
