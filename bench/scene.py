"""Everything that is measured, up and running, and one turn of each."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench import issuing, renewals, rival
from bench.earlier import earlier_desk
from bench.findings import BEFORE, P_256, Run
from bench.load import Load
from bench.orders import with_orders
from bench.parts import Parts
from bench.rows import FLOOR, MOTO, ROWS, Row, submit_rsa
from bench.servers import Customer, cpu_seconds, echo_up, wait_for_inspection, wait_for_stock
from bench.starting import Starts
from certdesk.domain.values.keys import KeyKind
from tests.running import RunningDesk, running

RESULTS = Path(__file__).parents[1] / "bench-results"
WARM_UP = 20
STOCK = {KeyKind.RSA_2048: 340, KeyKind.RSA_4096: 0, KeyKind.P_256: 360}
"""Keys made before the measurement, enough for all rounds; none are made while it runs."""

NONE = dict.fromkeys(STOCK, 0)

LISTS = {"thousand": 1_000, "million": 1_000_000}
"""Orders of the desks that are asked for lists."""

FLOOR_REQUESTS = 500
MOTO_REQUESTS = 16
STARTS = 3
"""In each round."""


class Scene:
    """Servers, parts and starts; the runs and costs of the turns that were taken."""

    def __init__(
        self,
        folder: Path,
        load: Load,
        held: contextlib.ExitStack,
        *,
        million: bool,
        moto: bool,
        before: str | None,
    ) -> None:
        """Start everything, with files in `folder`; `held` ends it.

        `before` is a commit whose desk answers as well.
        """
        self.runs = defaultdict[str, list[Run]](list)
        self.costs = defaultdict[str, list[float]](list)
        self._load = load
        self._customers = {
            "stocked": Customer(held.enter_context(stocked_desk(folder / "desk")), load),
            "empty": Customer(held.enter_context(desk_without_stock(folder / "empty")), load),
            "thousand": held.enter_context(desk_with_orders(LISTS["thousand"], load)),
        }
        if million:
            self._customers["million"] = held.enter_context(
                desk_with_orders(LISTS["million"], load)
            )
        self._rows = [row for row in ROWS if row.desk in self._customers]
        self._before: Customer | None = None
        if before:
            earlier = earlier_desk(folder / "before", before, stock_of(NONE))
            self._before = Customer(held.enter_context(earlier), load)
        self._echo = held.enter_context(echo_up())
        self._moto = held.enter_context(rival.rival_up(RESULTS / "moto")) if moto else None
        self._warm_up()
        beside = issuing.costs(folder, load) | renewals.costs(folder / "renewals", load)
        for name, cost in beside.items():
            self.costs[name].append(cost)
        self.parts = Parts(self._customers["stocked"], folder, held)
        self._starts = Starts(
            Customer(held.enter_context(desk_without_stock(folder / "starts")), load)
        )

    def take_turns(self) -> None:
        """Measure everything once."""
        for row in self._rows:
            self.runs[row.name].append(run_desk(row, self._customers[row.desk], self._load))
            if row.name == P_256 and self._before is not None:
                self.runs[BEFORE].append(run_desk(row, self._before, self._load))
        requests = submit_rsa(self._customers["stocked"], FLOOR_REQUESTS)
        self.runs[FLOOR].append(run(self._load, *self._echo, requests))
        if self._moto is not None:
            self.runs[MOTO].append(run(self._load, *self._moto, rival.requests(MOTO_REQUESTS)))
        for name, cost in self.parts.costs().items():
            self.costs[name].append(cost)
        for _ in range(STARTS):
            self.costs["first answer"].append(self._starts.first_answer())
            self.costs["imports"].append(self._starts.imports())

    def _warm_up(self) -> None:
        for row in self._rows:
            customer = self._customers[row.desk]
            customer.send(row.prepare(customer, min(WARM_UP, row.requests)))
        if self._moto is not None:
            self._load.run(self._moto[0], rival.requests(1))


def run_desk(row: Row, customer: Customer, load: Load) -> Run:
    """Run a row on its desk; what it still does after the answers is measured apart."""
    desk = customer.desk
    requests = row.prepare(customer, row.requests)
    wait_for_inspection(desk)
    answered = run(load, desk.endpoint, desk.pid, requests)
    before = cpu_seconds(desk.pid)
    wait_for_inspection(desk)
    later = (cpu_seconds(desk.pid) - before) / len(requests)
    return dataclasses.replace(answered, later=later)


def run(load: Load, endpoint: str, process: int, requests: list[bytes]) -> Run:
    """Send requests to a server; measure it until the last answer."""
    before = cpu_seconds(process)
    seconds, _ = load.run(endpoint, requests)
    cpu = cpu_seconds(process) - before
    return Run(seconds / len(requests), cpu / len(requests))


@contextlib.contextmanager
def stocked_desk(folder: Path) -> Iterator[RunningDesk]:
    """Run a desk that has all the keys it needs and makes no more."""
    with running(folder, settings=stock_of(STOCK)) as desk:
        print("Making keys …")
        wait_for_stock(desk, STOCK)
    with desk_without_stock(folder) as desk:
        yield desk


def desk_without_stock(folder: Path) -> contextlib.AbstractContextManager[RunningDesk]:
    """Run a desk that makes each key when it is needed."""
    return running(folder, settings=stock_of(NONE))


@contextlib.contextmanager
def desk_with_orders(count: int, load: Load) -> Iterator[Customer]:
    """Run a desk with so many orders of one account."""
    folder = RESULTS / f"orders-{count}"
    keys = with_orders(folder, count)
    with desk_without_stock(folder) as desk:
        yield Customer(desk, load, keys)


def stock_of(sizes: dict[KeyKind, int]) -> str:
    """Write the settings of a stock, and no rate limit."""
    lines = (f"{kind.name.lower()} = {size}\n" for kind, size in sizes.items())
    return f"[rate]\nlimit = 0\n[keys.stock]\n{''.join(lines)}"
