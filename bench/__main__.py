"""Measure the hot paths: `make bench`. Not a test: it judges nothing, and takes about two minutes.

A desk and a bare application, each in its own process, answer prepared requests of client
processes; the parts of a submission are measured in this process. All take turns in rounds, and
the medians of the rounds count, so that what else the machine does falls on all alike. Ratios
compare what was measured in one run; the numbers themselves are this machine's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from bench.load import Load, clients_up
from bench.parts import Parts
from bench.report import Findings, Run, save, show
from bench.rows import FLOOR, ROWS, Row, submit_rsa
from bench.servers import Customer, cpu_seconds, echo_up, wait_for_inspection, wait_for_stock
from certdesk.domain.keys import KeyKind
from tests.running import RunningDesk, running

RESULTS = Path(__file__).parents[1] / "bench-results"
ROUNDS = 5
WARM_UP = 20
STOCK = {KeyKind.RSA_2048: 340, KeyKind.RSA_4096: 0, KeyKind.P_256: 360}
"""Keys made before the measurement, enough for all rounds; none are made while it runs."""

FLOOR_REQUESTS = 500


def main() -> int:
    """Measure, show, save; give the exit code."""
    if not Path("/proc/self/schedstat").exists():
        print("The CPU time of a server is read from /proc, which is Linux's alone.")
        return 1
    RESULTS.mkdir(exist_ok=True)
    # Not in /tmp, which may be memory: what is measured has to reach a disk.
    with tempfile.TemporaryDirectory(prefix="data-", dir=RESULTS) as folder, clients_up() as load:
        findings = measure(Path(folder), load)
    show(findings)
    print(f"Written to {save(findings, RESULTS)}.")
    return 0


def measure(folder: Path, load: Load) -> Findings:
    """Take everything in turns; give the runs of each row and the costs of each part."""
    load_before = os.getloadavg()[0]
    runs, costs = defaultdict[str, list[Run]](list), defaultdict[str, list[float]](list)
    with (
        stocked_desk(folder / "desk") as desk,
        echo_up() as (echo_endpoint, echo_process),
        contextlib.ExitStack() as held,
    ):
        customer = Customer(desk, load)
        for row in ROWS:
            customer.send(row.prepare(customer, WARM_UP))
        parts = Parts(customer, folder, held)
        for _ in track(range(ROUNDS), "Measuring"):
            for row in ROWS:
                runs[row.name].append(run_desk(row, customer, load))
            requests = submit_rsa(customer, FLOOR_REQUESTS)
            runs[FLOOR].append(run(load, echo_endpoint, echo_process, requests))
            for name, cost in parts.costs().items():
                costs[name].append(cost)
    return Findings(runs, costs, load_before)


def run_desk(row: Row, customer: Customer, load: Load) -> Run:
    """Run a row on the desk; what it still does after the answers is measured apart."""
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
    with running(folder, settings=stock_of(dict.fromkeys(STOCK, 0))) as desk:
        yield desk


def stock_of(sizes: dict[KeyKind, int]) -> str:
    """Write the settings of a stock."""
    lines = (f"{kind.name.lower()} = {size}\n" for kind, size in sizes.items())
    return f"[keys.stock]\n{''.join(lines)}"


if __name__ == "__main__":
    sys.exit(main())
