"""Lists of orders: the queries, and which orders are in a list, and in which place.

Source: the vendor's page of DescribeCertificates. A store answers with its indexes what `has` and
`place` say of each order.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from datetime import datetime

from certdesk.domain.accounts.policy import ALLOW, DENY, EVERY, UNBOUND, Grants
from certdesk.domain.orders.derivation import refused_for
from certdesk.domain.orders.lifecycle import Status
from certdesk.domain.orders.order import Order
from certdesk.domain.values.record import Record

MOST_TEXT = 64
"""Most characters of a text that is searched for."""


class Sort(enum.Enum):
    """The sorting of a list; orders without a certificate come last."""

    NEWEST = "newest first"
    ENDS_FIRST = "first to expire first"
    ENDS_LAST = "last to expire first"


class Seen(Record):
    """The last order of the page before: the values that sort it."""

    ends_at: datetime | None
    number: int


class OrderQuery(Record, kw_only=True):
    """A page of an account's orders. A field that is None or empty does not narrow the list.

    `text` is in the form that `searchable` returns. An order needs all of the `tags`. `ends_from`
    and `ends_until` are both included. `plain` asks for a name that is not a wildcard. Only orders
    for which `grants` allow `permission` are listed. The page begins behind the order `after`, even
    if orders before it have come or gone; `offset` counts from there.
    """

    uin: str
    offset: int = 0
    limit: int
    sort: Sort = Sort.NEWEST
    after: Seen | None = None
    statuses: frozenset[Status] | None = None
    project_id: int | None = None
    certificates: frozenset[str] | None = None
    text: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    ends_from: datetime | None = None
    ends_until: datetime | None = None
    uploaded: bool | None = None
    certificate_type: str | None = None
    plain: bool = False
    permission: str = ""
    grants: Grants = UNBOUND

    def __post_init__(self) -> None:
        """Refuse a query that no store can answer."""
        if self.offset < 0 or self.limit < 0 or len(self.text) > MOST_TEXT:
            raise ValueError(f"offset and limit count from 0, text has {MOST_TEXT} characters")

    def has(self, order: Order) -> bool:
        """Whether an order is in the list that this is a page of."""
        return (
            order.uin == self.uin
            and (self.statuses is None or order.status in self.statuses)
            and self.project_id in (None, order.project_id)
            and (self.certificates is None or order.certificate_id in self.certificates)
            and any(self.text in text for text in texts(order))
            and set(self.tags) <= set(order.tags)
            and self._ends_in_time(order)
            and self.uploaded in (None, order.uploaded)
            and self.certificate_type in (None, order.certificate_type)
            and (not self.plain or order.plain)
            and not refused_for(self.grants, self.permission, order)
        )

    def follows(self, order: Order) -> bool:
        """Whether an order of the list comes behind the order `after`."""
        return self.after is None or self.place(order) > self.place(self.after)

    def place(self, order: Order | Seen) -> tuple[bool, float, int]:
        """Return the sort key of an order."""
        if self.sort is Sort.NEWEST:
            return False, 0, -order.number
        way = 1 if self.sort is Sort.ENDS_FIRST else -1
        end = 0.0 if order.ends_at is None else order.ends_at.timestamp()
        return order.ends_at is None, way * end, way * order.number

    def extent(self, project_id: int) -> Extent:
        """Return what the caller may see of a project."""
        return Extent.of(self.grants, self.permission, project_id)

    def _ends_in_time(self, order: Order) -> bool:
        if self.ends_from is None and self.ends_until is None:
            return True
        end = order.ends_at
        return (
            end is not None
            and (self.ends_from is None or self.ends_from <= end)
            and (self.ends_until is None or end <= self.ends_until)
        )


ANSWER_BYTES = 10 * 1024 * 1024
"""The longest answer."""


class PageTooLong(Exception):
    """The orders of a page do not fit into one answer."""


def within_an_answer(orders: Iterable[Order]) -> Iterator[Order]:
    """Yield the orders of a page as long as they fit into an answer.

    No more orders are read than fit, however many were asked for.

    Raises:
        PageTooLong: they do not all fit.
    """
    left = ANSWER_BYTES
    for order in orders:
        left -= sum(len(key) + len(value) for key, value in order.tags)
        left -= sum(map(len, order.names))
        if left < 0:
            raise PageTooLong
        yield order


class OrderPage(Record):
    """A page of a list, and how many orders the whole list has."""

    orders: tuple[Order, ...]
    total: int


class Extent(Record):
    """The certificates of a project that policies allow: some by their ids, or all but some."""

    every: bool
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, grants: Grants, permission: str, project_id: int) -> Extent:
        """Return how far `permission` reaches in a project."""
        if grants.policies is None:
            return cls(every=True)
        allowed, denied = (
            {
                certificate
                for policy in grants.policies
                if policy.effect == effect
                and policy.names_action(permission)
                and policy.names_project(str(project_id))
                for certificate in policy.certificates
            }
            for effect in (ALLOW, DENY)
        )
        if EVERY in denied:
            return cls(every=False)
        if EVERY in allowed:
            return cls(every=True, ids=frozenset(denied))
        return cls(every=False, ids=frozenset(allowed - denied))

    @property
    def empty(self) -> bool:
        """Whether it allows no certificate."""
        return not self.every and not self.ids

    @property
    def whole(self) -> bool:
        """Whether it allows all certificates."""
        return self.every and not self.ids


def searchable(text: str) -> str:
    """Return a text in the form that a search compares: in one letter case."""
    return text.casefold()


def texts(order: Order) -> tuple[str, ...]:
    """Return the texts that a search looks through: id, alias and names."""
    return tuple(map(searchable, (order.certificate_id, order.alias, *order.all_names)))
