"""What each record counts for in its account's quotas, or what else limits how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeAlias

from certdesk.domain.account import AccessKey, Account
from certdesk.domain.order import DELETABLE, LOOKED_FOR, Order, Status
from certdesk.domain.organisation import Company, Manager
from certdesk.domain.policy import Policy, Project, User
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
from certdesk.domain.zones import Zone

Counts: TypeAlias = Mapping[str, int]
Measure: TypeAlias = Callable[[Any], Counts]

AT_REST = DELETABLE | {Status.ISSUED, Status.MIGRATING}
"""Where an order waits for nothing."""


def _of_order(order: Order) -> Counts:
    texts = (order.alias, *order.all_names, *(text for tag in order.tags for text in tag))
    stored = sum(map(len, texts))
    if order.uploaded:
        return {"uploads": 1, "stored_bytes": stored}
    return {
        "orders": 1,
        "open_orders": int(order.status not in AT_REST),
        "open_names": len(order.all_names) if order.status in LOOKED_FOR else 0,
        "stored_bytes": stored,
    }


def _of_submission(submission: Submission) -> Counts:
    its = submission
    return _stored(its.facts, its.csr, its.personal, its.key_pass, its.private_key)


def _of_certificate(certificate: Certificate) -> Counts:
    its = certificate
    return _stored(its.leaf, its.chain, its.root, its.private_key)


def _stored(*parts: Sized | None) -> Counts:
    return {"stored_bytes": sum(len(part) for part in parts if part is not None)}


def _one(kind: str) -> Measure:
    counts = {kind: 1}
    return lambda _: counts


MEASURES: dict[type, Measure] = {
    AccessKey: _one("access_keys"),
    AuditEntry: _one("audit"),
    Certificate: _of_certificate,
    Company: _one("companies"),
    Letter: lambda letter: {"letters": 1, "stored_bytes": letter.size},
    Manager: _one("managers"),
    Order: _of_order,
    Policy: _one("policies"),
    Project: _one("projects"),
    Proof: _one("proofs"),
    Submission: _of_submission,
    User: _one("users"),
    Zone: _one("zones"),
}
"""What a record counts for; each of these has a `uin`, and "" counts for nobody."""

LIMITED_BY: dict[type, str] = {
    Account: "only the operator opens accounts",
    Authority: "the desk makes them for itself",
    BlockedKey: "one for a certificate that was revoked, and each is in the audit log",
    DeniedKey: "one for a key of an order or an upload, and each is in the audit log",
    Evidence: "quota.looks for each proof; CAA is asked once a minute until the deadline",
    Issuance: "one for a submission of an order to the CA, which has proofs",
    LookPace: "removed ten minutes after the last look",
    Mark: "the desk makes them for itself",
    PaceLimit: "only the operator sets them, one for an action that there is",
    Renewal: "one for an order",
    Review: "one for a manager, an order, a revocation or a key that was revoked",
    RevocationList: "the desk makes them for itself",
    RevokedCertificate: "one for a certificate, and each is in the audit log",
    SeenSignature: "removed after 15 minutes, and no more than the pace allows",
    Sight: "one for a review and an operator who looked at it",
    StockedKey: "the desk makes them for itself",
    Task: "one for an order",
}
"""Why the records of a kind need no quota of their own."""


def measure_of(record: type) -> Measure | None:
    """Tell how the records of a kind are counted; None where something else limits them.

    Raises:
        TypeError: nobody has said what limits them.
    """
    if record not in MEASURES and record not in LIMITED_BY:
        raise TypeError(f"say in domain/usage.py what limits how many {record.__name__} there are")
    return MEASURES.get(record)
