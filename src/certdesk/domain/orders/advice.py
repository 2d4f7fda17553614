"""What comes next for an order, in words for its operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from certdesk.domain.orders.lifecycle import (
    GIVEN_UP,
    STATUS_NAMES,
    TAKES_MATERIAL,
    UNDER_WAY,
    VETTING,
    Status,
)
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Renewal, Task
from certdesk.domain.validation.challenge import challenge_of
from certdesk.domain.validation.records import Proof

_ADVICE = {
    Status.ISSUED: "The certificate is issued. Download it.",
    Status.REVIEW_FAILED: (
        "Fix the cause, then open the order again with ModifyCertificateResubmit."
    ),
    Status.EXPIRED: "The certificate has expired. You can delete the order.",
    Status.CANCELLED: "The order was cancelled. ModifyCertificateResubmit opens it again.",
    Status.CANCELLING: (
        "The desk is removing the DNS records that it added. You have nothing to do."
    ),
    Status.AWAITING_LETTER: "Upload the letter of confirmation with UploadConfirmLetter.",
    Status.AWAITING_REVOCATION_LETTER: "Upload the letter of revocation with UploadRevokeLetter.",
    Status.MIGRATING: "The desk is moving the order to another account. You have nothing to do.",
    Status.REFUNDED: "The order was refunded. You can delete it.",
    Status.REVOKED: "The certificate was revoked. You can delete the order.",
}


_ASKED = "A reviewer has asked its owner a question, and the vetting waits for the answer."

QUESTION_ASKED = "A reviewer has asked a question. Answer it in the console."
"""The StatusMsg while reviewers wait for the owner's answer."""


def status_msg(order: Order) -> str | None:
    """Return what the wire shows beside the status (Certificates.StatusMsg).

    This is what the order waits for, or else why it is in its present status.
    """
    if order.asked:
        return QUESTION_ASKED
    if order.waits_for is not None:
        return order.waits_for.value
    return None if order.reason is None else order.reason.text


def advice(order: Order, proofs: Sequence[Proof], task: Task | None, now: datetime) -> str:
    """Return what the order waits for, and who has to do what."""
    if task is not None and (held := _held(task)):
        return held
    if order.status in TAKES_MATERIAL:
        return (
            "The desk has the material. Submit the order with CertificateOrderSubmit."
            if order.submission
            else "Send the material with CertificateInfoSubmit."
        )
    if order.status in UNDER_WAY:
        return _under_way(order, proofs)
    if order.status is Status.REVOKING:
        return _revoking(order, proofs)
    if order.ends_at is not None and order.expires_soon(now):
        return "The certificate expires within 30 days."
    return _ADVICE.get(order.status, "")


def _held(task: Task) -> str:
    """Return why work on an order is held up; "" if it is not."""
    if task.set_aside:
        return (
            f"Work on the order failed {task.failures} times ({task.reason}), so the desk "
            "set it aside. Find the cause in the log, then run certdesk order resume."
        )
    if not task.paused:
        return ""
    return f"Work on the order is waiting and continues by itself: {task.reason.removesuffix('.')}."


def outlook(renewal: Renewal | None, successors: Sequence[Order]) -> str:
    """Return what replaces an issued certificate, or why nothing does yet; "" for nothing.

    The time when the desk looks at it next is in UTC, to the minute.
    """
    living = [each for each in successors if each.status not in GIVEN_UP]
    if living:
        last = living[-1]
        stands = last.waits_for.value if last.waits_for else STATUS_NAMES[last.status]
        return f"{last.certificate_id} replaces it. Its status is {stands}."
    if renewal is None:
        return ""
    at = f"{renewal.due_at:%Y-%m-%d %H:%M} UTC"
    if renewal.reason:
        return f"The desk could not make a successor ({renewal.reason}). It tries again at {at}."
    return f"The desk makes a successor at {at} or soon after."


def _under_way(order: Order, proofs: Sequence[Proof]) -> str:
    if order.waits_for in VETTING:
        waits = _ASKED if order.asked else "The order waits for vetting (certdesk review list)."
        return f"{waits} {_to_publish(proofs)}".rstrip()
    if not proofs:
        return "The desk is asking the CA what to publish. You have nothing to do."
    refused = next((proof.caa_reason for proof in proofs if proof.caa_reason), "")
    held = (
        f"CAA records block it: {refused}"
        if refused
        else ("The CA is issuing the certificate. You have nothing to do.")
    )
    return _to_publish(proofs) or held


def _revoking(order: Order, proofs: Sequence[Proof]) -> str:
    if order.waits_for in VETTING:
        if order.asked:
            return _ASKED
        return "The letter of revocation waits for its review (certdesk review list)."
    return _to_publish(proofs) or (
        "The CA is about to revoke the certificate. You have nothing to do."
    )


def _to_publish(proofs: Sequence[Proof]) -> str:
    unproved = [proof for proof in proofs if proof.proved_at is None]
    if not unproved:
        return ""
    challenge = challenge_of(unproved[0])
    if unproved[0].added_at is not None:
        last_check = f" Last check: {unproved[0].reason}" if unproved[0].reason else ""
        return f"The desk has added {challenge.kind} {challenge.record}.{last_check}"
    more = f", and {len(unproved) - 1} more" if len(unproved) > 1 else ""
    return f"Publish {challenge.kind} {challenge.record} = {challenge.value}{more}."
