"""The next step for an order, decided from its state and nothing else.

It is level-triggered: it returns the same step until that step is done. So a step that was lost
with a process is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from certdesk.domain.orders.lifecycle import (
    SUBMITTED,
    TRANSITIONS,
    UNDER_WAY,
    VETTING,
    Event,
    Stage,
    Status,
    StatusMessage,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.pki.records import BlockedKey
from certdesk.domain.validation.records import Proof
from certdesk.domain.values.record import Record
from certdesk.domain.values.retry import doubled
from certdesk.domain.values.validity import CAA_LASTS, terms_at

GOING_ON = frozenset({StatusMessage.PENDING_DCV, StatusMessage.WAIT_ISSUE})
"""Nobody has to review the order (any more)."""

CERTIFIED = frozenset({Stage.ISSUED, Stage.AWAITING_REVOCATION_LETTER, Stage.REVOKING})
"""The stages with a good certificate."""

RECORDS_WANTED = SUBMITTED | {Status.REVOKING}
"""The statuses in which an order's names are to be proved."""

CAA_PAUSES = 6
"""The number of first pauses to wait after CAA records refused."""

LONGEST_PAUSE = timedelta(minutes=10)

SENT_FOR = timedelta(seconds=10)
"""The time after which an update that was to add a record is certainly over.

Only then can the record be removed.
"""

MOST_REMOVALS = 30
LONGEST_REMOVAL_PAUSE = timedelta(hours=1)
"""The longest pause between attempts to remove a record, for about a day with all pauses."""

TIMED_OUT = "The domain names were not validated in time, and the order was closed."
NOT_OFFERED = "The CA did not say in time what to publish, and the order was closed."
NOT_PROVED = "The domain names were not validated in time, and the certificate was not revoked."
KEY_BLOCKED = "The key is blocked. Submit the order again with a new key."
NO_LETTER = "No letter of revocation came in time, and the certificate was not revoked."


class ProofsMissing(Exception):
    """A name of an order that is with the CA has no proof in the database."""


class Prove(Record):
    """Check for the proofs of these names."""

    names: tuple[str, ...]


class AskForChallenges(Record):
    """Ask the issuer, which makes its own challenges, what to publish."""


class AskCaa(Record):
    """Check the CAA records of these names."""

    names: tuple[str, ...]


class Issue(Record):
    """Let the issuer take its next step."""


class Close(Record):
    """Close the order as failed, for this reason."""

    reason: str


class RevokeCompromised(Record):
    """Begin to revoke the certificate, since others know its key."""


class Revoke(Record):
    """Let the issuer revoke the certificate."""


class DeclineRevocation(Record):
    """Decline the revocation of the certificate, for this reason."""

    reason: str


class Expire(Record):
    """The certificate has ended."""


class Move(Record):
    """Complete the order's move to another account."""


class Remove(Record):
    """Remove the records that the desk added for these proofs, by attempt and name."""

    records: tuple[tuple[int, str], ...]


class EndCancelling(Record):
    """End the cancelling of an order: nothing is left to clean up."""


class Wait(Record):
    """Do nothing before `until`; None is until a person does something."""

    until: datetime | None


Step: TypeAlias = (
    Prove
    | AskForChallenges
    | AskCaa
    | Issue
    | Close
    | RevokeCompromised
    | Revoke
    | DeclineRevocation
    | Expire
    | Move
    | Remove
    | EndCancelling
    | Wait
)


def next_step(
    order: Order,
    proofs: Sequence[Proof],
    now: datetime,
    interval: timedelta,
    blocked: BlockedKey | None = None,
    added: Sequence[Proof] = (),
) -> Step:
    """Return the next step; `proofs` are those that count now, `interval` the first pause.

    `added` are proofs of any attempt whose records the desk has added and not removed. Records that
    are not needed any more are removed whatever else the order does.

    Raises:
        ProofsMissing: a name has no proof, so that nothing can be decided.
    """
    unwanted = [proof for proof in added if not is_wanted(order, proof)]
    due = [proof for proof in unwanted if next_removal(proof, interval) <= now]
    if due:
        return Remove(tuple((proof.attempt, proof.name) for proof in due))
    if order.status is Status.CANCELLING and not unwanted:
        return EndCancelling()
    step = _own_step(order, proofs, now, interval, blocked)
    if not unwanted or not isinstance(step, Wait):
        return step
    soonest = min(next_removal(proof, interval) for proof in unwanted)
    return Wait(soonest if step.until is None else min(soonest, step.until))


def step_while_disabled(order: Order, now: datetime, blocked: BlockedKey | None) -> Step | None:
    """Return the next step of an order that stands still as its account is disabled, mostly None.

    A certificate is revoked all the same if others know its key (Baseline Requirements 4.9.1.1).
    """
    ended = order.ends_at is not None and order.ends_at < now
    if (
        order.moving
        or order.stage not in CERTIFIED
        or ended
        or blocked is None
        or not blocked.compromised
    ):
        return None
    return RevokeCompromised()


def _own_step(
    order: Order,
    proofs: Sequence[Proof],
    now: datetime,
    interval: timedelta,
    blocked: BlockedKey | None,
) -> Step:
    """Return the next step of the order itself.

    `blocked` is the block on the order's key: nothing is issued for such a key. If others know the
    key, its certificate is revoked whatever its owner asked for (Baseline Requirements 4.9.1.1).

    Names are validated while people review the order; nothing is issued before the review ends. A
    move to another account comes before anything else. A certificate is revoked when its names are
    proved again, or as soon as nobody has to review the request (any more).

    Raises:
        ProofsMissing: a name has no proof, so that nothing can be decided.
    """
    if order.moving:
        return Move()
    if order.stage in CERTIFIED:
        step = _towards_end(order, proofs, now, interval)
        return RevokeCompromised() if _is_compromised(step, blocked) else step
    if blocked and (order.stage, Event.FAIL) in TRANSITIONS:
        return Close(KEY_BLOCKED)
    if order.status not in UNDER_WAY or order.waits_for is None:
        return Wait(None)
    return _towards_issue(order, proofs, now, interval)


def _towards_issue(
    order: Order, proofs: Sequence[Proof], now: datetime, interval: timedelta
) -> Step:
    if not proofs:
        return Close(NOT_OFFERED) if _overdue(order, now) else AskForChallenges()
    unproved = _unproved(order, proofs, now)
    if unproved:
        return _towards_proof(order, unproved, now, interval, Close(TIMED_OUT))
    if order.waits_for in VETTING:
        return Wait(None)
    unasked = [proof for proof in proofs if not caa_permits(proof, now)]
    return _towards_permission(order, unasked, now, interval) if unasked else Issue()


def _is_compromised(step: Step, blocked: BlockedKey | None) -> bool:
    """Whether others know the key of a certificate that would otherwise be good for a while."""
    return blocked is not None and blocked.compromised and not isinstance(step, Expire | Revoke)


def _towards_end(order: Order, proofs: Sequence[Proof], now: datetime, interval: timedelta) -> Step:
    if order.status is Status.ISSUED:
        return _towards_expiry(order, now)
    if order.status is Status.AWAITING_REVOCATION_LETTER:
        return DeclineRevocation(NO_LETTER) if _overdue(order, now) else Wait(order.deadline)
    if order.waits_for in VETTING:
        return Wait(None)
    pending = order.waits_for is StatusMessage.PENDING_DCV
    unproved = _unproved(order, proofs, now) if pending else ()
    if unproved:
        return _towards_proof(order, unproved, now, interval, DeclineRevocation(NOT_PROVED))
    return Revoke()


def _towards_expiry(order: Order, now: datetime) -> Step:
    if order.ends_at is None:
        return Wait(None)
    return Expire() if order.ends_at < now else Wait(order.ends_at + timedelta(seconds=1))


def _unproved(order: Order, proofs: Sequence[Proof], now: datetime) -> Sequence[Proof]:
    """Return the proofs that are still to be found.

    Raises:
        ProofsMissing: a name has none.
    """
    bases = {name.removeprefix("*.") for name in order.ascii_names}
    missing = bases - {proof.name for proof in proofs}
    if missing:
        raise ProofsMissing(", ".join(sorted(missing)))
    return [proof for proof in proofs if not is_proved(proof, now)]


def _towards_proof(
    order: Order,
    unproved: Sequence[Proof],
    now: datetime,
    interval: timedelta,
    too_late: Step,
) -> Step:
    due = [proof for proof in unproved if _falls_due(order, next_check(proof, interval), now)]
    if _overdue(order, now):
        due = [proof for proof in due if now - proof.made_at <= _proof_lasts(now)]
        return Prove(_names(due)) if due else too_late
    return Prove(_names(due)) if due else _pause(order, unproved, next_check, interval)


def _towards_permission(
    order: Order, unasked: Sequence[Proof], now: datetime, interval: timedelta
) -> Step:
    due = [
        proof
        for proof in unasked
        if not proof.caa_reason or _falls_due(order, next_caa_check(proof, interval), now)
    ]
    if due:
        return AskCaa(_names(due))
    if _overdue(order, now):
        return Close(unasked[0].caa_reason)
    return _pause(order, unasked, next_caa_check, interval)


def is_wanted(order: Order, proof: Proof) -> bool:
    """Whether the record that the desk has added for a proof is still needed.

    The record of an issued certificate stays unless its deletion was asked for. The record of an
    attempt that failed, or of a revocation, is needed as long as that is under way.
    """
    if proof.attempt == order.attempt and order.begins_at is not None:
        return not order.delete_record
    return order.status in RECORDS_WANTED and proof.attempt == order.proving


def next_removal(proof: Proof, interval: timedelta) -> datetime:
    """Return when to try to remove an added record: after pauses that double up to an hour."""
    if proof.removal_at is None:
        return (proof.added_at or proof.made_at) + SENT_FOR
    return proof.removal_at + doubled(interval, proof.removals - 1, LONGEST_REMOVAL_PAUSE)


def is_proved(proof: Proof, now: datetime) -> bool:
    """Whether a name is proved, and recently enough to rely on (BR 4.2.1)."""
    return proof.proved_at is not None and now - proof.proved_at <= _proof_lasts(now)


def caa_permits(proof: Proof, now: datetime) -> bool:
    """Whether the last CAA check permits issuance now."""
    fresh = proof.caa_at is not None and now - proof.caa_at < CAA_LASTS
    return fresh and not proof.caa_reason


def next_check(proof: Proof, interval: timedelta) -> datetime:
    """Return when to check a proof again: after pauses that double up to ten minutes."""
    if proof.looked_at is None:
        return proof.made_at
    return proof.looked_at + doubled(interval, proof.looks - 1, LONGEST_PAUSE)


def next_caa_check(proof: Proof, interval: timedelta) -> datetime:
    """Return when to check CAA records: at once, or a while after they refused."""
    if proof.caa_at is None or not proof.caa_reason:
        return proof.made_at
    return proof.caa_at + CAA_PAUSES * interval


def _overdue(order: Order, now: datetime) -> bool:
    return order.deadline is not None and order.deadline <= now


def _falls_due(order: Order, due_at: datetime, now: datetime) -> bool:
    """Whether a check is due that was planned for `due_at`.

    No check is planned for after the deadline. One before it that the desk missed is made up for.
    """
    return due_at <= (min(now, order.deadline) if order.deadline else now)


def _proof_lasts(now: datetime) -> timedelta:
    """Return how old a proof may be, and the value of one found late (BR 4.2.1, 3.2.2.4.7)."""
    return timedelta(days=terms_at(now).proof_days)


def _names(proofs: Sequence[Proof]) -> tuple[str, ...]:
    return tuple(proof.name for proof in proofs)


def _pause(
    order: Order,
    proofs: Sequence[Proof],
    when: Callable[[Proof, timedelta], datetime],
    interval: timedelta,
) -> Wait:
    soonest = min(when(proof, interval) for proof in proofs)
    return Wait(soonest if order.deadline is None else min(soonest, order.deadline))
