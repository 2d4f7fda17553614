"""The monitoring of the desk, and its metrics."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol

from certdesk.bootstrap.database import Database
from certdesk.bootstrap.server_certificate import ServerCertificate
from certdesk.catalog import Catalog
from certdesk.domain.values.record import Record
from certdesk.engine import Desk
from certdesk.metrics.counters import Metrics
from certdesk.metrics.gauges import DeskGauges, serving_gauges
from certdesk.settings import Settings
from certdesk.validation.resolver import Resolver
from certdesk.validation.resolver_watch import AnsweringResolvers
from certdesk.workflow.census import CensusTaker
from certdesk.workflow.checkup import Background, Running, standing_still
from certdesk.workflow.probe import Probe
from certdesk.workflow.stock import KeyStock
from certdesk.workflow.watching import Watching


class BackgroundWork(Background, Protocol):
    """Work that runs from `start` until `stop`."""

    def start(self) -> None:
        """Start to work."""
        ...

    def stop(self) -> None:
        """Finish the current work, and start no more."""
        ...


class Watched(Record, kw_only=True, gc=True):
    """The monitoring of a desk."""

    probe: Probe
    watching: Watching

    def lines(self) -> list[str]:
        """Return what is wrong now, in plain words, without waiting."""
        return [*self.probe.faults(), *self.watching.notes()]


def figures(actions: Catalog) -> Metrics:
    """Return the metrics of all actions of the API."""
    public = [action for action in actions if not action.internal]
    return Metrics({each.name: [error.code for error in each.errors] for each in public})


def watch(
    settings: Settings,
    desk: Desk,
    database: Database,
    *,
    resolver: Resolver,
    metrics: Metrics,
    stock: KeyStock,
    running: Running,
) -> Watched:
    """Return the monitoring of the desk, which is background work too, and measure it."""
    own, pki = ServerCertificate(settings, desk.clock), desk.issuers.pki
    census = CensusTaker(desk.store, pki, desk.clock.now, own.end)
    resolvers = AnsweringResolvers(resolver)
    named = names_resolvers(settings)
    watching = Watching(census, resolvers, named=named, further=own.faults)

    def faults() -> list[str]:
        found = [
            *(pki.faults() if pki else ()),
            *standing_still(running.background).values(),
            *watching.faults(),
            *(line for folder in database.folders for line in folder.faults()),
            *no_more_files(),
        ]
        running.serving.knows(found)
        return [*found, *running.serving.faults()]

    store, clock, admission = desk.store, desk.clock, database.admission
    probe = Probe(store, clock, admission, further=faults, wrote=metrics.wrote)

    def going() -> dict[str, bool]:
        still = standing_still(running.background)
        return {name: name not in still for name in running.background}

    metrics.measure(
        DeskGauges(
            store,
            clock,
            stock=stock.ready,
            faults=probe.faults,
            census=census.take,
            going=going,
            answering=resolvers.answering,
        ).measure
    )
    metrics.measure(lambda: serving_gauges(running.serving.states()))
    return Watched(probe=probe, watching=watching)


def no_more_files() -> Iterator[str]:
    """Yield a fault if the process can open neither a file nor a connection."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        yield f"no file or connection can be opened: {error.strerror}"


def names_resolvers(settings: Settings) -> bool:
    """Return whether the operator has named resolvers."""
    return settings.dns_resolvers != Settings().dns_resolvers
