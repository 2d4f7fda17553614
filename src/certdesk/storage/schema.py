"""What is kept: every collection, declared once.

Tables, the SQL store and the memory store derive from `COLLECTIONS`: a column is a field of the
record, in the field's type. A changed record therefore needs a migration, and a test compares.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, Generic, cast

from sqlalchemy import Index, MetaData, Table

from certdesk.domain.account import AccessKey, Account
from certdesk.domain.order import Order, Status
from certdesk.domain.organisation import Company, Manager
from certdesk.domain.policy import Policy, Project, User
from certdesk.domain.quotas import COUNTED
from certdesk.domain.records import (
    AuditEntry,
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
from certdesk.domain.usage import measure_of
from certdesk.domain.zones import Zone
from certdesk.ports import Record
from certdesk.storage.columns import column, counter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Kept(Generic[Record]):
    """One collection: its name, the type of its records, their key, and what is looked up.

    A record whose only key field is an integer is `numbered`: the store gives the number. One
    with a field `version` is `versioned`: it may be replaced. Where `counted` names a field, the
    store numbers the records in it as well, beside their key: SQLite's rows then are in that
    order, which every index ends with.
    """

    def __init__(
        self,
        name: str,
        record: type[Record],
        *,
        key: tuple[str, ...],
        indexes: tuple[tuple[str, ...], ...] = (),
        unique: tuple[tuple[str, ...], ...] = (),
        counted: str = "",
    ) -> None:
        """Declare a collection of `record`; the tuples name its fields.

        Of two records that are equal in all fields of a `unique` one, the second is `Taken`;
        None equals nothing.
        """
        self.name = name
        self.record = record
        self.key = key
        self.indexes = indexes
        self.unique = unique
        self.counted = counted
        self.fields: Mapping[str, object] = typing.get_type_hints(record)
        self.numbered = len(key) == 1 and self.fields[key[0]] is int
        self.versioned = "version" in self.fields
        self.fixed = {*key, counted} - {""}
        self.measure = measure_of(record)

    def values(self, record: Record) -> dict[str, object]:
        """Give the fields of a record by name."""
        return {name: getattr(record, name) for name in self.fields}

    def build(self, values: Mapping[str, object]) -> Record:
        """Make a record of its fields."""
        return cast("Callable[..., Record]", self.record)(**values)

    def numbered_as(self, record: Record, number: object) -> Record:
        """Give the record with its number."""
        return self.build(self.values(record) | {self.key[0]: number})

    def next_version(self, record: Record) -> Record:
        """Give the record with its version one higher.

        Raises:
            TypeError: such records have no version and are never changed.
        """
        if not self.versioned:
            raise TypeError(f"a record of {self.name} has no version and is never changed")
        values = self.values(record)
        return self.build(values | {"version": cast("int", values["version"]) + 1})

    def version_of(self, record: Record) -> object:
        """Give a versioned record's version."""
        return self.values(record)["version"]

    def key_of(self, record: Record) -> tuple[object, ...]:
        """Give a record's key."""
        return tuple(getattr(record, name) for name in self.key)

    def check_key(self, key: tuple[object, ...]) -> None:
        """Refuse a key of too few or too many fields with a `TypeError`."""
        if len(key) != len(self.key):
            raise TypeError(f"the key of {self.name} is {', '.join(self.key)}")

    def check_filter(self, equal: Mapping[str, object]) -> None:
        """Refuse names that are no field of the record with a `TypeError`."""
        unknown = equal.keys() - self.fields.keys()
        if unknown:
            raise TypeError(f"{self.record.__name__} has no {', '.join(sorted(unknown))}")


def check_page(offset: int, limit: int | None) -> None:
    """Refuse a negative offset or limit, which databases understand differently."""
    if offset < 0 or (limit is not None and limit < 0):
        raise ValueError("offset and limit are not negative")


ACCOUNTS = Kept("accounts", Account, key=("uin",))
ACCESS_KEYS = Kept("access_keys", AccessKey, key=("secret_id",), indexes=(("uin", "user_id"),))
ORDERS = Kept(
    "orders",
    Order,
    key=("certificate_id",),
    indexes=(
        ("uin", "number"),
        ("uin", "status", "number"),
        ("uin", "project_id", "status", "number"),
        ("uin", "ends_at", "number"),
        ("uin", "manager_id"),
        ("uin", "product_id", "certificate_type", "number"),
        ("uin", "product_id", "status", "registrable"),
        ("status",),
    ),
    counted="number",
)
SUBMISSIONS = Kept(
    "submissions",
    Submission,
    key=("certificate_id", "number"),
    indexes=(("inspected",), ("identity_since",), ("spki_sha256",)),
)
COMPANIES = Kept("companies", Company, key=("company_id",), indexes=(("uin",), ("uin", "likeness")))
MANAGERS = Kept(
    "managers",
    Manager,
    key=("manager_id",),
    indexes=(("company_id",), ("uin", "company_id", "likeness"), ("identity_since",)),
)
KEY_STOCK = Kept("key_stock", StockedKey, key=("stock_id",), indexes=(("kind",),))
BLOCKED_KEYS = Kept("blocked_keys", BlockedKey, key=("spki_sha256", "uin"))
DENIED_KEYS = Kept("denied_keys", DeniedKey, key=("uin", "spki_sha256"))
AUDIT = Kept(
    "audit", AuditEntry, key=("entry_id",), indexes=(("uin", "at", "action"), ("subject",))
)
MARKS = Kept("marks", Mark, key=("name",))

USERS = Kept("users", User, key=("user_id",), indexes=(("uin",),))
POLICIES = Kept("policies", Policy, key=("policy_id",), indexes=(("uin",),))
PROJECTS = Kept("projects", Project, key=("project_id",), indexes=(("uin",),))
SEEN_SIGNATURES = Kept("seen_signatures", SeenSignature, key=("digest",), indexes=(("seen_at",),))
PACE_LIMITS = Kept("pace_limits", PaceLimit, key=("uin", "action"))

PROOFS = Kept("proofs", Proof, key=("certificate_id", "attempt", "name"))
EVIDENCE = Kept(
    "evidence", Evidence, key=("evidence_id",), indexes=(("certificate_id",), ("ended_at",))
)
ISSUANCES = Kept(
    "issuances",
    Issuance,
    key=("certificate_id", "attempt"),
    unique=(("issuer", "serial"),),
)
CERTIFICATES = Kept(
    "certificates",
    Certificate,
    key=("certificate_id", "attempt"),
    indexes=(
        ("uin", "sha256"),
        ("uin", "spki_sha256"),
        ("issuer", "serial"),
        ("spki_sha256",),
    ),
)
REVIEWS = Kept("reviews", Review, key=("subject",), indexes=(("verdict",),))
SIGHTS = Kept("sights", Sight, key=("subject", "operator"))
LETTERS = Kept("letters", Letter, key=("certificate_id", "attempt", "kind"))
AUTHORITIES = Kept("authorities", Authority, key=("name",))
REVOCATION_LISTS = Kept("revocation_lists", RevocationList, key=("authority",))
REVOKED_CERTIFICATES = Kept("revoked_certificates", RevokedCertificate, key=("authority", "serial"))
RENEWALS = Kept(
    "renewals", Renewal, key=("certificate_id",), indexes=(("due_at",), ("uin", "reason"))
)
ZONES = Kept("zones", Zone, key=("uin", "name"))
LOOK_PACES = Kept("look_paces", LookPace, key=("domain", "kind"), indexes=(("even_at",),))
TASKS = Kept(
    "tasks",
    Task,
    key=("certificate_id",),
    indexes=(("due_at",), ("set_aside",), ("uin", "reason")),
)

ORDER_CELL: dict[str, object] = {"uin": str, "project_id": int, "status": Status}

COLLECTIONS: tuple[Kept[Any], ...] = (
    ACCOUNTS,
    ACCESS_KEYS,
    ORDERS,
    SUBMISSIONS,
    COMPANIES,
    MANAGERS,
    KEY_STOCK,
    BLOCKED_KEYS,
    DENIED_KEYS,
    AUDIT,
    MARKS,
    USERS,
    POLICIES,
    PROJECTS,
    SEEN_SIGNATURES,
    PACE_LIMITS,
    PROOFS,
    EVIDENCE,
    ISSUANCES,
    CERTIFICATES,
    REVIEWS,
    SIGHTS,
    LETTERS,
    AUTHORITIES,
    REVOCATION_LISTS,
    REVOKED_CERTIFICATES,
    RENEWALS,
    ZONES,
    LOOK_PACES,
    TASKS,
)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _table(kept: Kept[Any]) -> Table:
    key = (kept.counted,) if kept.counted else kept.key
    columns = [column(name, kind, key=name in key) for name, kind in kept.fields.items()]
    # A number is never given twice, not even that of the last record removed.
    by_number = kept.numbered or kept.counted
    numbering: dict[str, Any] = {"sqlite_autoincrement": True} if by_number else {}
    table = Table(kept.name, metadata, *columns, **numbering)
    if kept.counted:
        Index(None, *(table.c[name] for name in kept.key), unique=True)
    for names in kept.indexes:
        Index(None, *(table.c[name] for name in names))
    for names in kept.unique:
        Index(None, *(table.c[name] for name in names), unique=True)
    return table


TABLES = {kept.name: _table(kept) for kept in COLLECTIONS}

ORDER_COUNTS = Table(
    "order_counts",
    metadata,
    *(column(name, kind, key=True) for name, kind in ORDER_CELL.items()),
    column("orders", int, key=False),
)
"""How many orders an account has in a project at a status; `SqlOrders` keeps it."""

USAGE = Table(
    "usage",
    metadata,
    column("uin", str, key=True),
    column("part", int, key=True),
    *(counter(kind) for kind in COUNTED),
)
"""How much an account has of what its quotas are about, in parts; `SqlUsage` keeps it."""

MANAGER_NAMES = Table(
    "manager_names",
    metadata,
    column("uin", str, key=True),
    column("manager_id", int, key=True),
    column("name", str, key=True),
    column("orders", int, key=False),
)
"""How many orders of a manager have a name, where any has; `SqlOrders` keeps it."""
