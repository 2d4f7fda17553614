"""What a topic found: the runs of its rows, the costs of parts, and what they are compared with."""

from __future__ import annotations

import dataclasses
import statistics
from collections import defaultdict
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Run:
    """Seconds a request, and how busy the machine was with other things.

    `clock` is time on the clock; `cpu` the server's until the answers, `later` its own afterwards,
    `database` that of its PostgreSQL server and `clients` that of the client. `wait` is the median
    of the seconds until an answer. `others` are the cores that other programs had meanwhile.
    """

    clock: float
    cpu: float
    later: float = 0.0
    database: float = 0.0
    clients: float = 0.0
    wait: float = 0.0
    others: float = 0.0

    @property
    def together(self) -> float:
        """The CPU of the server and its database."""
        return self.cpu + self.database


@dataclasses.dataclass(frozen=True)
class Aim:
    """A ratio, as each round found it, and what it is to be: at most `bound`, or at least."""

    text: str
    found: Sequence[float]
    bound: float
    at_least: bool = False

    @property
    def middle(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.found)

    @property
    def reached(self) -> bool:
        """Whether the median is so."""
        return self.middle >= self.bound if self.at_least else self.middle <= self.bound


class Found:
    """All runs of each row and all costs of each part, in the order of the rounds.

    `notes` say what was left out, and why. `shares` are those of the places where a submission's
    CPU time goes. `others` are the cores that other programs had in each turn.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.runs = defaultdict[str, list[Run]](list)
        self.costs = defaultdict[str, list[float]](list)
        self.notes: list[str] = []
        self.shares: dict[str, float] = {}
        self.others: list[float] = []

    def has(self, *names: str) -> bool:
        """Whether all of these rows and costs were measured."""
        return all(self.runs.get(name) or self.costs.get(name) for name in names)

    def median(self, row: str) -> Run:
        """Return the median of a row, each number for itself."""
        values = zip(*map(dataclasses.astuple, self.runs[row]), strict=True)
        return Run(*map(statistics.median, values))

    def cost(self, name: str) -> float:
        """Return the median of a part."""
        return statistics.median(self.costs[name])

    def cpu(self, row: str) -> list[float]:
        """Return the CPU of each round, that of the database server included."""
        return [run.together for run in self.runs[row]]

    def clock(self, row: str) -> list[float]:
        """Return the seconds a request of each round."""
        return [run.clock for run in self.runs[row]]


def over(values: Sequence[float], others: Sequence[float]) -> list[float]:
    """Divide what each round found by what it found of another thing."""
    return [value / other for value, other in zip(values, others, strict=True)]


def sums(*lists: Sequence[float]) -> list[float]:
    """Add what each round found of several things."""
    return [sum(values) for values in zip(*lists, strict=True)]
