"""Counts in the database and the key stock, and the state of the desk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from certdesk.domain.operation.census import Census, WaitsFor
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import Record
from certdesk.ports import Clock, Store, Unit


class Gauge(Record):
    """A measurement: its name, an explanation, and a value for each value of its label.

    The label may be empty; then there is one value.
    """

    name: str
    explanation: str
    label: str
    values: Mapping[str, float]


class DeskGauges:
    """Counts in the database and the key stock, read at the time of a scrape."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        stock: Callable[[], Mapping[KeyKind, int]],
        faults: Callable[[], list[str]],
        census: Callable[[], Census],
        going: Callable[[], Mapping[str, bool]],
        answering: Callable[[], Mapping[str, bool]],
    ) -> None:
        """Read these; `going` returns the work that runs, `answering` the resolvers that answer."""
        self._store = store
        self._clock = clock
        self._stock = stock
        self._faults = faults
        self._census = census
        self._going = going
        self._answering = answering

    def measure(self) -> Iterator[Gauge]:
        """Measure; if the database cannot be read, its values are left out."""
        yield _one("certdesk_well", "1 if /healthz answers 200, else 0.", not self._faults())
        yield Gauge(
            "certdesk_keys_ready",
            "Keys in stock, by kind.",
            "kind",
            {kind.name: number for kind, number in self._stock().items()},
        )
        yield Gauge(
            "certdesk_background_work",
            "1 if background work makes progress, else 0.",
            "work",
            self._going(),
        )
        yield Gauge(
            "certdesk_resolver_answers",
            "1 if a resolver answers, else 0.",
            "resolver",
            self._answering(),
        )
        with contextlib.suppress(Exception):
            yield from [*self._store.read(self._kept), *_counted(self._census())]

    def _kept(self, unit: Unit) -> list[Gauge]:
        now, lists = self._clock.now(), unit.revocation_lists.where()
        ages = {each.authority: (now - each.made_at).total_seconds() for each in lists}
        return [Gauge("certdesk_crl_age_seconds", "Time since a CRL was made.", "authority", ages)]


def serving_gauges(states: Mapping[str, float]) -> Iterator[Gauge]:
    """Yield how many serving processes are in which state."""
    yield Gauge("certdesk_serving_processes", "Serving processes, by state.", "state", states)


def _one(name: str, explanation: str, value: float) -> Gauge:
    """Return a gauge with one value; true and false become 1 and 0."""
    return Gauge(name, explanation, "", {"": value})


def _counted(census: Census) -> Iterator[Gauge]:
    """Yield the gauges of a census."""
    yield _one(
        "certdesk_orders_set_aside",
        "Orders whose work failed repeatedly.",
        census.waiting[WaitsFor.OPERATOR],
    )
    yield Gauge(
        "certdesk_orders_waiting",
        "Orders that wait, by what they wait for.",
        "reason",
        {wait.value: number for wait, number in census.waiting.items()},
    )
    yield Gauge(
        "certdesk_work_late_seconds",
        "How long the oldest work has been due without being started, by kind.",
        "work",
        {work: census.late_seconds(work) for work in census.due},
    )
    yield Gauge(
        "certdesk_days_left",
        "Days until the first one of a kind expires.",
        "what",
        {ending: census.days_left(ending) for ending in census.ends},
    )
