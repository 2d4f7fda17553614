"""How much of each quota an account uses, counted in the transactions that change it.

A transaction counts what it adds and removes, and writes the sum at its end in one statement. On
PostgreSQL an account's sums are split over several rows, so that its commits need not wait for each
other. Each row has its share of every quota, so together they never exceed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from certdesk.domain.accounts.quotas import COUNTED, QuotaExceeded
from certdesk.storage.driver import Statement, insert_into
from certdesk.storage.schema import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from certdesk.domain.usage import Counts
    from certdesk.ports import CollectionSpec, Usage
    from certdesk.storage.driver import Driver, Row

PARTS = {"sqlite": 1, "postgresql": 8}
NEARLY = 10
"""A part is nearly full when less than a tenth of it is left."""


class Tally:
    """What a transaction has added and removed since the last count, by account.

    `commit` is the number of the commit that is running on the connection.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._changes: dict[str, dict[str, int]] = {}
        self.commit = 0

    def note(self, spec: CollectionSpec[Any], before: object | None, after: object | None) -> None:
        """Count the change of a record; None stands for no record."""
        measure = spec.measure
        if measure is None:
            return
        if before is not None:
            self._add(before, measure(before), -1)
        if after is not None:
            self._add(after, measure(after), 1)

    def take(self) -> list[tuple[str, dict[str, int]]]:
        """Return what was counted, sorted by account, and start again from zero."""
        if not self._changes:
            return []
        changes, self._changes = self._changes, {}
        return [(uin, changes[uin]) for uin in sorted(changes)]

    def _add(self, record: Any, counts: Counts, sign: int) -> None:  # noqa: ANN401 -- what is measured has a `uin`
        if record.uin:
            changes = self._changes.setdefault(record.uin, {})
            for kind, number in counts.items():
                changes[kind] = changes.get(kind, 0) + sign * number


class UsageStatements:
    """The SQL of the sums, with a statement for each set of kinds that change together."""

    def __init__(self, dialect: str) -> None:
        """Build the statements for `sqlite` or `postgresql`."""
        self.parts = PARTS[dialect]
        self._dialect = dialect
        self._adding: dict[tuple[str, ...], Statement] = {}
        sums = [sa.func.coalesce(sa.func.sum(USAGE.c[kind]), 0) for kind in COUNTED]
        self.sums = Statement(
            sa.select(*sums).where(USAGE.c.uin == sa.bindparam("its_uin", type_=USAGE.c.uin.type)),
        )

    def adding(self, kinds: tuple[str, ...]) -> Statement:
        """Return the statement that adds to these sums of a part and returns the new sums."""
        if kinds not in self._adding:
            columns = [USAGE.c[kind] for kind in kinds]
            adding = insert_into(USAGE, self._dialect)
            self._adding[kinds] = Statement(
                adding.on_conflict_do_update(
                    index_elements=[USAGE.c.uin, USAGE.c.part],
                    set_={kind: USAGE.c[kind] + adding.excluded[kind] for kind in kinds},
                ).returning(*columns),
                sets=("uin", "part", *kinds),
            )
        return self._adding[kinds]

    def from_part(self, first: int) -> Iterable[int]:
        """Return all parts, the connection's own first."""
        return [(first + turn) % self.parts for turn in range(self.parts)]


class SqlUsage:
    """A `ports.Usage` on a connection that is in a transaction."""

    def __init__(self, statements: UsageStatements, driver: Driver) -> None:
        """Write what is counted in `tally`."""
        self.tally = Tally()
        self._sql = statements
        self._driver = driver

    def of(self, uin: str) -> dict[str, int]:
        """Return how much an account uses, as of the last count."""
        sums = self._sql.sums.one(self._driver, {"its_uin": uin})
        return dict(zip(COUNTED, map(int, sums), strict=True))

    def count_changes(self, limits: Mapping[str, int]) -> None:
        """Write what the transaction has added so far, within limits."""
        for uin, noted in self.tally.take():
            changes = {kind: number for kind, number in sorted(noted.items()) if number}
            if changes:
                self._add_within(uin, changes, limits)

    def begin_group(self) -> None:
        """Begin a transaction of several commits."""

    def begin(self) -> None:
        """Begin a commit; what one before it counted and could not write is dropped."""
        self.tally.take()
        self.tally.commit += 1

    def drop(self) -> None:
        """Drop what the transaction has added, since it is rolled back."""
        self.tally.take()

    def write(self) -> None:
        """Do nothing: what is counted is already written."""

    def _add_within(self, uin: str, changes: Mapping[str, int], limits: Mapping[str, int]) -> None:
        for part in self._sql.from_part(self._driver.part):
            sums = self._add(uin, part, changes)
            full = self._full(uin, changes, sums, limits, part)
            if full is None:
                return
            self._add(uin, part, {kind: -number for kind, number in changes.items()})
        assert full is not None  # noqa: S101 -- there is one part at least
        raise QuotaExceeded(full, limits[full])

    def _add(self, uin: str, part: int, changes: Mapping[str, int]) -> Row:
        values = {"uin": uin, "part": part, **changes}
        return self._sql.adding(tuple(changes)).one(self._driver, values)

    def _full(
        self,
        uin: str,
        changes: Mapping[str, int],
        sums: Row,
        limits: Mapping[str, int],
        part: int,
    ) -> str | None:
        """Return which of the added kinds now exceed a part's share.

        Some changes are added to any part without limits. So if a part is nearly full, all parts
        are read, and the account's commits wait for each other.
        """
        for (kind, number), there_is in zip(changes.items(), sums, strict=True):
            if number > 0 and kind in limits:
                share = self._share(limits[kind], part)
                nearly = there_is >= share - share // NEARLY
                if there_is > share or (nearly and self.of(uin)[kind] > limits[kind]):
                    return kind
        return None

    def _share(self, most: int, part: int) -> int:
        """Return a part's share of a quota; all shares add up to the quota."""
        return most // self._sql.parts + (part < most % self._sql.parts)


_VERSION = Statement(sa.text("PRAGMA data_version"), reads=[sa.column("version", sa.Integer)])
"""A number that changes when another connection has changed the database."""


class EmbeddedUsage(SqlUsage):
    """A `ports.Usage` on a connection to SQLite: it keeps the sums and writes them once.

    One connection writes at a time, and its commits share a transaction, in which each can be
    undone separately. The sums are read again when another process has written meanwhile.
    """

    def __init__(self, statements: UsageStatements, driver: Driver) -> None:
        """Begin empty; sums are read when first needed."""
        super().__init__(statements, driver)
        self._sums: dict[str, dict[str, int]] = {}
        self._counted: dict[str, dict[str, int]] = {}
        self._of_commit: dict[str, dict[str, int]] = {}
        self._version: object = None

    def begin_group(self) -> None:
        """Forget the sums if another connection has written since the last group."""
        (version,) = _VERSION.one(self._driver, {})
        if version != self._version:
            self._sums.clear()
        self._version = version

    def of(self, uin: str) -> dict[str, int]:
        """Return how much an account uses, as of the last count."""
        if uin not in self._sums:
            self._sums[uin] = super().of(uin)
        sums = self._sums[uin].copy()
        for changes in (self._counted, self._of_commit):
            _add_up(sums, changes.get(uin, {}))
        return sums

    def count_changes(self, limits: Mapping[str, int]) -> None:
        """Count what the commit has added so far, within limits."""
        for uin, changes in self.tally.take():
            _add_up(self._of_commit.setdefault(uin, {}), changes)
            refuse_excess(self, uin, changes, limits)

    def begin(self) -> None:
        """Begin a commit, and keep what the last one has counted."""
        self.tally.commit += 1
        for uin, changes in self._of_commit.items():
            _add_up(self._counted.setdefault(uin, {}), changes)
        self._of_commit = {}

    def drop(self) -> None:
        """Drop what the current commit has counted."""
        super().drop()
        self._of_commit = {}

    def write(self) -> None:
        """Write all sums that have changed."""
        self.begin()
        for uin, counted in self._counted.items():
            changes = {kind: number for kind, number in sorted(counted.items()) if number}
            if changes:
                self._add(uin, 0, changes)
            if uin in self._sums:
                _add_up(self._sums[uin], changes)
        self._counted = {}


def refuse_excess(usage: Usage, uin: str, changes: Counts, limits: Mapping[str, int]) -> None:
    """Refuse the changes if an account now exceeds a limit that they added to."""
    grown = [kind for kind, number in changes.items() if number > 0 and kind in limits]
    sums = usage.of(uin) if grown else {}
    for kind in grown:
        if sums[kind] > limits[kind]:
            raise QuotaExceeded(kind, limits[kind])


def _add_up(sums: dict[str, int], changes: Mapping[str, int]) -> None:
    for kind, number in changes.items():
        sums[kind] = sums.get(kind, 0) + number
