"""What the domain needs from the world, as protocols; adapters live at the rim."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TypeVar

from certdesk.domain.account import AccessKey, Account
from certdesk.domain.checkup import Observation
from certdesk.domain.issuing import IssueRequest, Progress
from certdesk.domain.keys import KeyKind, PrivateKey
from certdesk.domain.listing import OrderPage, OrderQuery
from certdesk.domain.names import DomainName
from certdesk.domain.order import Order
from certdesk.domain.organisation import Company, Manager
from certdesk.domain.policy import Policy, Project, User
from certdesk.domain.proof import CaaFinding, Challenge, Finding, ProofKind
from certdesk.domain.records import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    Authority,
    BlockedKey,
    Certificate,
    Evidence,
    Issuance,
    Letter,
    Mark,
    PaceLimit,
    Proof,
    Renewal,
    Review,
    RevocationList,
    RevokedCertificate,
    SeenSignature,
    StockedKey,
    Submission,
    Task,
)
from certdesk.domain.revocation import Reason
from certdesk.domain.secret import Secret
from certdesk.domain.zones import OpenZone, Zone

Record = TypeVar("Record")
Result = TypeVar("Result")


class Taken(Exception):
    """A record with that key exists already."""


class Stale(Exception):
    """The record was changed since it was read; nothing was written."""


class KeyUsedUp(Stale):
    """Another process has used the key that was lent; there are others, or one is made."""


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
        self, field: str, by: datetime, limit: int, *, first: str | None = None
    ) -> list[Record]:
        """Read the records whose time in `field` is `by` or earlier, the earliest first.

        Or those first whose time in the field `first` is the earliest. Those with the same time
        are in key order; there are `limit` at most.
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
        """Keys never accepted again, by SPKI hash."""
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

    def settle(self) -> None:
        """Leave nothing of what was erased in a log of the database, as far as it can be told to.

        An embedded database does so at once; PostgreSQL when it vacuums.
        """
        ...

    def close(self) -> None:
        """Finish what was begun and let the files go."""
        ...


def successors_of(unit: Unit, order: Order) -> list[Order]:
    """Read the orders that replace or renew an order, as far as there are any."""
    links = filter(None, (order.replaced_by, order.renewed_by))
    return [found for each in links if (found := unit.orders.get(each)) is not None]


def followers_of(unit: Unit, order: Order) -> list[Order]:
    """Read all orders that came after an order: what replaces or renews it, and so on."""
    found: dict[str, Order] = {}
    next_ones = successors_of(unit, order)
    while next_ones:
        each = next_ones.pop()
        if each.certificate_id not in found:
            found[each.certificate_id] = each
            next_ones += successors_of(unit, each)
    return list(found.values())


def neighbours_of(unit: Unit, order: Order) -> list[Order]:
    """Read the orders of its account that an order takes the place of, and those that take its."""
    its = order.certificate_id
    linked = {order.renews, order.renewed_by, order.replaces, order.replaced_by}
    found = {each: unit.orders.get(each) for each in sorted(filter(None, linked))}
    for other in (
        *unit.orders.where(uin=order.uin, renews=its),
        *unit.orders.where(uin=order.uin, replaces=its),
    ):
        found[other.certificate_id] = other
    return [each for each in found.values() if each is not None and each.uin == order.uin]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies; it opens nowhere else (security requirement T24)."""

    uin: str
    table: str
    row: str
    column: str


def place_of(certificate: Certificate, column: str) -> Place:
    """Tell where a sealed value of a certificate lies."""
    row = f"{certificate.certificate_id}/{certificate.attempt}"
    return Place(certificate.uin, "certificates", row, column)


def place_of_party(party: Company | Manager) -> Place:
    """Tell where the sealed half of what is known of a company or a manager lies."""
    table = "companies" if isinstance(party, Company) else "managers"
    return Place(party.uin, table, party.likeness.hex(), "personal")


def place_of_submission(submission: Submission, column: str) -> Place:
    """Tell where a sealed value of a submission lies; the RequestId stands for its number."""
    return Place(submission.uin, "submissions", submission.request_id, column)


def place_of_letter(letter: Letter) -> Place:
    """Tell where the content of a letter lies."""
    row = f"{letter.certificate_id}/{letter.attempt}/{letter.kind}"
    return Place(letter.uin, "letters", row, "content")


def place_of_zone(zone: Zone) -> Place:
    """Tell where the secret of a zone's key lies."""
    return Place(zone.uin, "zones", zone.name, "secret")


class VaultError(Exception):
    """A sealed value does not open: wrong key, wrong place, or altered."""


class Vault(Protocol):
    """Seals values for one place in the database."""

    def new_keyset(self, uin: str) -> bytes:
        """Make the data keys of a new account, sealed for its record, and remember them."""
        ...

    def seal(self, value: Secret, place: Place) -> bytes:
        """Encrypt `value` so that it opens at `place` only."""
        ...

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Decrypt a value sealed for `place`.

        Raises:
            VaultError: it is not what was sealed there.
        """
        ...

    def describe(self) -> dict[str, str]:
        """Name the key-encryption key in use: provider, place, key ids; nothing secret."""
        ...

    def likeness(self, uin: str, value: bytes) -> bytes:
        """Give a keyed fingerprint of `value`: equal within an account, meaningless outside it."""
        ...


DESK = "desk"
"""The owner of what the desk seals for itself, in the place of a Uin."""


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A place taken by a request of an account for an action, and when, by the pace's clock.

    `number` tells places apart where the pace numbers them.
    """

    uin: str
    action: str
    taken: float
    number: int = 0


class PaceExceeded(Exception):
    """The limit is reached; `count` is the requests of the second with the refused one."""

    def __init__(self, count: int) -> None:
        """Keep the count."""
        self.count = count
        super().__init__(f"{count} requests in a second")


class Pace(Protocol):
    """Lets an account make so many requests of an action in any second.

    A moving window: a place is free again a second after it was taken, but not before the
    request in it is answered.
    """

    @property
    def waits(self) -> bool:
        """Whether asking takes time, so that it is not to be done where nothing may wait."""
        ...

    def take(self, uin: str, action: str, limit: int) -> Slot:
        """Take a place.

        Raises:
            PaceExceeded: `limit` places are taken.
        """
        ...

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        ...


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """Give the time now, in UTC."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class ReadyKey:
    """A private key for an order; `stock_id` is its number in the stock."""

    private_key: PrivateKey
    stock_id: int


class KeysBusy(Exception):
    """So many keys are being made that another would have to wait too long."""


class Pending(Exception):
    """What is asked for is not there yet, but under way: try again when `done` is.

    Raised instead of waiting, so that a request holds no thread up meanwhile.
    """

    def __init__(self, done: Future[None]) -> None:
        """Say what to wait for."""
        self.done = done
        super().__init__("it is under way")


class Keys(Protocol):
    """Private keys when one is needed."""

    def lend(self, kind: KeyKind) -> contextlib.AbstractContextManager[ReadyKey]:
        """Lend a key from the stock.

        The borrower removes `stock_id` from the stock in the transaction that stores the key, and
        raises `KeyUsedUp` where it is not there any more; leaving the context with any other
        exception puts the key back.

        Raises:
            Pending: the stock is empty; one is being made.
            KeysBusy: the stock is empty and the queue for new keys is full.
        """
        ...


class Prover(Protocol):
    """Looks for the proofs of one kind, from outside. Safe to use from several threads."""

    def look(self, challenge: Challenge) -> Finding:
        """Look once, within 20 seconds.

        Whatever the world answers is a finding; nothing but a bug raises.
        """
        ...


class UpdateFailed(Exception):
    """A zone was not changed, or nobody knows whether it was; the text says why in plain words."""


class RecordKeeper(Protocol):
    """Adds the records of proofs by DNS to zones. Safe to use from several threads.

    Each call takes 5 seconds at most, and may be made again: the outcome is the same.
    """

    def add(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the challenge's record in the zone, beside whatever else is there.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...

    def remove(self, zone: OpenZone, challenge: Challenge) -> None:
        """Have the challenge's record in the zone no more, and leave others at its name alone.

        Raises:
            UpdateFailed: its server did not do so.
        """
        ...


class CaaChecker(Protocol):
    """Asks whether CAA records let this desk issue. Safe to use from several threads."""

    def look(self, name: DomainName, kind: ProofKind) -> CaaFinding:
        """Look once, within 20 seconds; whatever is not a sure permission refuses.

        `kind` is how control of the name was proved, which records may ask for (RFC 8657).
        """
        ...


class Issuer(Protocol):
    """A CA that issues for the desk. Safe to use from several threads."""

    @property
    def name(self) -> str:
        """The name by which records and the log speak of it."""
        ...

    def proceed(self, request: IssueRequest, state: bytes | None) -> Progress:
        """Take the next step of issuing and tell how far it has come.

        `state` is what the last `Recorded` of this order and attempt gave, None at first. The
        caller keeps a `Recorded` durably before it asks again, so that after a crash the same
        step is taken again with the same outcome, and never another certificate is begun.
        """
        ...

    def revoke(self, certificate: Certificate, reason: Reason) -> None:
        """Take back a certificate that it issued; when this returns the world can know.

        What was taken back stays so, for the first reason that was given.

        Raises:
            LookupError: it did not issue that certificate.
        """
        ...


Examiner = Callable[[], Iterable[Observation]]
"""Looks at a part of the desk, and tells what it found; it may take some seconds."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An authority of the private CA: its certificate (DER), and where it and its CRL are fetched.

    A cross-signed root has no CRL of its own.
    """

    name: str
    certificate: bytes
    certificate_url: str
    crl_url: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """A response in DER; one that is `lasting` says the same to whoever asks, for some time."""

    der: bytes
    lasting: bool


class Pki(Protocol):
    """What the private CA shows to the world. Safe to use from several threads."""

    def prepare(self) -> None:
        """Make the authorities that every desk has, where they are not yet; takes seconds."""
        ...

    def authorities(self) -> list[Published]:
        """Give the authorities that there are, roots first."""
        ...

    def certificate(self, name: str) -> bytes | None:
        """Give an authority's certificate in DER, None where there is none of that name."""
        ...

    def crl(self, name: str) -> bytes | None:
        """Give an authority's newest CRL in DER, which is good for some days.

        None where there is no such authority, or it has no CRL of its own.
        """
        ...

    def hand_over(self) -> None:
        """Make the next issuing authority where the present one ends soon; that takes seconds.

        What the earlier one has signed stays good, and it goes on to tell what is revoked.
        """
        ...

    def faults(self) -> list[str]:
        """Tell in plain words what keeps the CA from signing or being believed, if anything."""
        ...

    def renew_lists(self) -> None:
        """Make new CRLs of the authorities whose last one is half a day old or not complete."""
        ...

    def ocsp(self, request: bytes) -> OcspAnswer:
        """Answer a request of the Online Certificate Status Protocol, whatever its bytes are."""
        ...


class Counts(Protocol):
    """Counts what the desk does, for whoever watches it; of nothing that names a tenant.

    Safe to use from several threads, and waits for nothing.
    """

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API: its action, its answer's code (`ok` or an error's)."""
        ...

    def step(self, kind: str, result: str) -> None:
        """Count a step of the background work on an order: `done`, `overtaken` or `failed`."""
        ...

    def renewal(self, kind: str) -> None:
        """Count a certificate that the desk had succeeded by itself: `reissue` or `renewal`."""
        ...

    def warning(self, days: int) -> None:
        """Count a warning that a certificate ends so many days from now without a successor."""
        ...


class Work(Protocol):
    """The background work on orders, as far as actions ask for it."""

    def wake(self) -> None:
        """Go through what is due now, and not only at the next round."""
        ...

    def prove(self, order: Order, names: Sequence[str]) -> Future[None]:
        """Look for the proofs of some names of an order at once.

        The future is done when what was found is kept.
        """
        ...
