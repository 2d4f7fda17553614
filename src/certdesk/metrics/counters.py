"""Counters of requests and of background work, and how long things took."""

from __future__ import annotations

import bisect
import itertools
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from certdesk.domain.errors import ServiceError
from certdesk.domain.operation.figures import Counted
from certdesk.metrics.gauges import Gauge

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
OK = "ok"
OTHER = "other"
"""Replaces names that clients make up, of which there may be any number."""

OF_ANY_ACTION = tuple(
    code for code in ServiceError.known if code.startswith("Auth") or "." not in code
)
"""The error codes that no action declares."""


class Timings:
    """How often something took up to each of some numbers of seconds, and how long together."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """Count nothing yet; the last count, up to infinity, is added."""
        self.bounds = (*bounds, math.inf)
        self.counts = [0] * len(self.bounds)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one, under the first bound that is not lower."""
        self.counts[bisect.bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds


class Metrics:
    """Implements `ports.Counts`, and measures when it is scraped.

    Every series that can be named in advance starts at 0: Prometheus does not count a counter that
    first appears with a 1 as an increase.

    `requests` are by action and code, `seconds` by action, and the others by the values of their
    labels; hold `lock` to read them.
    """

    def __init__(self, actions: Mapping[str, Iterable[str]]) -> None:
        """Count requests of `actions` by name, each with the codes that it declares.

        Requests for any other name are counted together.
        """
        self.lock = threading.Lock()
        self._actions = frozenset(actions)
        self.requests = {
            (action, code): 0
            for action, codes in {**actions, OTHER: ()}.items()
            for code in dict.fromkeys((OK, OTHER, *OF_ANY_ACTION, *codes))
        }
        self.seconds = {action: Timings(REQUEST_SECONDS) for action in (*actions, OTHER)}
        self.counts = {
            counted: dict.fromkeys(itertools.product(*counted.labels.values()), 0)
            for counted in Counted
        }
        self.writes = Timings(WRITE_SECONDS)
        self._measured: list[Callable[[], Iterable[Gauge]]] = []

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API; see `ports.Counts`."""
        named = action if action in self._actions else OTHER
        known = code if code == OK or code in ServiceError.known else OTHER
        with self.lock:
            self.requests[named, known] = self.requests.get((named, known), 0) + 1
            self.seconds[named].add(seconds)

    def count(self, counted: Counted, **labels: str) -> None:
        """Count something; see `ports.Counts`."""
        values = tuple(labels[name] for name in counted.labels)
        with self.lock:
            self.counts[counted][values] = self.counts[counted].get(values, 0) + 1

    def wrote(self, seconds: float) -> None:
        """Record how long the probe's write took."""
        with self.lock:
            self.writes.add(seconds)

    def measure(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        """Add what is measured at the time of a scrape to the page."""
        self._measured.append(gauges)

    def page(self) -> bytes:
        """Return the page in Prometheus's text format, `CONTENT_TYPE`."""
        # Imported for the first scrape: a start need not wait for it.
        from certdesk.metrics import prometheus  # noqa: PLC0415 - see above

        gauges = [gauge for measure in self._measured for gauge in measure()]
        with self.lock:
            return prometheus.page([*prometheus.counted(self), *map(prometheus.measured, gauges)])
