"""An order: what was bought, and how far it has come (`domain/orders/lifecycle.py`)."""

from __future__ import annotations

import enum
import random
from datetime import datetime, timedelta

from certdesk.domain.accounts.account import letters
from certdesk.domain.orders.lifecycle import (
    BOUGHT_ONLY,
    HOLD_STAGES,
    HOLDS,
    ON_HOLD,
    STAGES,
    TRANSITIONS,
    VETTING,
    WAIT_STAGES,
    WAITS,
    Event,
    Hold,
    HoldEvent,
    IllegalTransition,
    Stage,
    Status,
    StatusMessage,
    WaitEvent,
    status_of,
)
from certdesk.domain.values.free_text import Code, Lasting, Words
from certdesk.domain.values.names import normal_form
from certdesk.domain.values.products import DNS_AUTO, FREE, UPLOADED
from certdesk.domain.values.record import Record, replace

WILD = "*."
"""The beginning of a wildcard."""

SERVER, CA = "SVR", "CA"
"""The types of certificates (CertificateType); a CA's is for checking clients."""

EXPIRES_SOON = timedelta(days=30)


class Explanation(Record):
    """Why an order failed or was refunded, or why its certificate is or is not revoked.

    This is a type of its own because the text is for people: mypy refuses to compare it with
    anything that decides what comes next.
    """

    text: Words


class Decider(enum.Enum):
    """Who had a certificate revoked."""

    OWNER = "owner"
    OPERATOR = "operator"
    DESK = "desk"
    """The desk, because others know its private key."""


class Revocation(Record):
    """The last request to revoke an order's certificate.

    `number` continues the count of the order's attempts, so that a proof for one is never a proof
    for the other. `reason` is a `Reason` of `domain/values/revocation_reason.py`.
    """

    number: int
    reason: Code
    decided_by: Decider
    revoked_at: datetime | None = None


class Move(Record):
    """A move to another account that has begun: the account, and the stage that the move hides."""

    to: Code
    stage: Stage


class Order(Record, kw_only=True):
    """One certificate that was bought: its product, its state, and its current submission.

    Or one that was uploaded, with `product_id` `UPLOADED`, no years, no deal and no submission;
    then names, key and times are the certificate's own. `certificate_type` is `SERVER` or `CA`.

    `time_span` is in years. `submission` is the number of the submission in force (0: none), and
    the fields from `domain` to `manager_id` are what lists show of it: names as they were typed,
    `holder` as in `Material`, `key` as in `Submission`, `key_pass` whether there is one, `key_kept`
    whether the desk has the private key. `root_known` is whether it has the root of the
    certificate's chain.

    If the desk proves the names by DNS records that it adds, `delete_record` is whether it removes
    them when the certificate is issued.

    `attempt` counts the order's submissions to the CA (0: none). `issuer` (the CA's name),
    `order_id` and `ordered_at` are those of the last one. At `deadline` the order is closed if its
    names are not proved by then.

    A free order has no years: `registrable` is the registrable domain of its name, and `renews` the
    certificate id of the order that it renews, if any. A reissue `replaces` another order's
    certificate. `renewed_by` and `replaced_by` are the same links from the other end, to the last
    order of that kind. If it is `muted`, its owner wants no warnings of its end.

    `status` is what the wire shows of the order's state (`lifecycle.status_of`). `waits_for` is
    what has to happen next; `asked` is whether reviewers wait for the owner's answer. `reason`
    explains the state where that needs words. The names of a requested `revocation` may be proved
    until `deadline`. `owner_comment` is why the owner asked for that, or for this reissue, in the
    owner's own words.

    `begins_at` and `ends_at` are the certificate's own, once there is one. `ends_by` is then the
    end of the time that was bought, which no reissue outlasts: it has that from the original. The
    desk makes the successor of a `hosted` certificate by itself; `succeeded_at` is when that was
    issued, and the successor is `by_desk`.

    `move` is set while the order moves to another account.

    `origins` are the ids of all certificates that this one comes from. `home_projects` are the
    projects that its secrets belong to, if not its own project alone
    (`domain/orders/derivation.py`).

    `version` grows with every stored change and guards against lost updates. The store assigns
    `number`: orders of all accounts count up from 1 as they are bought.
    """

    certificate_id: Code
    uin: Code
    product_id: int
    certificate_type: Code = SERVER
    domain_num: int
    time_span: int
    status: Status
    waits_for: StatusMessage | None = None
    asked: bool = False
    reason: Explanation | None = None
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
    revocation: Revocation | None = None
    owner_comment: Words = ""
    move: Move | None = None
    origins: tuple[Code, ...] = ()
    home_projects: tuple[int, ...] = ()
    created_at: datetime
    version: int = 1
    number: int = 0

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names to be certified, the main one first."""
        return () if self.domain is None else (self.domain, *self.names)

    @property
    def ascii_names(self) -> tuple[str, ...]:
        """The names in their normal form, each once.

        The names of an upload may not be domain names; these are as they stand in the certificate.
        """
        return tuple(dict.fromkeys(map(normal_form, self.all_names)))

    def expires_soon(self, now: datetime) -> bool:
        """Whether the certificate ends within 30 days (Certificates.IsExpiring)."""
        if self.status is not Status.ISSUED or self.ends_at is None:
            return False
        return now <= self.ends_at <= now + EXPIRES_SOON

    def renewable(self, now: datetime) -> bool:
        """Whether another certificate for one of its names can be ordered as its renewal now.

        ApplyCertificate does that, and it does not take wildcards (Certificates.RenewAble).
        """
        return self.certificate_type == SERVER and self.plain and self.expires_soon(now)

    @property
    def plain(self) -> bool:
        """Whether one of its names is not a wildcard."""
        return any(not name.startswith(WILD) for name in self.all_names)

    @property
    def uploaded(self) -> bool:
        """Whether the certificate was made elsewhere and uploaded."""
        return self.product_id == UPLOADED

    @property
    def reissue(self) -> bool:
        """Whether it replaces another order's certificate, even one in another account by now.

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
        if self.status is Status.REVOKING:
            return 0 if self.revocation is None else self.revocation.number
        return self.attempt

    @property
    def stage(self) -> Stage:
        """How far the order has come; a move hides that on the wire, and remembers it."""
        return STAGES[self.status] if self.move is None else self.move.stage

    @property
    def hold(self) -> Hold | None:
        """The work of the desk that has to end before anything else happens to the order."""
        return ON_HOLD.get(self.status)

    @property
    def moving(self) -> bool:
        """Whether it is moving to another account, so that nothing else happens to it."""
        return self.hold is Hold.MOVE

    @property
    def headed_for(self) -> str:
        """The account that it moves to, or else the one that it is in."""
        return self.uin if self.move is None else self.move.to

    def after(self, event: Event, reason: str = "") -> Order:
        """Return the order after `event`, waiting for nothing yet, with the reason.

        Raises:
            IllegalTransition: the table has no such step, or none for such an order.
        """
        stage = None if self.hold else TRANSITIONS.get((self.stage, event))
        if stage is None:
            raise IllegalTransition(self.status, event)
        if event in BOUGHT_ONLY and self.reissue:
            raise IllegalTransition(
                self.status, event, f"It is a reissue, so {BOUGHT_ONLY[event][0]}."
            )
        if event in BOUGHT_ONLY and self.product_id == FREE:
            raise IllegalTransition(
                self.status, event, f"It is a free order, so {BOUGHT_ONLY[event][1]}."
            )
        return replace(
            self,
            status=self._status_at(stage),
            waits_for=None,
            asked=False,
            reason=Explanation(reason) if reason else None,
        )

    def waiting(self, event: WaitEvent) -> Order:
        """Return the order with what it waits for after `event`.

        Raises:
            IllegalTransition: its wait does not change like this, or not at its stage.
        """
        step = (self.waits_for, event)
        if self.hold or step not in WAITS or self.stage not in WAIT_STAGES[event]:
            raise IllegalTransition(self.status, event)
        waits_for = WAITS[step]
        status = self._status_at(self.stage, waits_for)
        asked = self.asked and waits_for in VETTING
        return replace(self, status=status, waits_for=waits_for, asked=asked)

    def questioned(self, *, asked: bool) -> Order:
        """Return the order with whether reviewers wait for an answer; only one in vetting can."""
        return replace(self, asked=asked and self.waits_for in VETTING)

    def held(self, event: HoldEvent) -> Order:
        """Return the order after work of the desk began or ended.

        Raises:
            IllegalTransition: that does not begin or end at its stage.
        """
        step = (self.hold, event)
        if step not in HOLDS or self.stage not in HOLD_STAGES[event]:
            raise IllegalTransition(self.status, event)
        status = self._status_at(self.stage, self.waits_for, HOLDS[step])
        return replace(self, status=status)

    def _status_at(
        self, stage: Stage, waits_for: StatusMessage | None = None, hold: Hold | None = None
    ) -> Status:
        return status_of(
            stage,
            waits_for,
            hold,
            free=self.product_id == FREE,
            adds_records=self.adds_records,
            reissue=self.reissue,
        )

    def issued(self, begins_at: datetime, ends_at: datetime) -> Order:
        """Return the order after its certificate was issued, with the times of its validity.

        The first certificate sets the end of the time that was bought.

        Raises:
            IllegalTransition: the order is not with the CA.
        """
        bought = max(ends_at, years_later(begins_at, self.time_span))
        return replace(
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
        """Return the order after it was submitted to the CA; this is its next attempt.

        The caller then sets what it waits for, and until when.

        Raises:
            IllegalTransition: `event` cannot happen to it now.
        """
        sent = replace(
            self,
            attempt=self.attempt + 1,
            issuer=issuer,
            order_id=order_id,
            verify_type=verify_type,
            ordered_at=now,
            deadline=None,
        )
        return sent.after(event)


def years_later(begin: datetime, years: int) -> datetime:
    """Return the same time of day some calendar years later; for 29 February, 28 February."""
    try:
        return begin.replace(year=begin.year + years)
    except ValueError:
        return begin.replace(year=begin.year + years, day=28)


def new_certificate_id(rng: random.Random) -> str:
    """Return a random certificate id: 8 characters of A-Z, a-z, 0-9."""
    return letters(rng, 8)


def new_order_id(rng: random.Random) -> str:
    """Return a random order number in the vendor's format: 8 characters, `_`, 8 more."""
    return f"{letters(rng, 8)}_{letters(rng, 8)}"


def new_deal_id(rng: random.Random, now: datetime) -> str:
    """Return a random deal number in the vendor's format: 23 digits that begin with the day."""
    return f"{now:%Y%m%d}{rng.randrange(10**15):015d}"
