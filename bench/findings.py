"""What was found: the runs of rows, the costs of parts, their medians, and what they amount to."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Mapping

from bench.checks import MOST, PREFIX
from bench.issuing import ALONE, BESIDE
from bench.renewals import RENEWING, WITHOUT
from bench.rows import FLOOR, MOTO, ROWS, Row

RSA, P_256 = "submit, RSA CSR", "submit, P-256 CSR"
BEFORE = "submit, P-256 CSR, before"
"""The row of the commit that `--before` names."""

MOST_LOAD = 0.5
MOST_ADDED = 1.08
PAIRS = {
    "submit, RSA online": RSA,
    "submit, P-256 online": P_256,
}


@dataclasses.dataclass(frozen=True)
class Run:
    """Seconds a request: on the clock, of the server's CPU until the answer, and of it later."""

    clock: float
    cpu: float
    later: float = 0.0


@dataclasses.dataclass(frozen=True)
class Aim:
    """A ratio of two things, and what it is to be: at most `bound`, or at least."""

    text: str
    found: float
    bound: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is so."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound


@dataclasses.dataclass(frozen=True)
class Findings:
    """All runs of each row, all costs of each part, and what else the machine did at the start.

    `shares` are those of the places where a submission's CPU time goes.
    """

    runs: Mapping[str, list[Run]]
    costs: Mapping[str, list[float]]
    shares: Mapping[str, float]
    load_before: float

    @property
    def busy(self) -> bool:
        """Whether other things ran before, so that numbers are not to be compared with others."""
        return self.load_before > MOST_LOAD

    @property
    def rows(self) -> list[Row]:
        """The rows that were measured."""
        return [row for row in ROWS if row.name in self.runs]

    @property
    def names(self) -> list[str]:
        """Everything that was measured over HTTP, the floor first and others last."""
        rows = [FLOOR, *(row.name for row in self.rows)]
        return [*rows, *(name for name in (BEFORE, MOTO) if name in self.runs)]

    def median(self, row: str) -> Run:
        """Give the median of a row, each number for itself."""
        values = zip(*map(dataclasses.astuple, self.runs[row]), strict=True)
        return Run(*map(statistics.median, values))

    def part(self, name: str) -> float:
        """Give the median of a part; the floor is one, too."""
        return self.median(name).cpu if name == FLOOR else statistics.median(self.costs[name])

    def parts(self, row: Row) -> dict[str, float]:
        """Give all that a row needs, the floor first."""
        return {name: self.part(name) for name in (FLOOR, *row.parts)}

    @property
    def floor(self) -> float:
        """What any durable request costs: the bare application and the plain insert."""
        return self.part(FLOOR) + self.part("insert")

    def aims(self) -> Iterator[Aim]:
        """Compare what was found with what is aimed at."""
        for row in self.rows:
            if row.name in (RSA, P_256):
                ratio = self.median(row.name).cpu / sum(self.parts(row).values())
                yield Aim(f"{row.name}: CPU against the sum of its parts", ratio, 2)
        if MOTO in self.runs:
            for name in (RSA, P_256):
                ratio = self.median(MOTO).clock / self.median(name).clock
                yield Aim(f"{name}: requests a second against {MOTO}", ratio, 100, at_least=True)
        for online, uploaded in PAIRS.items():
            yield Aim(f"{online}: CPU against {uploaded}", self._cpu(online, uploaded), 1.5)
        for what in ("list", "search"):
            million, thousand = f"{what}, 1,000,000 orders", f"{what}, 1,000 orders"
            if million in self.runs:
                yield Aim(f"{million}: CPU against 1,000", self._cpu(million, thousand), 1.5)
        yield from self._checks()
        yield from self._times()

    def _checks(self) -> Iterator[Aim]:
        if BEFORE in self.runs:
            yield Aim(f"{P_256}: CPU against {BEFORE}", self._cpu(P_256, BEFORE), MOST_ADDED)
        for check in (name for name in self.costs if name.startswith(PREFIX)):
            share = self.part(check) / self.median(P_256).cpu
            yield Aim(f"{check}: share of {P_256}", share, MOST)

    def _times(self) -> Iterator[Aim]:
        pairs = {
            (BESIDE, ALONE): (f"{BESIDE}: time against {ALONE}", 2),
            (RENEWING, WITHOUT): (f"{RENEWING}: time against {WITHOUT}", 2),
            ("first answer", "imports"): ("start to first answer: time against the imports", 1.5),
        }
        for (name, other), (text, bound) in pairs.items():
            if name in self.costs:
                yield Aim(text, self.part(name) / self.part(other), bound)

    def _cpu(self, name: str, other: str) -> float:
        return self.median(name).cpu / self.median(other).cpu
