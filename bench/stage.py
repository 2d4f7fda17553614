"""What every topic works with: a folder, the client, sizes, and a place for what it finds."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from rich.table import Table

from bench.databases import Database, cluster_up, has_postgresql, new_database
from bench.earlier import source_of
from bench.found import Aim, Found, Run
from bench.load import CONNECTIONS, Load
from bench.machine import ALL, asking, busy_seconds, cpu_seconds
from bench.requests import Row
from bench.servers import (
    WORKERS,
    Customer,
    MeasuredDesk,
    Server,
    has_workers,
    settings_of,
    up,
    wait_for_inspection,
)
from tests.postgres import Cluster

Turn: TypeAlias = Callable[[], None]
"""A function that measures everything of a topic once."""

SMALLER = 100
"""By which quick runs divide the numbers of requests."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How much is measured: `before` is the commit that today's desk is compared with."""

    rounds: int
    quick: bool
    million: bool
    moto: bool
    before: str | None


@dataclasses.dataclass(frozen=True)
class Topic:
    """A few things that are compared with each other, in turns, and what is aimed at.

    `begin` starts what is measured. A topic that is not `repeated` takes one turn.
    """

    name: str
    about: str
    begin: Callable[[Stage], Turn]
    tables: Callable[[Found], Iterator[Table]]
    aims: Callable[[Found], Iterator[Aim]]
    repeated: bool = True


class Stage:
    """Servers of one topic, which end with it, and what was found."""

    def __init__(
        self,
        results: Path,
        folder: Path,
        load: Load,
        options: Options,
        held: contextlib.ExitStack,
    ) -> None:
        """Keep in `results` what later runs need, and all else in `folder`; `held` ends things."""
        self.results = results
        self.folder = folder
        self.load = load
        self.options = options
        self.held = held
        self.found = Found()
        self._cluster: Cluster | None = None

    def some(self, count: int) -> int:
        """Return a number of requests or orders, or a small one for a quick run."""
        return max(2, count // SMALLER) if self.options.quick else count

    def note(self, what: str) -> None:
        """Keep something to tell beside the figures, as what was left out."""
        self.found.notes.append(what)

    def measure(
        self, name: str, server: Server, requests: list[bytes], connections: int = CONNECTIONS
    ) -> None:
        """Send requests, and add what they took to a row's runs."""
        self.found.runs[name].append(run(self.load, server, requests, connections))

    def measure_desk(
        self, row: Row, name: str, customer: Customer, connections: int = CONNECTIONS
    ) -> None:
        """Run a row on a desk; what it still does after the answers is measured apart."""
        desk = customer.desk
        requests = row.prepare(customer, self.some(row.requests))
        wait_for_inspection(desk)
        answered = run(self.load, desk.server, requests, connections)
        before = cpu_seconds(desk.pid)
        wait_for_inspection(desk)
        later = (cpu_seconds(desk.pid) - before) / len(requests)
        self.found.runs[name].append(dataclasses.replace(answered, later=later))

    def desk(
        self,
        name: str,
        settings: str | None = None,
        *,
        processes: int = 1,
        pinned: bool = True,
        database: Database | None = None,
    ) -> MeasuredDesk:
        """Run a desk, until the topic ends."""
        return self.held.enter_context(
            up(
                MeasuredDesk(
                    self.folder / name,
                    settings_of() if settings is None else settings,
                    processes=processes,
                    pinned=pinned,
                    database=database,
                )
            )
        )

    def earlier(self, name: str, *, pinned: bool) -> Customer | None:
        """Run the desk of the commit of `before`, if there is one, with an account."""
        commit = self.options.before
        code = commit and source_of(commit, self.folder / f"{name}-source")
        if not commit or not code:
            if commit:
                self.note(f"there is no commit {commit} to compare with")
            return None
        self.note(f"before is the desk of commit {commit}")
        # The setting keeps `RunningDesk` from those that an earlier desk does not know.
        settings = f"http.threads = 4\n{settings_of()}"
        desk = MeasuredDesk(self.folder / name, settings, pinned=pinned, code=code)
        return Customer(self.held.enter_context(up(desk)), self.load)

    def database(self, name: str) -> Database | None:
        """Make an empty database on the PostgreSQL server, if there is one."""
        cluster = self.cluster()
        return None if cluster is None else new_database(cluster, name)

    def cluster(self) -> Cluster | None:
        """Run the PostgreSQL server, until the topic ends, if it is installed."""
        if self._cluster is None and has_postgresql():
            folder = self.results / "postgresql"
            self._cluster = self.held.enter_context(cluster_up(folder))
        return self._cluster

    def workers(self) -> int:
        """Return how many serving processes a desk may have here."""
        return WORKERS if has_workers() else 1


def run(load: Load, server: Server, requests: list[bytes], connections: int = CONNECTIONS) -> Run:
    """Send requests to a server; measure everybody until the last answer."""
    cores = asking(server.processes) if server.pinned else ALL
    before = _spent(server)
    sent = load.run(server.of.endpoint, requests, connections=connections, cores=cores)
    spent = [after - earlier for after, earlier in zip(_spent(server), before, strict=True)]
    clock, busy, ours, cpu, database = spent
    return Run(
        clock=sent.seconds / len(requests),
        cpu=cpu / len(requests),
        database=database / len(requests),
        clients=sent.cpu / len(requests),
        wait=statistics.median(sent.waits),
        others=max(0.0, busy - ours - database) / clock,
    )


def _spent(server: Server) -> tuple[float, ...]:
    """Return seconds so far: clock, the machine's, all ours, the server's, its database's."""
    database = 0.0 if server.database is None else cpu_seconds(server.database)
    ours = cpu_seconds(os.getpid())
    return time.monotonic(), busy_seconds(), ours, cpu_seconds(server.of.pid), database
