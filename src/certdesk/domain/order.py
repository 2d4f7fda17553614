"""The life of a certificate order, as a table; one method moves an order.

Status numbers and transitions are those of the vendor's API (Certificates.Status; the life
cycle as its Terraform provider and guides show it).
"""

from __future__ import annotations

import dataclasses
import enum
import random
from datetime import datetime, timedelta

from certdesk.domain.account import letters
from certdesk.domain.names import normal_form
from certdesk.domain.products import FREE, UPLOADED
from certdesk.domain.words import Code, Lasting, Words
from certdesk.domain.zones import DNS_AUTO


class Status(enum.IntEnum):
    """The wire's status numbers."""

    UNDER_REVIEW = 0
    ISSUED = 1
    REVIEW_FAILED = 2
    EXPIRED = 3
    RECORD_ADDED = 4
    AWAITING_MATERIAL = 5
    CANCELLING = 6
    CANCELLED = 7
    AWAITING_LETTER = 8
    REVOKING = 9
    REVOKED = 10
    REISSUING = 11
    AWAITING_REVOCATION_LETTER = 12
    FREE_AWAITING_MATERIAL = 13
    REFUNDED = 14
    MIGRATING = 15

    @property
    def told(self) -> str:
        """Its number and name, as messages tell of it."""
        return f"{self.value} ({STATUS_NAMES[self]})"


STATUS_NAMES = {
    Status.UNDER_REVIEW: "Under review",
    Status.ISSUED: "Issued",
    Status.REVIEW_FAILED: "Review failed",
    Status.EXPIRED: "Expired",
    Status.RECORD_ADDED: "To be validated",
    Status.AWAITING_MATERIAL: "Pending submission",
    Status.CANCELLING: "Cancelling order",
    Status.CANCELLED: "Cancelled",
    Status.AWAITING_LETTER: "Pending upload of confirmation letter",
    Status.REVOKING: "Revoking",
    Status.REVOKED: "Revoked",
    Status.REISSUING: "Reissuing",
    Status.AWAITING_REVOCATION_LETTER: "Pending upload of revocation letter",
    Status.FREE_AWAITING_MATERIAL: "Pending submission",
    Status.REFUNDED: "Refunded",
    Status.MIGRATING: "Migrating",
}


class StatusMessage(enum.StrEnum):
    """What an order waits for while it is under review (Certificates.StatusMsg)."""

    PRE_REVIEWING = "PRE-REVIEWING"
    LEGAL_REVIEWING = "LEGAL-REVIEWING"
    CA_REVIEWING = "CA-REVIEWING"
    PENDING_DCV = "PENDING-DCV"
    WAIT_ISSUE = "WAIT-ISSUE"


class Event(enum.Enum):
    """What can happen to an order."""

    SUBMIT_MATERIAL = "the material is submitted"
    SUBMIT_ORDER = "the order is submitted to the CA"
    SUBMIT_ORDER_WITH_LETTER = "the order is submitted, and a letter has to follow"
    SUBMIT_ORDER_WITH_RECORDS = "the order is submitted, and the desk adds its DNS records"
    SUBMIT_LETTER = "the letter is submitted"
    SUBMIT_LETTER_WITH_RECORDS = "the letter is submitted, and the desk adds its DNS records"
    CANCEL_ORDER = "the order is cancelled"
    CANCEL_ORDER_WITH_RECORDS = "the order is cancelled, and its DNS records are to be removed"
    UNDO = "nothing is left to be undone for the order"
    CANCEL_AUDIT = "the review is cancelled"
    RESUBMIT = "the order is opened again"
    REFUND = "what was paid for the order is paid back"
    REISSUE = "nobody but the CA has anything to do any more for a reissue"
    PROVE_AGAIN = "a name of a reissue has to be proved again"
    PROVE_AGAIN_WITH_RECORDS = "a name of a reissue has to be, and the desk adds its DNS record"
    FAIL = "the review fails"
    ISSUE = "the certificate is issued"
    EXPIRE = "the certificate ends"
    ASK_TO_REVOKE = "its owner asks to revoke the certificate"
    ASK_TO_REVOKE_WITH_LETTER = "its owner asks to revoke it, and a letter has to follow"
    SUBMIT_REVOCATION_LETTER = "the letter of revocation is submitted"
    DECIDE_TO_REVOKE = "the operator has the certificate revoked"
    REVOKE = "the certificate is revoked"
    KEEP = "the certificate is not revoked after all"
    MOVE = "it is to move to another account"
    SETTLE_ISSUED = "it has moved or stays, and its certificate is good"
    SETTLE_EXPIRED = "it has moved or stays, and its certificate has ended"
    SETTLE_REVOKED = "it has moved or stays, and its certificate was revoked"


S = Status
UNDER_WAY = frozenset({S.UNDER_REVIEW, S.RECORD_ADDED, S.REISSUING})
"""The CA has the order, and its names are being proved or its data vetted, or it is issued."""
LOOKED_FOR = UNDER_WAY | {S.REVOKING}
"""Names are looked for: for a certificate, or to have one revoked."""

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (S.AWAITING_MATERIAL, Event.SUBMIT_MATERIAL): S.AWAITING_MATERIAL,
    (S.FREE_AWAITING_MATERIAL, Event.SUBMIT_MATERIAL): S.FREE_AWAITING_MATERIAL,
    (S.AWAITING_MATERIAL, Event.SUBMIT_ORDER): S.UNDER_REVIEW,
    (S.FREE_AWAITING_MATERIAL, Event.SUBMIT_ORDER): S.UNDER_REVIEW,
    (S.AWAITING_MATERIAL, Event.SUBMIT_ORDER_WITH_RECORDS): S.RECORD_ADDED,
    (S.FREE_AWAITING_MATERIAL, Event.SUBMIT_ORDER_WITH_RECORDS): S.RECORD_ADDED,
    (S.AWAITING_MATERIAL, Event.SUBMIT_ORDER_WITH_LETTER): S.AWAITING_LETTER,
    (S.AWAITING_LETTER, Event.SUBMIT_LETTER): S.UNDER_REVIEW,
    (S.AWAITING_LETTER, Event.SUBMIT_LETTER_WITH_RECORDS): S.RECORD_ADDED,
    (S.AWAITING_MATERIAL, Event.CANCEL_ORDER): S.CANCELLED,
    (S.FREE_AWAITING_MATERIAL, Event.CANCEL_ORDER): S.CANCELLED,
    (S.UNDER_REVIEW, Event.CANCEL_ORDER): S.CANCELLED,
    (S.RECORD_ADDED, Event.CANCEL_ORDER): S.CANCELLED,
    (S.AWAITING_LETTER, Event.CANCEL_ORDER): S.CANCELLED,
    (S.REISSUING, Event.CANCEL_ORDER): S.CANCELLED,
    (S.AWAITING_MATERIAL, Event.CANCEL_ORDER_WITH_RECORDS): S.CANCELLING,
    (S.UNDER_REVIEW, Event.CANCEL_ORDER_WITH_RECORDS): S.CANCELLING,
    (S.RECORD_ADDED, Event.CANCEL_ORDER_WITH_RECORDS): S.CANCELLING,
    (S.AWAITING_LETTER, Event.CANCEL_ORDER_WITH_RECORDS): S.CANCELLING,
    (S.REISSUING, Event.CANCEL_ORDER_WITH_RECORDS): S.CANCELLING,
    (S.CANCELLING, Event.UNDO): S.CANCELLED,
    (S.UNDER_REVIEW, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.RECORD_ADDED, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.AWAITING_LETTER, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.REISSUING, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.REVIEW_FAILED, Event.RESUBMIT): S.AWAITING_MATERIAL,
    (S.CANCELLED, Event.RESUBMIT): S.AWAITING_MATERIAL,
    (S.REVIEW_FAILED, Event.REFUND): S.REFUNDED,
    (S.CANCELLED, Event.REFUND): S.REFUNDED,
    (S.UNDER_REVIEW, Event.REISSUE): S.REISSUING,
    (S.RECORD_ADDED, Event.REISSUE): S.REISSUING,
    (S.REISSUING, Event.PROVE_AGAIN): S.UNDER_REVIEW,
    (S.REISSUING, Event.PROVE_AGAIN_WITH_RECORDS): S.RECORD_ADDED,
    (S.UNDER_REVIEW, Event.FAIL): S.REVIEW_FAILED,
    (S.RECORD_ADDED, Event.FAIL): S.REVIEW_FAILED,
    (S.AWAITING_LETTER, Event.FAIL): S.REVIEW_FAILED,
    (S.REISSUING, Event.FAIL): S.REVIEW_FAILED,
    (S.UNDER_REVIEW, Event.ISSUE): S.ISSUED,
    (S.RECORD_ADDED, Event.ISSUE): S.ISSUED,
    (S.REISSUING, Event.ISSUE): S.ISSUED,
    (S.ISSUED, Event.EXPIRE): S.EXPIRED,
    (S.ISSUED, Event.ASK_TO_REVOKE): S.REVOKING,
    (S.ISSUED, Event.ASK_TO_REVOKE_WITH_LETTER): S.AWAITING_REVOCATION_LETTER,
    (S.AWAITING_REVOCATION_LETTER, Event.SUBMIT_REVOCATION_LETTER): S.REVOKING,
    (S.ISSUED, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.AWAITING_REVOCATION_LETTER, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.REVOKING, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.REVOKING, Event.REVOKE): S.REVOKED,
    (S.REVOKING, Event.KEEP): S.ISSUED,
    (S.AWAITING_REVOCATION_LETTER, Event.KEEP): S.ISSUED,
    (S.ISSUED, Event.MOVE): S.MIGRATING,
    (S.EXPIRED, Event.MOVE): S.MIGRATING,
    (S.REVOKED, Event.MOVE): S.MIGRATING,
    (S.MIGRATING, Event.SETTLE_ISSUED): S.ISSUED,
    (S.MIGRATING, Event.SETTLE_EXPIRED): S.EXPIRED,
    (S.MIGRATING, Event.SETTLE_REVOKED): S.REVOKED,
}

SETTLING = {
    S.ISSUED: Event.SETTLE_ISSUED,
    S.EXPIRED: Event.SETTLE_EXPIRED,
    S.REVOKED: Event.SETTLE_REVOKED,
}
"""What ends a move of an order, by where it stood before."""

BOUGHT_ONLY = {
    Event.RESUBMIT: ("ask for another", "apply for another"),
    Event.REFUND: ("nothing was paid for it", "nothing was paid for it"),
}
"""What never happens to a reissue or to a free order, with what is to be told of each instead.

ModifyCertificateResubmit is for paid orders.
"""

TAKES_MATERIAL = frozenset({S.AWAITING_MATERIAL, S.FREE_AWAITING_MATERIAL})
"""Where material is handed in, and what was handed in is shown."""

REISSUES_ONLY = frozenset({Event.REISSUE, Event.PROVE_AGAIN, Event.PROVE_AGAIN_WITH_RECORDS})
"""What happens to no order but one that replaces another's certificate."""

GIVEN_UP = frozenset({S.REVIEW_FAILED, S.CANCELLED, S.REFUNDED})
"""Where an order stands that came to nothing."""

DELETABLE = frozenset({S.REVIEW_FAILED, S.EXPIRED, S.CANCELLED, S.REVOKED, S.REFUNDED})
"""Where DeleteCertificate removes an order; an uploaded certificate it removes anywhere."""

LIVING = tuple(status for status in Status if status not in DELETABLE)
"""Where a free order counts towards what an account may have of them."""


WILD = "*."
"""What a wildcard begins with."""

SERVER, CA = "SVR", "CA"
"""The types of certificates (CertificateType); a CA's is for checking clients."""

EXPIRES_SOON = timedelta(days=30)


class IllegalTransition(Exception):
    """The order's status does not allow what was asked."""

    def __init__(self, status: Status, event: Event, reason: str = "") -> None:
        """Say in which status the order stands, what could not happen, and why else."""
        self.status = status
        self.event = event
        text = f"The order stands at status {status.told}."
        super().__init__(f"{text} {reason}" if reason else text)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One certificate bought: its product, how far it has come, and its current submission.

    Or one that was uploaded, with `product_id` `UPLOADED`, no years, no deal and no submission;
    then names, key and times are the certificate's own. `certificate_type` is `SERVER` or `CA`.

    `time_span` is in years; `submission` is the number of the submission in force (0: none), and
    the fields from `domain` to `manager_id` are what lists show of it: names as they were typed,
    `holder` as in `Material`, `key` as in `Submission`, `key_pass` whether there is one,
    `key_kept` whether the desk has the private key. `root_known` is whether it has the root of the
    certificate's chain.
    Of an order whose names the desk proves by records that it adds, `delete_record` is whether
    they are to be removed when the certificate is issued.
    `attempt` counts the order's submissions to the CA (0: none); `issuer` (the CA's name),
    `order_id` and `ordered_at` are the last one's, and at `deadline` it is closed if its names are
    not proved by then.
    Of a free order, which has no years, `registrable` is the registrable domain of its name, and
    `renews` the certificate id of the order that it renews, if any. A reissue `replaces` another
    order's certificate. `renewed_by` and `replaced_by` are the same links from the other end: to
    the last that was asked for. Warnings of the end of a `muted` one are not wanted.
    `revocation` numbers what was published or uploaded for the last request to revoke the
    certificate, on from `attempt` (0: none was made); `revocation_reason` is that one's `Reason`,
    until `deadline` it may be proved, and `revoked_at` is when the certificate was revoked.
    `said` is why its owner asked for that, or for this reissue, in the owner's own words.
    `begins_at` and `ends_at` are the certificate's own, once there is one, and `ends_by` is then
    the end of the time that was bought, which no reissue outlasts: it has that from the original.
    The desk makes the successor of a `hosted` certificate by itself; when that was issued is
    `succeeded_at`, and the successor is `by_desk`.
    One that moves to another account stands at `MIGRATING` meanwhile: it goes to `moves_to`, and
    `returns_to` is where it stood before.
    `origins` are the ids of all certificates that this one comes from, and `home_projects` the
    projects that its secrets belong to, where that is not its own project alone
    (`domain/derivation.py`).
    `version` grows with every stored change and guards against lost updates. `number` is given by
    the store: orders count up from 1 as they are bought, whoever buys them.
    """

    certificate_id: Code
    uin: Code
    product_id: int
    certificate_type: Code = SERVER
    domain_num: int
    time_span: int
    status: Status
    status_msg: Words | None = None
    project_id: int = 0
    alias: Words = ""
    auto_renew: bool = False
    deal_id: Code
    tags: tuple[tuple[Words, Words], ...] = ()
    muted: bool = False
    hosted: bool = False
    succeeded_at: datetime | None = None
    by_desk: bool = False
    submission: int = 0
    domain: Lasting | None = None
    names: tuple[Lasting, ...] = ()
    holder: int | None = None
    verify_type: Code | None = None
    delete_record: bool = False
    key: Code | None = None
    key_pass: bool = False
    key_kept: bool = False
    root_known: bool = False
    manager_id: int | None = None
    registrable: Code | None = None
    renews: Code | None = None
    renewed_by: Code | None = None
    replaces: Code | None = None
    replaced_by: Code | None = None
    ends_by: datetime | None = None
    attempt: int = 0
    issuer: Code | None = None
    order_id: Code | None = None
    ordered_at: datetime | None = None
    deadline: datetime | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    revocation: int = 0
    revocation_reason: Code | None = None
    said: Words = ""
    revoked_at: datetime | None = None
    moves_to: Code | None = None
    returns_to: Status | None = None
    origins: tuple[Code, ...] = ()
    home_projects: tuple[int, ...] = ()
    created_at: datetime
    version: int = 1
    number: int = dataclasses.field(default=0, compare=False)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names to be certified, the main one first."""
        return () if self.domain is None else (self.domain, *self.names)

    @property
    def ascii_names(self) -> tuple[str, ...]:
        """The names in their normal form, each once.

        Those of an uploaded certificate may be no domain names, and are as they stand in it.
        """
        return tuple(dict.fromkeys(map(normal_form, self.all_names)))

    def expires_soon(self, now: datetime) -> bool:
        """Whether the certificate ends within 30 days (Certificates.IsExpiring)."""
        if self.status is not Status.ISSUED or self.ends_at is None:
            return False
        return now <= self.ends_at <= now + EXPIRES_SOON

    def renewable(self, now: datetime) -> bool:
        """Whether another certificate for one of its names can be ordered as its renewal now.

        That is what ApplyCertificate does, which is not for wildcards (Certificates.RenewAble).
        """
        return self.certificate_type == SERVER and self.plain and self.expires_soon(now)

    @property
    def plain(self) -> bool:
        """Whether one of its names is no wildcard."""
        return any(not name.startswith(WILD) for name in self.all_names)

    @property
    def uploaded(self) -> bool:
        """Whether the certificate was made elsewhere and only kept here."""
        return self.product_id == UPLOADED

    @property
    def reissue(self) -> bool:
        """Whether it replaces another order's certificate, be that in another account by now.

        Such an order has the end of the time that was bought before it has a certificate.
        """
        return self.replaces is not None or (self.ends_by is not None and self.begins_at is None)

    @property
    def adds_records(self) -> bool:
        """Whether the desk proves the names by DNS records that it adds by itself."""
        return self.verify_type == DNS_AUTO

    @property
    def proving(self) -> int:
        """The attempt whose proofs count: the order's own, or that of a revocation in progress."""
        return self.revocation if self.status is Status.REVOKING else self.attempt

    def after(self, event: Event, status_msg: str | None = None) -> Order:
        """Give the order as it stands after `event`, and what it waits for or why it failed.

        Raises:
            IllegalTransition: the table has no such step, or none for such an order.
        """
        target = TRANSITIONS.get((self.status, event))
        if target is None:
            raise IllegalTransition(self.status, event)
        if event in REISSUES_ONLY and self.replaces is None:
            raise IllegalTransition(self.status, event, "It is no reissue.")
        if event in BOUGHT_ONLY and self.reissue:
            raise IllegalTransition(
                self.status, event, f"It is a reissue: {BOUGHT_ONLY[event][0]}."
            )
        if event in BOUGHT_ONLY and self.product_id == FREE:
            raise IllegalTransition(
                self.status, event, f"It is a free one: {BOUGHT_ONLY[event][1]}."
            )
        return dataclasses.replace(self, status=target, status_msg=status_msg)

    def to_be_issued(self) -> Order:
        """Give the order, which is under way, when nobody but the CA has anything to do any more.

        A reissue stands at a status of its own from then on.
        """
        if self.replaces is not None and self.status is not Status.REISSUING:
            return self.after(Event.REISSUE, StatusMessage.WAIT_ISSUE)
        return dataclasses.replace(self, status_msg=StatusMessage.WAIT_ISSUE)

    def to_be_proved_again(self) -> Order:
        """Give the order, which was to be issued, after the proof of a name became too old."""
        if self.status is Status.REISSUING:
            auto = self.adds_records
            event = Event.PROVE_AGAIN_WITH_RECORDS if auto else Event.PROVE_AGAIN
            return self.after(event, StatusMessage.PENDING_DCV)
        return dataclasses.replace(self, status_msg=StatusMessage.PENDING_DCV)

    def issued(self, begins_at: datetime, ends_at: datetime) -> Order:
        """Give the order after its certificate was issued, which is valid from when to when.

        The first one of all sets the end of the time that was bought.

        Raises:
            IllegalTransition: the order is not with the CA.
        """
        bought = max(ends_at, years_later(begins_at, self.time_span))
        return dataclasses.replace(
            self.after(Event.ISSUE),
            begins_at=begins_at,
            ends_at=ends_at,
            ends_by=self.ends_by or bought,
        )

    def submitted(
        self,
        event: Event,
        *,
        issuer: str,
        order_id: str,
        verify_type: str,
        now: datetime,
    ) -> Order:
        """Give the order after it was submitted to the CA; this is its next attempt.

        What it waits for then, and until when, is yet to be said.

        Raises:
            IllegalTransition: `event` cannot happen to it now.
        """
        return dataclasses.replace(
            self.after(event),
            attempt=self.attempt + 1,
            issuer=issuer,
            order_id=order_id,
            verify_type=verify_type,
            ordered_at=now,
            deadline=None,
        )

    def asked_back(
        self,
        event: Event,
        *,
        reason: str,
        said: str = "",
        deadline: datetime | None,
        status_msg: str | None = None,
    ) -> Order:
        """Give the order after its certificate is to be revoked; this is the next such request.

        Raises:
            IllegalTransition: `event` cannot happen to it now.
        """
        return dataclasses.replace(
            self.after(event, status_msg),
            revocation=max(self.attempt, self.revocation) + 1,
            revocation_reason=reason,
            said=said,
            deadline=deadline,
        )

    def kept(self, status_msg: str) -> Order:
        """Give the order after its certificate is not revoked after all, and why not.

        Raises:
            IllegalTransition: it was not to be revoked.
        """
        return dataclasses.replace(self.after(Event.KEEP, status_msg), deadline=None)

    @property
    def moving(self) -> bool:
        """Whether it is on its way to another account, so that nothing else happens to it."""
        return self.status is Status.MIGRATING

    def sent_to(self, uin: str) -> Order:
        """Give the order as it is while it moves to an account.

        Raises:
            IllegalTransition: it does not move from where it stands.
        """
        sent = self.after(Event.MOVE, self.status_msg)
        return dataclasses.replace(sent, moves_to=uin, returns_to=self.status)

    def left_here(self) -> Order:
        """Give the order as it stood before it was to move.

        Raises:
            IllegalTransition: it was not to.
        """
        if self.returns_to is None:
            raise IllegalTransition(self.status, Event.SETTLE_ISSUED)
        back = self.after(SETTLING[self.returns_to], self.status_msg)
        return dataclasses.replace(back, moves_to=None, returns_to=None)

    def moved(self) -> Order:
        """Give the order as it is in the account that it was to move to.

        Of the other account's projects, managers and orders it knows nothing there.

        Raises:
            IllegalTransition: it was not to move.
        """
        return dataclasses.replace(
            self.left_here(),
            uin=self.moves_to or self.uin,
            project_id=0,
            home_projects=(),
            manager_id=None,
            renews=None,
            renewed_by=None,
            replaces=None,
            replaced_by=None,
            said="",
        )

    def without(self, other_id: str) -> Order:
        """Give the order without its links to another one."""
        return dataclasses.replace(
            self,
            renews=None if self.renews == other_id else self.renews,
            renewed_by=None if self.renewed_by == other_id else self.renewed_by,
            replaces=None if self.replaces == other_id else self.replaces,
            replaced_by=None if self.replaced_by == other_id else self.replaced_by,
        )


def years_later(begin: datetime, years: int) -> datetime:
    """Give the same time of day so many calendar years later; after 29 February, 28 February."""
    try:
        return begin.replace(year=begin.year + years)
    except ValueError:
        return begin.replace(year=begin.year + years, day=28)


def new_certificate_id(rng: random.Random) -> str:
    """Draw a certificate id: 8 characters of A-Z, a-z, 0-9."""
    return letters(rng, 8)


def new_order_id(rng: random.Random) -> str:
    """Draw the number of an order at the CA in the vendor's shape: 8 characters, `_`, 8 more."""
    return f"{letters(rng, 8)}_{letters(rng, 8)}"


def new_deal_id(rng: random.Random, now: datetime) -> str:
    """Draw a deal number in the vendor's shape: 23 digits that begin with the day."""
    return f"{now:%Y%m%d}{rng.randrange(10**15):015d}"
