"""The unit that holds every collection, and the one that opens it on a database connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from certdesk.storage import schema
from certdesk.storage.audit import SqlAudit
from certdesk.storage.collections import SqlCollection, Statements
from certdesk.storage.counted import Counted, CountedAudit
from certdesk.storage.orders import OrderStatements, SqlOrders
from certdesk.storage.usage import EmbeddedUsage, SqlUsage, Tally, UsageStatements

if TYPE_CHECKING:
    from typing import Protocol

    from sqlalchemy import Connection

    from certdesk.ports import AuditLog, Collection, Orders, Record, Usage
    from certdesk.storage.driver import Driver
    from certdesk.storage.schema import Kept

    class OpenUsage(Usage, Protocol):
        """`ports.Usage`, and what a store needs that has several commits in a transaction."""

        def begin(self) -> None:
            """Begin the next commit: what was settled before it stays whatever becomes of it."""
            ...

        def drop(self) -> None:
            """Count nothing of the commit at hand, which is undone."""
            ...

        def write(self) -> None:
            """Write what was settled, before the transaction ends."""
            ...

    class Opener(Protocol):
        """Opens a collection in the transaction at hand."""

        def __call__(self, kept: Kept[Record], /) -> Collection[Record]:
            """Give the collection that was declared as `kept`."""
            ...


class OpenUnit:
    """A transaction's view of every collection; satisfies `ports.Unit` over any kind of store."""

    def __init__(
        self, opened: Opener, orders: Orders, audit: AuditLog, usage: OpenUsage, tally: Tally
    ) -> None:
        """Open every collection but those that are lists as well, which are given.

        What records count for is noted in `tally`; `orders` do so themselves.
        """
        opened = _counting(opened, tally)
        self.accounts = opened(schema.ACCOUNTS)
        self.access_keys = opened(schema.ACCESS_KEYS)
        self.orders = orders
        self.submissions = opened(schema.SUBMISSIONS)
        self.companies = opened(schema.COMPANIES)
        self.managers = opened(schema.MANAGERS)
        self.key_stock = opened(schema.KEY_STOCK)
        self.blocked_keys = opened(schema.BLOCKED_KEYS)
        self.denied_keys = opened(schema.DENIED_KEYS)
        self.audit = CountedAudit(schema.AUDIT, audit, tally)
        self.marks = opened(schema.MARKS)
        self.users = opened(schema.USERS)
        self.policies = opened(schema.POLICIES)
        self.projects = opened(schema.PROJECTS)
        self.seen_signatures = opened(schema.SEEN_SIGNATURES)
        self.pace_limits = opened(schema.PACE_LIMITS)
        self.proofs = opened(schema.PROOFS)
        self.evidence = opened(schema.EVIDENCE)
        self.issuances = opened(schema.ISSUANCES)
        self.certificates = opened(schema.CERTIFICATES)
        self.reviews = opened(schema.REVIEWS)
        self.sights = opened(schema.SIGHTS)
        self.letters = opened(schema.LETTERS)
        self.authorities = opened(schema.AUTHORITIES)
        self.revocation_lists = opened(schema.REVOCATION_LISTS)
        self.revoked_certificates = opened(schema.REVOKED_CERTIFICATES)
        self.renewals = opened(schema.RENEWALS)
        self.zones = opened(schema.ZONES)
        self.look_paces = opened(schema.LOOK_PACES)
        self.tasks = opened(schema.TASKS)
        self.usage = usage


def _counting(opened: Opener, tally: Tally) -> Opener:
    """Have the records counted that are."""

    def opened_counting(kept: Kept[Record], /) -> Collection[Record]:
        inner = opened(kept)
        return inner if kept.measure is None else Counted(kept, inner, tally)

    return opened_counting


class Sql:
    """Units on connections of one dialect, sharing their statements."""

    def __init__(self, dialect: str) -> None:
        """Build every statement for `sqlite` or `postgresql`."""
        self._statements = {kept.name: Statements(kept, dialect) for kept in schema.COLLECTIONS}
        self._orders = OrderStatements(dialect)
        self._audit = Statements(schema.AUDIT, dialect)
        self._usage = UsageStatements(dialect)
        self._embedded = dialect == "sqlite"

    def unit(self, connection: Connection, driver: Driver, *, writable: bool) -> OpenUnit:
        """Open every collection on a connection; the caller begins and ends transactions."""

        def opened(kept: Kept[Record], /) -> Collection[Record]:
            # The dictionary cannot say that a name's statements are of that name's record.
            statements = cast("Statements[Record]", self._statements[kept.name])
            return SqlCollection(statements, connection, driver, writable=writable)

        tally = Tally()
        return OpenUnit(
            opened,
            SqlOrders(self._orders, connection, driver, tally, writable=writable),
            SqlAudit(self._audit, connection, driver, writable=writable),
            self._usage_of(driver, tally, writable=writable),
            tally,
        )

    def _usage_of(self, driver: Driver, tally: Tally, *, writable: bool) -> SqlUsage:
        # The one connection that writes to an embedded database is the only one that does.
        kind = EmbeddedUsage if self._embedded and writable else SqlUsage
        return kind(self._usage, driver, tally)
