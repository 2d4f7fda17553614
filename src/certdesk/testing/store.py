"""A store in memory: it meets the contract of `ports.Store`, except durability."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from certdesk.domain.accounts.audit_search import AuditPart, AuditSearch, part_of, place
from certdesk.domain.accounts.quotas import COUNTED
from certdesk.domain.accounts.records import AuditEntry, AuditPage, AuditQuery
from certdesk.domain.orders.listing import OrderPage, OrderQuery, within_an_answer
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import replace
from certdesk.ports import COLLECTIONS, Stale, Stored, StoreUnavailable, Taken
from certdesk.storage import ReadOnly
from certdesk.storage.collections import check_page
from certdesk.storage.schema import AUDIT, ORDERS
from certdesk.storage.unit import open_unit
from certdesk.storage.usage import Tally, refuse_excess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from certdesk.ports import CollectionSpec, Unit

Result = TypeVar("Result")
Key = tuple[object, ...]


@dataclasses.dataclass
class Shelf(Generic[Stored]):
    """The records of one collection by key, and the last number used."""

    records: dict[Key, Stored]
    last: int = 0

    def copy(self) -> Shelf[Stored]:
        """Return a copy that may be changed; the records are immutable."""
        return Shelf(self.records.copy(), self.last)


class Draft:
    """A state of the store, and a transaction's changes to it so far."""

    def __init__(self, state: dict[str, Shelf[Any]], *, writable: bool) -> None:
        """Begin with nothing changed."""
        self._state = state
        self._changed: dict[str, Shelf[Any]] = {}
        self._writable = writable

    def shelf(self, spec: CollectionSpec[Stored]) -> Shelf[Stored]:
        """Return a collection as the transaction sees it."""
        return self._changed.get(spec.name) or self._state[spec.name]

    def edit(self, spec: CollectionSpec[Stored]) -> Shelf[Stored]:
        """Return a collection to change: the transaction's own copy of it."""
        if not self._writable:
            raise ReadOnly("a read does not write")
        if spec.name not in self._changed:
            self._changed[spec.name] = self._state[spec.name].copy()
        return self._changed[spec.name]

    def result(self) -> dict[str, Shelf[Any]]:
        """Return the state after the transaction."""
        return self._state | self._changed


class MemoryCollection(Generic[Stored]):
    """A `ports.Collection` on a draft."""

    def __init__(self, spec: CollectionSpec[Stored], draft: Draft) -> None:
        """Open the collection that was declared as `spec`."""
        self._spec = spec
        self._draft = draft

    def add(self, record: Stored) -> Stored:
        """Store a new record; a number that is 0 is the next one."""
        spec, shelf = self._spec, self._draft.edit(self._spec)
        if spec.numbered and spec.key_of(record) == (0,):
            record = spec.numbered_as(record, shelf.last + 1)
        key = spec.key_of(record)
        if key in shelf.records or self._repeats(record):
            raise Taken(self._spec.name)
        shelf.records[key] = record
        if spec.numbered:
            shelf.last = max(shelf.last, cast("int", key[0]))
        return record

    def get(self, *key: object) -> Stored | None:
        """Read one record, or None."""
        self._spec.check_key(key)
        return self._draft.shelf(self._spec).records.get(key)

    def replace(self, record: Stored) -> Stored:
        """Store a changed record if its version is still the stored one."""
        spec, shelf = self._spec, self._draft.edit(self._spec)
        changed = spec.next_version(record)
        stored = shelf.records.get(spec.key_of(record))
        if stored is None or spec.version_of(stored) != spec.version_of(record):
            raise Stale(self._spec.name)
        shelf.records[spec.key_of(record)] = changed
        return changed

    def remove(self, *key: object) -> bool:
        """Delete one record; return whether it was there."""
        self._spec.check_key(key)
        return self._draft.edit(self._spec).records.pop(key, None) is not None

    def where(self, *, offset: int = 0, limit: int | None = None, **equal: object) -> list[Stored]:
        """Read the records whose fields equal the given values, in key order."""
        check_page(offset, limit)
        in_order = sorted(self._matching(equal), key=self._sort_key)
        return in_order[offset : None if limit is None else offset + limit]

    def prune(self, field: str, before: datetime, **equal: object) -> int:
        """Delete the records whose time in `field` is earlier; return how many there were."""
        self._spec.check_filter({field: before, **equal})
        records = self._draft.edit(self._spec).records
        old = [
            key
            for key, record in records.items()
            if _earlier(getattr(record, field), before)
            and all(getattr(record, name) == value for name, value in equal.items())
        ]
        for key in old:
            del records[key]
        return len(old)

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
        """Read the records whose time in `field` is `by` or earlier, the earliest first."""
        self._spec.check_filter({field: by, first or field: by, **(unlike or {})})
        others = [
            record
            for record in self._matching(equal)
            if all(getattr(record, name) not in values for name, values in (unlike or {}).items())
        ]
        timed = [(getattr(record, field), record) for record in others]
        due = [record for at, record in timed if at is not None and at <= by]
        found = [(getattr(record, first or field), record) for record in due]
        found.sort(key=lambda pair: self._sort_key(pair[1]))
        found.sort(key=lambda pair: pair[0], reverse=newest)
        return [record for _, record in found[:limit]]

    def count(self, **equal: object) -> int:
        """Count the records whose fields equal the given values."""
        return sum(1 for _ in self._matching(equal))

    def _repeats(self, record: Stored) -> bool:
        """Return whether a unique combination of the record's fields already exists."""
        return any(
            None not in equal.values() and any(self._matching(equal))
            for equal in (
                {name: getattr(record, name) for name in names} for names in self._spec.unique
            )
        )

    def _matching(self, equal: dict[str, object]) -> Iterator[Stored]:
        self._spec.check_filter(equal)
        for record in self._draft.shelf(self._spec).records.values():
            if all(getattr(record, name) == value for name, value in equal.items()):
                yield record

    def _sort_key(self, record: Stored) -> Any:  # noqa: ANN401 -- the fields' types are the record's
        return self._spec.key_of(record)


class MemoryOrders(MemoryCollection[Order]):
    """A `ports.Orders` on a draft."""

    def __init__(self, draft: Draft, tally: Tally) -> None:
        """Open the orders, and count them in `tally`."""
        super().__init__(ORDERS, draft)
        self._tally = tally

    def add(self, record: Order) -> Order:
        """Store a new order with the next number, if it has none."""
        shelf = self._draft.edit(ORDERS)
        number = record.number or shelf.last + 1
        if any(number == other.number for other in shelf.records.values()):
            raise Taken(ORDERS.name)
        added = super().add(replace(record, number=number))
        shelf.last = max(shelf.last, number)
        self._tally.note(ORDERS, None, added)
        return added

    def replace(self, record: Order) -> Order:
        """Store a changed order, whose number does not change."""
        stored = self.get(record.certificate_id)
        number = record.number if stored is None else stored.number
        changed = super().replace(replace(record, number=number))
        self._tally.note(ORDERS, stored, changed)
        return changed

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of an account's orders, and how many there are in all."""
        found = sorted(
            filter(query.has, self._draft.shelf(ORDERS).records.values()), key=query.place
        )
        rest = [order for order in found if query.follows(order)]
        page = rest[query.offset : query.offset + query.limit]
        return OrderPage(tuple(within_an_answer(page)), len(found))

    def count_names(self, *, uin: str, manager_id: int) -> int:
        """Count the different names in the orders of an account that name a manager."""
        its = self._matching({"uin": uin, "manager_id": manager_id})
        return len({name for order in its for name in order.all_names})


class MemoryAudit(MemoryCollection[AuditEntry]):
    """A `ports.AuditLog` on a draft."""

    def page(self, query: AuditQuery) -> AuditPage:
        """Return a page of an account's entries, newest first, and how many there are in all."""
        entries = filter(query.has, self._draft.shelf(AUDIT).records.values())
        found = sorted(entries, key=lambda entry: (entry.at, entry.entry_id), reverse=True)
        return AuditPage(tuple(found[query.offset : query.offset + query.limit]), len(found))

    def search(self, query: AuditSearch) -> AuditPart:
        """Return a part of the entries that fit, newest first."""
        entries = filter(query.reads, self._draft.shelf(AUDIT).records.values())
        read = sorted(entries, key=place, reverse=True)
        seen = read[: query.reach]
        found = [entry for entry in seen if query.has(entry)]
        return part_of(query, found[: query.limit + 1], seen[-1] if len(read) > len(seen) else None)


class MemoryUsage:
    """A `ports.Usage` that counts the records of a draft each time."""

    def __init__(self, draft: Draft, tally: Tally) -> None:
        """Take the changes of accounts from `tally`."""
        self._draft = draft
        self._tally = tally

    def of(self, uin: str) -> dict[str, int]:
        """Return how much of each quota an account uses."""
        found = Counter(dict.fromkeys(COUNTED, 0))
        for spec in COLLECTIONS:
            measure = spec.measure
            if measure is not None:
                records = self._draft.shelf(spec).records.values()
                for its in (measure(record) for record in records if record.uin == uin):
                    found.update(its)
        return dict(found)

    def count_changes(self, limits: Mapping[str, int]) -> None:
        """Check that what was added is within limits."""
        for uin, changes in self._tally.take():
            refuse_excess(self, uin, changes, limits)


class MemoryStore:
    """A `ports.Store` in memory, for tests.

    A transaction works on copies of the collections that it changes. The state is replaced as a
    whole, so that a read sees one state throughout and never waits.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._state: dict[str, Shelf[Any]] = {spec.name: Shelf({}) for spec in COLLECTIONS}
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._closed = False

    def write(self, commit: Callable[[Unit], Result]) -> Result:
        """Run `commit` after earlier ones; keep its changes unless it raises.

        Raises:
            StoreUnavailable: the store is closed.
            RuntimeError: called from inside a commit.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("a commit cannot write through the store: it has its unit")
        with self._writing:
            self._check_open()
            self._writer = threading.get_ident()
            try:
                draft = Draft(self._state, writable=True)
                result = commit(_unit(draft))
                self._state = draft.result()
            finally:
                self._writer = None
        return result

    def submit(self, commit: Callable[[Unit], Result]) -> Future[Result]:
        """Run `commit` now; its outcome is there when this returns."""
        outcome: Future[Result] = Future()
        try:
            outcome.set_result(self.write(commit))
        except Exception as error:  # noqa: BLE001 -- the caller of `result` gets it
            outcome.set_exception(error)
        return outcome

    def read(self, query: Callable[[Unit], Result]) -> Result:
        """Run `query` on one state.

        Raises:
            StoreUnavailable: the store is closed.
            ReadOnly: `query` tried to write.
        """
        self._check_open()
        return query(_unit(Draft(self._state, writable=False)))

    def refusing(self) -> str:
        """Return "": it never refuses writes."""
        return ""

    def checkpoint(self) -> None:
        """Do nothing: erased values leave no trace."""

    def close(self) -> None:
        """Finish the current write and refuse later ones."""
        with self._writing:
            self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")


def _earlier(at: datetime | None, before: datetime) -> bool:
    return at is not None and at < before


def _unit(draft: Draft) -> Unit:
    tally = Tally()
    return open_unit(
        lambda spec: MemoryCollection(spec, draft),
        MemoryOrders(draft, tally),
        MemoryAudit(AUDIT, draft),
        MemoryUsage(draft, tally),
        tally,
    )
