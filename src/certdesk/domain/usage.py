"""What each record adds to the quotas of its account (`CountedBy` in `ports/unit.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeAlias

from certdesk.domain.orders.lifecycle import DELETABLE, VALIDATING, Status
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.pki.records import Certificate
from certdesk.domain.vetting.dossier import BY_STAFF, Question, VettingFile
from certdesk.domain.vetting.records import Letter

Counts: TypeAlias = Mapping[str, int]
Measure: TypeAlias = Callable[[Any], Counts]
"""Returns what a record adds to each quota of its `uin`; nothing if that is ""."""

AT_REST = DELETABLE | {Status.ISSUED, Status.MIGRATING}
"""The statuses in which an order waits for nothing."""


def of_order(order: Order) -> Counts:
    """Count an order by what it waits for, an upload as one, and the texts of either."""
    texts = (order.alias, *order.all_names, *(text for tag in order.tags for text in tag))
    stored = sum(map(len, texts))
    if order.uploaded:
        return {"uploads": 1, "stored_bytes": stored}
    return {
        "orders": 1,
        "open_orders": int(order.status not in AT_REST),
        "open_names": len(order.all_names) if order.status in VALIDATING else 0,
        "stored_bytes": stored,
    }


def of_submission(submission: Submission) -> Counts:
    """Count the bytes of a submission."""
    its = submission
    return _stored(its.facts, its.csr, its.personal, its.key_pass, its.private_key)


def of_certificate(certificate: Certificate) -> Counts:
    """Count the bytes of a certificate, its chain and its key."""
    its = certificate
    return _stored(its.leaf, its.chain, its.root, its.private_key)


def of_letter(letter: Letter) -> Counts:
    """Count a letter, and its bytes."""
    return {"letters": 1, "stored_bytes": letter.size}


def of_question(question: Question) -> Counts:
    """Count the bytes of a question and its answer."""
    return _stored(question.text, question.answer)


def of_vetting_file(file: VettingFile) -> Counts:
    """Count a file of an answer as a letter is counted; a reviewer's own counts for nobody."""
    return {} if file.question_id == BY_STAFF else {"letters": 1, "stored_bytes": file.size}


def one(kind: str) -> Measure:
    """Return a measure that counts each record as one of a quota."""
    counts = {kind: 1}
    return lambda _: counts


def _stored(*parts: Sized | None) -> Counts:
    return {"stored_bytes": sum(len(part) for part in parts if part is not None)}
