"""The operations of a transaction on the records of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from certdesk.domain.accounts.audit_search import AuditPart, AuditSearch
from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.domain.orders.listing import OrderPage, OrderQuery
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import Record

Stored = TypeVar("Stored", bound=Record)

PAGE = 1000


class Taken(Exception):
    """A record with that key exists already."""


class Stale(Exception):
    """The record was changed since it was read; nothing was written."""


class Collection(Protocol[Stored]):
    """Records of one kind in a transaction, by key.

    A key is the record's key fields in order (`Unit` in `ports/unit.py` names them).
    Equality filters name record fields.
    """

    def add(self, record: Stored) -> Stored:
        """Store a new record.

        Where the only key field is an integer and 0, it is numbered, from 1 upwards and never
        the same twice.

        Raises:
            Taken: the key exists.
        """
        ...

    def get(self, *key: object) -> Stored | None:
        """Read one record, or None."""
        ...

    def replace(self, record: Stored) -> Stored:
        """Store a changed record if its `version` is still the stored one; return it with the next.

        Raises:
            Stale: the record is gone or has another version.
            TypeError: records of this kind have no version.
        """
        ...

    def remove(self, *key: object) -> bool:
        """Delete one record; return whether it was there."""
        ...

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Stored]:
        """Read the records whose fields equal the given values, in key order.

        Raises:
            TypeError: a filter names no field of the record.
            ValueError: offset or limit is negative.
        """
        ...

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; return how many there were.

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
        newest: bool = False,
        unlike: Mapping[str, Sequence[object]] | None = None,
        **equal: object,
    ) -> list[Stored]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first.

        Or those first whose time in the field `first` is the earliest; with `newest`, the latest
        come first. Those with the same time are in key order; there are `limit` at most. Only those
        are read whose fields equal the given values, and none that has one of the values in
        `unlike`.
        """
        ...

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        ...


class Orders(Collection[Order], Protocol):
    """The collection of orders, which are numbered as they are added."""

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of the orders for which `query.has` is true, sorted by `query.place`."""
        ...

    def count_names(self, *, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        ...


class AuditLog(Collection[AuditEntry], Protocol):
    """The collection of audit entries."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of the entries for which `query.has` is true, the newest first."""
        ...

    def search(self, query: AuditSearch) -> AuditPart:
        """Return a part of the entries for which `query.reads` and `query.has` are true.

        The newest come first, by `place`. No more than `query.reach` entries are looked through.
        """
        ...


class Usage(Protocol):
    """How much each account has of each `COUNTED` thing (`domain/accounts/quotas.py`)."""

    def of(self, uin: str) -> Mapping[str, int]:
        """Return how much an account has of each, as far as it was counted."""
        ...

    def count_changes(self, limits: Mapping[str, int]) -> None:
        """Count what the transaction has added and removed since the last call.

        The store does so at the end of each transaction as well, without limits.

        Raises:
            QuotaExceeded: something was added and exceeds its limit now.
        """
        ...


def all_of(collection: Collection[Stored], **equal: object) -> Iterator[Stored]:
    """Yield the records whose fields equal the given values, read a page at a time."""
    offset = 0
    while page := collection.where(offset=offset, limit=PAGE, **equal):
        yield from page
        offset += len(page)
