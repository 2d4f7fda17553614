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


class Event(enum.Enum):
    """What can happen to an order."""

    SUBMIT_MATERIAL = "the material is submitted"
    CANCEL_ORDER = "the order is cancelled"


TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.AWAITING_MATERIAL, Event.SUBMIT_MATERIAL): Status.AWAITING_MATERIAL,
    (Status.FREE_AWAITING_MATERIAL, Event.SUBMIT_MATERIAL): Status.FREE_AWAITING_MATERIAL,
    (Status.AWAITING_MATERIAL, Event.CANCEL_ORDER): Status.CANCELLED,
}


EXPIRES_SOON = timedelta(days=30)


class IllegalTransition(Exception):
    """The order's status does not allow what was asked."""

    def __init__(self, status: Status, event: Event) -> None:
        """Say in which status the order stands and what could not happen."""
        self.status = status
        self.event = event
        name = STATUS_NAMES[status]
        super().__init__(f"The order stands at status {status.value} ({name}).")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One certificate bought: its product, how far it has come, and its current submission.

    `time_span` is in years; `submission` is the number of the submission in force (0: none), and
    the fields from `domain` to `manager_id` are what lists show of it: names as they were typed,
    `holder` as in `Material`, `key` as in `Submission`, `key_pass` whether there is one.
    `attempt` counts the order's submissions to the CA (0: none); `order_id` and `ordered_at` are
    the last one's, and at `deadline` it is closed if its names are not proved by then.
    `begins_at` and `ends_at` are the certificate's own, once there is one. `version` grows with
    every stored change and guards against lost updates. `number` is given by the store: orders
    count up from 1 as they are bought, whoever buys them.
    """

    certificate_id: str
    uin: str
    product_id: int
    domain_num: int
    time_span: int
    status: Status
    status_msg: str | None = None
    project_id: int = 0
    alias: str = ""
    auto_renew: bool = False
    deal_id: str
    tags: tuple[tuple[str, str], ...] = ()
    submission: int = 0
    domain: str | None = None
    names: tuple[str, ...] = ()
    holder: int | None = None
    verify_type: str | None = None
    key: str | None = None
    key_pass: bool = False
    manager_id: int | None = None
    attempt: int = 0
    order_id: str | None = None
    ordered_at: datetime | None = None
    deadline: datetime | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    created_at: datetime
    version: int = 1
    number: int = dataclasses.field(default=0, compare=False)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names to be certified, the main one first."""
        return () if self.domain is None else (self.domain, *self.names)

    def expires_soon(self, now: datetime) -> bool:
        """Whether the certificate ends within 30 days (Certificates.IsExpiring)."""
        if self.status is not Status.ISSUED or self.ends_at is None:
            return False
        return now <= self.ends_at <= now + EXPIRES_SOON

    def after(self, event: Event) -> Order:
        """Give the order as it stands after `event`.

        Raises:
            IllegalTransition: the table has no such step.
        """
        target = TRANSITIONS.get((self.status, event))
        if target is None:
            raise IllegalTransition(self.status, event)
        return dataclasses.replace(self, status=target)


def new_certificate_id(rng: random.Random) -> str:
    """Draw a certificate id: 8 characters of A-Z, a-z, 0-9."""
    return letters(rng, 8)


def new_deal_id(rng: random.Random, now: datetime) -> str:
    """Draw a deal number in the vendor's shape: 23 digits that begin with the day."""
    return f"{now:%Y%m%d}{rng.randrange(10**15):015d}"
