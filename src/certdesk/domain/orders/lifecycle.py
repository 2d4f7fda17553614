"""The states of an order, and the events that take it from one state to the next.

An order's state has three parts, and each part is a small machine with a table of its own:

- its *stage* (`Stage`, `TRANSITIONS`): how far the order has come, from bought to revoked;
- what it *waits for* (`StatusMessage`, `WAITS`): what has to happen before the next stage;
- a *hold* (`Hold`, `HOLDS`): work of the desk that nothing may disturb.

Three rules join the machines:

1. An event of the stage ends every wait: what the order waits for next is an event of its own.
   At UNDER_WAY an order always waits for something, so there both are one commit.
2. A wait belongs to certain stages (`WAIT_STAGES`), and a hold begins at certain ones
   (`HOLD_STAGES`).
3. While a hold lasts, neither the stage nor the wait changes.

The wire knows one number, `Status`. It is derived (`status_of`), so it is never decided twice:
two stages look different for free orders, for names that the desk proves by itself, and for
reissues, and a hold has a number of its own.

Not in the tables, on purpose:

- A record that is removed again while people review the order is not an event. Whether a
  name is proved is read from its proof; the order leaves PENDING_DCV when all are.
- Vetting that ends before the order is issued is no event either. It is checked when the CA would
  be asked, and the order fails then.
- An order does not go back from a letter to its material. It is cancelled and opened again.
- A blocked key does not move an order whose certificate is there: it is revoked by
  DECIDE_TO_REVOKE, and only if others know the key.
- An expired certificate is not revoked, and a revoked one does not expire.
- Deleting an order removes it with its state.

Names may be proved before there is a CSR, which is the order of things in RFC 8555 (7.4): such an
order waits for PENDING_DCV at AWAITING_MATERIAL, for nothing once they are proved
(AWAIT_MATERIAL), and is to be issued as soon as it is submitted (NAMES_PROVED).

>>> TRANSITIONS[Stage.UNDER_WAY, Event.ISSUE]
<Stage.ISSUED: 'issued'>
>>> WAITS[StatusMessage.PENDING_DCV, WaitEvent.NAMES_PROVED]
<StatusMessage.WAIT_ISSUE: 'WAIT-ISSUE'>
"""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """The wire's status numbers (Certificates.Status)."""

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
    def in_words(self) -> str:
        """Its number and name, as messages show it."""
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


class Stage(enum.Enum):
    """How far an order has come."""

    AWAITING_MATERIAL = "awaiting material"
    AWAITING_LETTER = "awaiting letter"
    UNDER_WAY = "under way"
    """The CA has the order: names are being proved, people vet it, or it is being issued."""

    REVIEW_FAILED = "review failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    ISSUED = "issued"
    EXPIRED = "expired"
    AWAITING_REVOCATION_LETTER = "awaiting revocation letter"
    REVOKING = "revoking"
    REVOKED = "revoked"


class Event(enum.Enum):
    """What takes an order to a stage."""

    SUBMIT_MATERIAL = "the material is submitted"
    SUBMIT_ORDER = "the order is submitted to the CA"
    SUBMIT_ORDER_WITH_LETTER = "the order is submitted, and a letter has to follow"
    SUBMIT_LETTER = "the letter is submitted"
    CANCEL_ORDER = "the order is cancelled"
    CANCEL_AUDIT = "the review is cancelled"
    RESUBMIT = "the order is opened again"
    REFUND = "the order is refunded"
    FAIL = "the review fails"
    ISSUE = "the certificate is issued"
    EXPIRE = "the certificate ends"
    ASK_TO_REVOKE = "its owner asks to revoke the certificate"
    ASK_TO_REVOKE_WITH_LETTER = "its owner asks to revoke it, and a letter has to follow"
    SUBMIT_REVOCATION_LETTER = "the letter of revocation is submitted"
    DECIDE_TO_REVOKE = "the operator or the desk has the certificate revoked"
    REVOKE = "the certificate is revoked"
    KEEP = "the certificate is not revoked after all"


S = Stage
TRANSITIONS: dict[tuple[Stage, Event], Stage] = {
    (S.AWAITING_MATERIAL, Event.SUBMIT_MATERIAL): S.AWAITING_MATERIAL,
    (S.AWAITING_MATERIAL, Event.SUBMIT_ORDER): S.UNDER_WAY,
    (S.AWAITING_MATERIAL, Event.SUBMIT_ORDER_WITH_LETTER): S.AWAITING_LETTER,
    (S.AWAITING_MATERIAL, Event.CANCEL_ORDER): S.CANCELLED,
    (S.AWAITING_LETTER, Event.SUBMIT_LETTER): S.UNDER_WAY,
    (S.AWAITING_LETTER, Event.CANCEL_ORDER): S.CANCELLED,
    (S.AWAITING_LETTER, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.AWAITING_LETTER, Event.FAIL): S.REVIEW_FAILED,
    (S.UNDER_WAY, Event.CANCEL_ORDER): S.CANCELLED,
    (S.UNDER_WAY, Event.CANCEL_AUDIT): S.CANCELLED,
    (S.UNDER_WAY, Event.FAIL): S.REVIEW_FAILED,
    (S.UNDER_WAY, Event.ISSUE): S.ISSUED,
    (S.REVIEW_FAILED, Event.RESUBMIT): S.AWAITING_MATERIAL,
    (S.REVIEW_FAILED, Event.REFUND): S.REFUNDED,
    (S.CANCELLED, Event.RESUBMIT): S.AWAITING_MATERIAL,
    (S.CANCELLED, Event.REFUND): S.REFUNDED,
    (S.ISSUED, Event.EXPIRE): S.EXPIRED,
    (S.ISSUED, Event.ASK_TO_REVOKE): S.REVOKING,
    (S.ISSUED, Event.ASK_TO_REVOKE_WITH_LETTER): S.AWAITING_REVOCATION_LETTER,
    (S.ISSUED, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.AWAITING_REVOCATION_LETTER, Event.SUBMIT_REVOCATION_LETTER): S.REVOKING,
    (S.AWAITING_REVOCATION_LETTER, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.AWAITING_REVOCATION_LETTER, Event.KEEP): S.ISSUED,
    (S.REVOKING, Event.DECIDE_TO_REVOKE): S.REVOKING,
    (S.REVOKING, Event.REVOKE): S.REVOKED,
    (S.REVOKING, Event.KEEP): S.ISSUED,
}

BOUGHT_ONLY = {
    Event.RESUBMIT: ("ask for another reissue", "apply for a new one"),
    Event.REFUND: ("nothing was paid for it", "nothing was paid for it"),
}
"""Events of paid orders alone, with what to do instead for a reissue and for a free order.

ModifyCertificateResubmit is for paid orders.
"""


class StatusMessage(enum.Enum):
    """What an order waits for, as the wire shows it (Certificates.StatusMsg)."""

    PRE_REVIEWING = "PRE-REVIEWING"
    LEGAL_REVIEWING = "LEGAL-REVIEWING"
    CA_REVIEWING = "CA-REVIEWING"
    PENDING_DCV = "PENDING-DCV"
    WAIT_ISSUE = "WAIT-ISSUE"


class WaitEvent(enum.Enum):
    """What changes what an order waits for."""

    VET_MANAGER = "a reviewer must vet its manager first"
    VET_ORDER = "a reviewer must look at it"
    MANAGER_VETTED = "its manager was vetted"
    FIRST_APPROVAL = "one of two reviewers approved it"
    PROVE = "it needs no review, and its names must be validated"
    NAMES_PROVED = "its names are validated, and only the CA still has work to do"
    PROOF_TOO_OLD = "the validation of a name became too old before the desk asked the CA"
    AWAIT_MATERIAL = "its names are validated, but it has no CSR yet"
    NOT_PROVED = "its names were not validated in time, and it has no CSR"
    GRANT = "the reviewers agreed to revoke its certificate"


W = StatusMessage
WAITS: dict[tuple[StatusMessage | None, WaitEvent], StatusMessage | None] = {
    (None, WaitEvent.VET_MANAGER): W.PRE_REVIEWING,
    (None, WaitEvent.VET_ORDER): W.LEGAL_REVIEWING,
    (None, WaitEvent.PROVE): W.PENDING_DCV,
    (None, WaitEvent.NAMES_PROVED): W.WAIT_ISSUE,
    (W.PRE_REVIEWING, WaitEvent.MANAGER_VETTED): W.LEGAL_REVIEWING,
    (W.LEGAL_REVIEWING, WaitEvent.FIRST_APPROVAL): W.CA_REVIEWING,
    (W.LEGAL_REVIEWING, WaitEvent.PROVE): W.PENDING_DCV,
    (W.LEGAL_REVIEWING, WaitEvent.GRANT): None,
    (W.CA_REVIEWING, WaitEvent.PROVE): W.PENDING_DCV,
    (W.PENDING_DCV, WaitEvent.NAMES_PROVED): W.WAIT_ISSUE,
    (W.PENDING_DCV, WaitEvent.AWAIT_MATERIAL): None,
    (W.PENDING_DCV, WaitEvent.NOT_PROVED): None,
    (W.WAIT_ISSUE, WaitEvent.NAMES_PROVED): W.WAIT_ISSUE,
    (W.WAIT_ISSUE, WaitEvent.PROOF_TOO_OLD): W.PENDING_DCV,
}

WAIT_STAGES: dict[WaitEvent, frozenset[Stage]] = {
    WaitEvent.VET_MANAGER: frozenset({S.UNDER_WAY}),
    WaitEvent.VET_ORDER: frozenset({S.UNDER_WAY, S.REVOKING}),
    WaitEvent.MANAGER_VETTED: frozenset({S.UNDER_WAY}),
    WaitEvent.FIRST_APPROVAL: frozenset({S.UNDER_WAY}),
    WaitEvent.PROVE: frozenset({S.AWAITING_MATERIAL, S.UNDER_WAY, S.REVOKING}),
    WaitEvent.NAMES_PROVED: frozenset({S.UNDER_WAY}),
    WaitEvent.PROOF_TOO_OLD: frozenset({S.UNDER_WAY}),
    WaitEvent.AWAIT_MATERIAL: frozenset({S.AWAITING_MATERIAL}),
    WaitEvent.NOT_PROVED: frozenset({S.AWAITING_MATERIAL}),
    WaitEvent.GRANT: frozenset({S.REVOKING}),
}
"""The stages at which a wait may change like this."""

VETTING = frozenset({W.PRE_REVIEWING, W.LEGAL_REVIEWING, W.CA_REVIEWING})
"""People look at the order."""


class Hold(enum.Enum):
    """Work of the desk's own that has to end before anything else happens to an order."""

    CLEANUP = "DNS records that the desk added are being removed"
    MOVE = "it is being handed over to another account"


class HoldEvent(enum.Enum):
    """What begins or ends a hold."""

    BEGIN_CLEANUP = "the desk must remove DNS records of a cancelled order"
    END_CLEANUP = "no DNS record is left to remove"
    BEGIN_MOVE = "it is to move to another account"
    END_MOVE = "it has moved, or stays"


HOLDS: dict[tuple[Hold | None, HoldEvent], Hold | None] = {
    (None, HoldEvent.BEGIN_CLEANUP): Hold.CLEANUP,
    (Hold.CLEANUP, HoldEvent.END_CLEANUP): None,
    (None, HoldEvent.BEGIN_MOVE): Hold.MOVE,
    (Hold.MOVE, HoldEvent.END_MOVE): None,
}

MOVABLE = frozenset({S.ISSUED, S.EXPIRED, S.REVOKED})
"""Stages at which an order can move to another account."""

HOLD_STAGES: dict[HoldEvent, frozenset[Stage]] = {
    HoldEvent.BEGIN_CLEANUP: frozenset({S.CANCELLED}),
    HoldEvent.END_CLEANUP: frozenset({S.CANCELLED}),
    HoldEvent.BEGIN_MOVE: MOVABLE,
    HoldEvent.END_MOVE: MOVABLE,
}


STAGES: dict[Status, Stage] = {
    Status.UNDER_REVIEW: S.UNDER_WAY,
    Status.ISSUED: S.ISSUED,
    Status.REVIEW_FAILED: S.REVIEW_FAILED,
    Status.EXPIRED: S.EXPIRED,
    Status.RECORD_ADDED: S.UNDER_WAY,
    Status.AWAITING_MATERIAL: S.AWAITING_MATERIAL,
    Status.CANCELLING: S.CANCELLED,
    Status.CANCELLED: S.CANCELLED,
    Status.AWAITING_LETTER: S.AWAITING_LETTER,
    Status.REVOKING: S.REVOKING,
    Status.REVOKED: S.REVOKED,
    Status.REISSUING: S.UNDER_WAY,
    Status.AWAITING_REVOCATION_LETTER: S.AWAITING_REVOCATION_LETTER,
    Status.FREE_AWAITING_MATERIAL: S.AWAITING_MATERIAL,
    Status.REFUNDED: S.REFUNDED,
}
"""The stage behind each status; MIGRATING hides it, so an order that moves remembers it."""

ON_HOLD = {Status.CANCELLING: Hold.CLEANUP, Status.MIGRATING: Hold.MOVE}
"""The statuses that show a hold."""

_SHOWN = {stage: status for status, stage in reversed(STAGES.items())} | {
    S.CANCELLED: Status.CANCELLED
}
_HELD = {hold: status for status, hold in ON_HOLD.items()}


def status_of(
    stage: Stage,
    waits_for: StatusMessage | None = None,
    hold: Hold | None = None,
    *,
    free: bool = False,
    adds_records: bool = False,
    reissue: bool = False,
) -> Status:
    """Return the number by which the wire shows a state.

    `free` is whether the order is a free one. `adds_records` is whether the desk proves its names
    by DNS records that it adds. `reissue` is whether it replaces another certificate.

    >>> status_of(Stage.UNDER_WAY, adds_records=True)
    <Status.RECORD_ADDED: 4>
    """
    if hold is not None:
        return _HELD[hold]
    if stage is S.AWAITING_MATERIAL and free:
        return Status.FREE_AWAITING_MATERIAL
    if stage is S.UNDER_WAY:
        if reissue and waits_for is W.WAIT_ISSUE:
            return Status.REISSUING
        if adds_records:
            return Status.RECORD_ADDED
    return _SHOWN[stage]


def statuses_of(*stages: Stage) -> frozenset[Status]:
    """Return the statuses that show one of these stages, holds included."""
    return frozenset(status for status, stage in STAGES.items() if stage in stages)


UNDER_WAY = statuses_of(S.UNDER_WAY)
"""The CA has the order, and its names are being proved or its data vetted, or it is issued."""
SUBMITTED = statuses_of(S.AWAITING_LETTER, S.UNDER_WAY)
"""The order was submitted to the CA and is neither issued nor failed.

IsPendingIssue is about these statuses; the vendor does not say which.
"""

VALIDATING = statuses_of(S.UNDER_WAY, S.REVOKING)
"""The names are being validated: for a certificate, or to have one revoked."""

TAKES_MATERIAL = statuses_of(S.AWAITING_MATERIAL)
"""The statuses in which an order takes material, and shows it."""

GIVEN_UP = statuses_of(S.REVIEW_FAILED, S.CANCELLED, S.REFUNDED) - {Status.CANCELLING}
"""The statuses of an order that ended without a certificate."""

DELETABLE = GIVEN_UP | statuses_of(S.EXPIRED, S.REVOKED)
"""The statuses in which DeleteCertificate removes an order; it removes an upload in any status."""

LIVING = tuple(status for status in Status if status not in DELETABLE)
"""The statuses in which a free order counts towards its account's limit."""


class IllegalTransition(Exception):
    """The order's state does not allow what was asked."""

    def __init__(
        self, status: Status, event: Event | WaitEvent | HoldEvent, reason: str = ""
    ) -> None:
        """Say which status the order has, what could not happen, and any further reason."""
        self.status = status
        self.event = event
        text = f"The order has status {status.in_words}."
        super().__init__(f"{text} {reason}" if reason else text)
