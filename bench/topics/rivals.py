"""Other programs that issue certificates, beside the desk: finished certificates a second.

Each by its own protocol: the desk by its API, Pebble and Caddy's ACME server (which is step-ca's
code) by one ACME client, moto by ACM's `RequestCertificate`, after which nothing is waited for.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from rich.table import Table

from bench.due import settings_for
from bench.finishing import SESSIONS, Finished, by_acme, by_api, finishing_process
from bench.found import Aim, Found, Run, over
from bench.machine import asking, busy_seconds, cpu_seconds
from bench.names import Names, names_up
from bench.requests import Row, submit_p_256, submit_rsa
from bench.rival_servers import (
    CADDY_HTTP_PORT,
    caddy_up,
    has,
    may_answer_caddy,
    moto_requests,
    moto_up,
    pebble_up,
)
from bench.servers import Customer, Server
from bench.stage import Stage, Topic, Turn
from bench.tables import rows_table, table
from tests.ports import free_port

DESK, PEBBLE, CADDY, MOTO = "certdesk", "Pebble", "Caddy", "moto"
EACH = 25
"""Certificates of a session in a round."""

MOTO_REQUESTS = 16
SOONER = "proof.interval = 1\n"
"""The desk checks a name as soon as its order is submitted. The client may publish the proof after
that; then the next check comes this much later, in seconds."""

LEAST_OVER_MOTO = 100
"""How many times its requests a second a desk is to take submissions, each to a durable order."""

ROWS = (
    Row("certdesk, submit, RSA CSR", 100, submit_rsa),
    Row("certdesk, submit, P-256 CSR", 100, submit_p_256),
)
KEPT = (
    ("an order, when it is answered", "synced", "memory", "synced", "memory"),
    ("control of the name", "synced, with what was seen", "memory", "synced", "none asked for"),
    ("a certificate, when it is shown", "synced", "memory", "synced", "memory"),
    ("who did what (audit)", "synced", "no", "no", "no"),
    ("the CA's key", "sealed in the database", "new at each start", "in a file", "no CA"),
    ("how control was proved here", "TXT by DNS", "HTTP-01", "HTTP-01", "not"),
    ("CAA asked for", "yes", "no", "no", "no"),
)
"""What each keeps, in the order of the table's columns; the last two are how it is measured."""

Finish = Callable[[], Finished]


def begin(stage: Stage) -> Turn:
    """Start the desk and the others that are installed, each on a server's core."""
    process = stage.held.enter_context(finishing_process())
    names = stage.held.enter_context(names_up())
    customer = Customer(stage.desk("desk", SOONER + settings_for(names)), stage.load)
    rivals: dict[str, tuple[Server, Finish]] = {
        DESK: _desk(stage, process, names, customer),
        **_acme(stage, process),
    }
    moto = stage.held.enter_context(moto_up(stage.results / "moto")) if stage.options.moto else None
    for _, finish in rivals.values():
        finish()

    def turn() -> None:
        for name, (server, finish) in rivals.items():
            stage.found.runs[name].append(_measured(server, finish, names))
        if moto is not None:
            for row in ROWS:
                stage.measure_desk(row, row.name, customer)
            stage.measure(MOTO, moto, moto_requests(stage.some(MOTO_REQUESTS)))

    return turn


def _each(stage: Stage) -> int:
    return 1 if stage.options.quick else EACH


def _desk(
    stage: Stage, process: ProcessPoolExecutor, names: Names, customer: Customer
) -> tuple[Server, Finish]:
    desk, each, numbers = customer.desk, _each(stage), itertools.count(0, EACH * SESSIONS)

    def finish() -> Finished:
        place = (desk.endpoint, customer.keys, names, each, next(numbers), asking())
        return process.submit(by_api, *place).result()

    return desk.server, finish


def _acme(stage: Stage, process: ProcessPoolExecutor) -> dict[str, tuple[Server, Finish]]:
    started, each = {}, _each(stage)
    if has("pebble"):
        port = free_port()
        started[PEBBLE] = (port, pebble_up(stage.folder / "pebble", port))
    else:
        stage.note("Pebble is not installed (Debian package pebble)")
    if not has("caddy"):
        stage.note("Caddy is not installed (Debian package caddy)")
    elif not may_answer_caddy():
        stage.note(
            f"Caddy fetches proofs from port {CADDY_HTTP_PORT}, where this run may not listen"
        )
    else:
        started[CADDY] = (CADDY_HTTP_PORT, caddy_up(stage.folder / "caddy"))
    rivals: dict[str, tuple[Server, Finish]] = {}
    for name, (port, program) in started.items():
        directory, server = stage.held.enter_context(program)

        def finish(directory: str = directory, port: int = port) -> Finished:
            return process.submit(by_acme, directory, port, each, asking()).result()

        rivals[name] = (server, finish)
    return rivals


def _measured(server: Server, finish: Finish, names: Names) -> Run:
    """Finish certificates; return what each took."""
    before = _spent(server, names)
    finished = finish()
    clock, busy, ours, cpu, dns = (
        after - earlier for after, earlier in zip(_spent(server, names), before, strict=True)
    )
    number = len(finished.waits)
    return Run(
        clock=finished.seconds / number,
        cpu=cpu / number,
        clients=(finished.cpu + dns) / number,
        wait=statistics.median(finished.waits),
        others=max(0.0, busy - ours) / clock,
    )


def _spent(server: Server, names: Names) -> tuple[float, ...]:
    ours = cpu_seconds(os.getpid())
    return (
        time.monotonic(),
        busy_seconds(),
        ours,
        cpu_seconds(server.of.pid),
        cpu_seconds(names.pid),
    )


def tables(found: Found) -> Iterator[Table]:
    """Show the rates, and what each keeps."""
    yield rows_table(found, "Finished certificates")
    made = table("Kept", DESK, PEBBLE, CADDY, MOTO, words=True)
    for row in KEPT:
        made.add_row(*row)
    yield made


def aims(found: Found) -> Iterator[Aim]:
    """Compare submissions with requests to moto, which keeps nothing."""
    for row in ROWS:
        if found.has(row.name):
            gain = over(found.clock(MOTO), found.clock(row.name))
            yield Aim(f"{row.name}: per s ÷ {MOTO}", gain, LEAST_OVER_MOTO, at_least=True)


TOPIC = Topic(
    "rivals",
    "finished certificates a second, beside moto, Pebble and Caddy",
    begin,
    tables,
    aims,
)
