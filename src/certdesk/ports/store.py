"""What is kept, in durable transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TypeVar

from certdesk.domain.account import AccessKey, Account
from certdesk.domain.listing import OrderPage, OrderQuery
from certdesk.domain.order import Order
from certdesk.domain.organisation import Company, Manager
from certdesk.domain.policy import Policy, Project, User
from certdesk.domain.records import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    Authority,
    BlockedKey,
    Certificate,
    DeniedKey,
    Evidence,
    Issuance,
    Letter,
    LookPace,
    Mark,
    PaceLimit,
    Proof,
    Renewal,
    Review,
    RevocationList,
    RevokedCertificate,
    SeenSignature,
    Sight,
    StockedKey,
    Submission,
    Task,
)
from certdesk.domain.zones import Zone

Record = TypeVar("Record")
Result = TypeVar("Result")


class Taken(Exception):
    """A record with that key exists already."""


class Stale(Exception):
    """The record was changed since it was read; nothing was written."""


class StoreUnavailable(Exception):
    """The store could not do its work now: locked, full, failing or closed.

    After a write the outcome is unknown where the disk failed at the commit itself; everywhere
    else nothing was written. Look the record up by its key before doing it again.
    """


class Collection(Protocol[Record]):
    """Records of one kind in a transaction, by key.

    A key is the record's key fields in order (`COLLECTIONS` in `storage/schema.py` names them).
    Equality filters name record fields.
    """

    def add(self, record: Record) -> Record:
        """Store a new record.

        Where the only key field is an integer and 0, it is numbered, from 1 upwards and never
        the same twice.

        Raises:
            Taken: the key exists.
        """
        ...

    def get(self, *key: object) -> Record | None:
        """Read one record, or None."""
        ...

    def replace(self, record: Record) -> Record:
        """Store a changed record if its `version` is still the stored one; give it with the next.

        Raises:
            Stale: the record is gone or has another version.
            TypeError: records of this kind have no version.
        """
        ...

    def remove(self, *key: object) -> bool:
        """Delete one record; tell whether it was there."""
        ...

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Record]:
        """Read the records whose fields equal the given values, in key order.

        Raises:
            TypeError: a filter names no field of the record.
            ValueError: offset or limit is negative.
        """
        ...

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; give how many there were.

        Only those whose fields equal the given values.
        """
        ...

    def due(
        self,
        field: str,
        by: datetime,
        limit: int,
        *,
        first: str | None = None,
        unlike: Mapping[str, object] | None = None,
    ) -> list[Record]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first.

        Or those first whose time in the field `first` is the earliest. Those with the same time
        are in key order; there are `limit` at most. Records are left out that have one of the
        values in `unlike`.
        """
        ...

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        ...


class Orders(Collection[Order], Protocol):
    """Orders, which are numbered as they are added, in lists."""

    def page(self, query: OrderQuery) -> OrderPage:
        """Give a page of the orders of which `query.has` holds, by `query.place`."""
        ...

    def count_names(self, *, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        ...


class AuditLog(Collection[AuditEntry], Protocol):
    """Audit entries, in lists."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Give a page of the entries of which `query.has` holds, the newest first."""
        ...


class Usage(Protocol):
    """How much each account has of what its quotas are about (`COUNTED` of `domain/quotas.py`)."""

    def of(self, uin: str) -> Mapping[str, int]:
        """Give how much an account has of each, as far as it was settled."""
        ...

    def settle(self, limits: Mapping[str, int]) -> None:
        """Count what the transaction has added and removed since it was last settled.

        The store does so at the end of each transaction as well, without limits.

        Raises:
            QuotaExceeded: of something that was added there is more now than its limit.
        """
        ...


class Unit(Protocol):
    """One transaction's view of everything that is kept."""

    @property
    def accounts(self) -> Collection[Account]:
        """Accounts, by Uin."""
        ...

    @property
    def access_keys(self) -> Collection[AccessKey]:
        """Access keys, by SecretId."""
        ...

    @property
    def orders(self) -> Orders:
        """Orders, by certificate id."""
        ...

    @property
    def submissions(self) -> Collection[Submission]:
        """Submissions, by certificate id and number."""
        ...

    @property
    def companies(self) -> Collection[Company]:
        """Companies, by id."""
        ...

    @property
    def managers(self) -> Collection[Manager]:
        """Managers, by id."""
        ...

    @property
    def key_stock(self) -> Collection[StockedKey]:
        """Keys made ahead of need, by number."""
        ...

    @property
    def blocked_keys(self) -> Collection[BlockedKey]:
        """Keys never accepted again, by SPKI hash and whom they are not accepted from."""
        ...

    @property
    def denied_keys(self) -> Collection[DeniedKey]:
        """Keys of denied certificates that an account has no more, by Uin and SHA-256 (SPKI)."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The audit log, by number."""
        ...

    @property
    def marks(self) -> Collection[Mark]:
        """The desk's own named values."""
        ...

    @property
    def users(self) -> Collection[User]:
        """Sub-users of accounts, by number."""
        ...

    @property
    def policies(self) -> Collection[Policy]:
        """Policies of accounts, by number."""
        ...

    @property
    def projects(self) -> Collection[Project]:
        """Projects of accounts, by number."""
        ...

    @property
    def seen_signatures(self) -> Collection[SeenSignature]:
        """Signatures that have changed something, by digest."""
        ...

    @property
    def pace_limits(self) -> Collection[PaceLimit]:
        """Limits that are not the default, by Uin and action."""
        ...

    @property
    def proofs(self) -> Collection[Proof]:
        """Proofs of names, by certificate id, attempt and name."""
        ...

    @property
    def evidence(self) -> Collection[Evidence]:
        """Looks for proofs, by number."""
        ...

    @property
    def issuances(self) -> Collection[Issuance]:
        """What issuers asked to be kept, by certificate id and attempt."""
        ...

    @property
    def certificates(self) -> Collection[Certificate]:
        """Certificates in hand, by certificate id and attempt."""
        ...

    @property
    def reviews(self) -> Collection[Review]:
        """What people are asked to look at, by what it is."""
        ...

    @property
    def sights(self) -> Collection[Sight]:
        """What operators saw of that, by what it is and who saw it."""
        ...

    @property
    def letters(self) -> Collection[Letter]:
        """Letters that were uploaded, by certificate id, attempt and kind."""
        ...

    @property
    def authorities(self) -> Collection[Authority]:
        """CA certificates of the private CA, by name."""
        ...

    @property
    def revocation_lists(self) -> Collection[RevocationList]:
        """The newest CRLs, by the authority's name."""
        ...

    @property
    def revoked_certificates(self) -> Collection[RevokedCertificate]:
        """Certificates that the private CA has revoked, by authority and serial number."""
        ...

    @property
    def renewals(self) -> Collection[Renewal]:
        """Certificates that are to have a successor, by certificate id."""
        ...

    @property
    def zones(self) -> Collection[Zone]:
        """Zones in which the desk may add records for an account, by Uin and name."""
        ...

    @property
    def look_paces(self) -> Collection[LookPace]:
        """How fast names are looked at, by registrable domain and kind of look."""
        ...

    @property
    def usage(self) -> Usage:
        """How much accounts have of what their quotas are about."""
        ...

    @property
    def tasks(self) -> Collection[Task]:
        """Work that goes on by itself, by certificate id."""
        ...


class Store(Protocol):
    """Durable transactions."""

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` in one transaction; return only after it is durable.

        Whatever `commit` raises rolls its own writes back, and nobody else's, and comes out here.
        `commit` is short, does no I/O of its own, and may be run again after a lost race.
        """
        ...

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Begin a `write` and give its outcome to come, so that no thread has to wait for it."""
        ...

    def read(self, look: Callable[[Unit], Result]) -> Result:
        """Run `look` on one consistent view of what is committed; it must not write."""
        ...

    def refusing(self) -> str:
        """Return why all calls are refused, which one of them has found; empty where none is."""
        ...

    def settle(self) -> None:
        """Leave nothing of what was erased in a log of the database, as far as it can be told to.

        An embedded database does so at once; PostgreSQL when it vacuums.
        """
        ...

    def close(self) -> None:
        """Finish what was begun and let the files go."""
        ...
