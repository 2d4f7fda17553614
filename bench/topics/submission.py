"""A submission, beside the parts that it cannot do without, and the checks that it meets."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from bench import layers
from bench.checks import MOST, PREFIX
from bench.found import Aim, Found, over, sums
from bench.parts import Parts
from bench.requests import (
    Row,
    purchase,
    submit_online_p_256,
    submit_online_rsa,
    submit_p_256,
    submit_rsa,
)
from bench.servers import (
    Customer,
    MeasuredDesk,
    echo_up,
    settings_of,
    up,
    wait_for_stock,
)
from bench.stage import Stage, Topic, Turn
from bench.tables import FLOOR, micro, rows_table, table
from certdesk.domain.values.keys import KeyKind

RSA, P_256 = "submit, RSA CSR", "submit, P-256 CSR"
RSA_ONLINE, P_256_ONLINE = "submit, RSA online", "submit, P-256 online"
BEFORE = "submit, P-256 CSR, before"
"""The row of the commit that `--before` names."""

WARM_UP = 20
MOST_ADDED = 1.08
FLOOR_REQUESTS = 500
COMMON = ("signature", "decode", "seal", "insert")
ROWS = (
    Row("buy", 200, purchase),
    Row(RSA, 200, submit_rsa, ("CSR RSA", *COMMON)),
    Row(P_256, 200, submit_p_256, ("CSR P-256", *COMMON)),
    Row(RSA_ONLINE, 40, submit_online_rsa, ("key RSA", *COMMON)),
    Row(P_256_ONLINE, 40, submit_online_p_256, ("key P-256", *COMMON)),
)
EMPTY = (
    Row("submit, RSA online, no stock", 24, submit_online_rsa),
    Row("submit, P-256 online, no stock", 60, submit_online_p_256),
)
"""Rows of a desk that has no key ready and makes each while its request waits, on every core."""

AIMS = {RSA: 2.2, P_256: 2.5}
"""How many times the sum of its parts a submission may cost."""

PLACES = 20
"""So many places of the profile are shown."""


def begin(stage: Stage) -> Turn:
    """Start the desks, one with all keys that it needs, and the bare application."""
    stocked = Customer(_stocked(stage), stage.load)
    empty = Customer(stage.desk("empty", pinned=False), stage.load)
    before = stage.earlier("before", pinned=True)
    measured = [
        *((row, row.name, stocked) for row in ROWS),
        *((row, BEFORE, before) for row in ROWS if before is not None and row.name == P_256),
        *((row, row.name, empty) for row in EMPTY),
    ]
    for row, _, customer in measured:
        customer.send(row.prepare(customer, stage.some(WARM_UP)))
    echo = stage.held.enter_context(echo_up())
    parts = Parts(stocked, stage.folder, stage.held, quick=stage.options.quick)
    # Loggers of the desk's modules keep it, and later topics use them: it stays open.
    log = (stage.folder / "own.log").open("w")

    def turn() -> None:
        for row, name, customer in measured:
            stage.measure_desk(row, name, customer)
        stage.measure(FLOOR, echo, submit_rsa(stocked, stage.some(FLOOR_REQUESTS)))
        for name, cost in parts.costs().items():
            stage.found.costs[name].append(cost)
        if len(stage.found.runs[FLOOR]) == stage.options.rounds:
            stage.found.shares = layers.profile(parts.desk, log, stage.some(layers.REQUESTS))

    return turn


def _stocked(stage: Stage) -> MeasuredDesk:
    """Run a desk that has made all keys that are taken from it, and makes no more."""
    rounds = stage.options.rounds
    stock = {
        kind: rounds * max(stage.some(row.requests) for row in ROWS[3:]) + stage.some(WARM_UP)
        for kind in (KeyKind.RSA_2048, KeyKind.P_256)
    }
    folder = stage.folder / "stocked"
    with up(MeasuredDesk(folder, settings_of(stock), pinned=False)) as desk:
        wait_for_stock(desk, stock)
    return stage.desk("stocked")


def parts_of(found: Found, row: Row) -> dict[str, list[float]]:
    """Return what each round found of all that a row needs, the floor first."""
    return {FLOOR: found.cpu(FLOOR), **{name: found.costs[name] for name in row.parts}}


def tables(found: Found) -> Iterator[Table]:
    """Show the rows, their parts, what is beside them, and where the time goes."""
    parts = {row.name: sums(*parts_of(found, row).values()) for row in ROWS if row.parts}
    yield rows_table(found, "Over HTTP, durable", parts)
    yield _parts(found)
    yield _others(found)
    yield _places(found)


def _parts(found: Found) -> Table:
    rows = {row.name: row for row in ROWS if row.parts}
    medians = {
        name: {part: sorted(costs)[len(costs) // 2] for part, costs in parts_of(found, row).items()}
        for name, row in rows.items()
    }
    made = table("CPU of its parts", *rows)
    for part in dict.fromkeys(name for parts in medians.values() for name in parts):
        made.add_row(part, *(micro(parts.get(part)) for parts in medians.values()))
    made.add_row("their sum", *(micro(sum(parts.values())) for parts in medians.values()))
    rest = (found.median(name).cpu - sum(parts.values()) for name, parts in medians.items())
    made.add_row("everything else", *map(micro, rest))
    return made


def _others(found: Found) -> Table:
    used = {part for row in ROWS for part in row.parts}
    made = table("Beside them", "µs of CPU")
    floor = found.median(FLOOR).cpu + found.cost("insert")
    made.add_row(f"floor: {FLOOR} and insert", micro(floor))
    for name in found.costs:
        if name not in used:
            made.add_row(name, micro(found.cost(name)))
    return made


def _places(found: Found) -> Table:
    made = table("Where the CPU time of a submission goes", "share")
    for place, share in list(found.shares.items())[:PLACES]:
        made.add_row(place, f"{share:.1%}")
    made.add_row("all others", f"{sum(list(found.shares.values())[PLACES:]):.1%}")
    return made


def aims(found: Found) -> Iterator[Aim]:
    """Compare submissions with their parts, with each other and with each check."""
    for row in ROWS:
        if row.name in AIMS:
            ratios = over(found.cpu(row.name), sums(*parts_of(found, row).values()))
            yield Aim(f"{row.name}: CPU ÷ its parts", ratios, AIMS[row.name])
    for online, uploaded in ((RSA_ONLINE, RSA), (P_256_ONLINE, P_256)):
        yield Aim(f"{online}: CPU ÷ {uploaded}", over(found.cpu(online), found.cpu(uploaded)), 1.5)
    if found.has(BEFORE):
        ratios = over(found.cpu(P_256), found.cpu(BEFORE))
        yield Aim(f"{P_256}: CPU ÷ before", ratios, MOST_ADDED)
    for check in (name for name in found.costs if name.startswith(PREFIX)):
        share = over(found.costs[check], found.cpu(P_256))
        yield Aim(f"{check}: CPU ÷ {P_256}", share, MOST)


TOPIC = Topic(
    "submission",
    "a submission beside its parts, and the checks that it meets",
    begin,
    tables,
    aims,
)
