"""Keys that several accounts use: reports by one of them, and notes for the operator."""

from __future__ import annotations

from datetime import datetime

import structlog

from certdesk.domain.orders.order import Order
from certdesk.domain.pki.records import EVERYBODY, BlockedKey
from certdesk.domain.values.revocation_reason import COMPROMISED
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import KEY, subject_of_key
from certdesk.ports import (
    Unit,
    block,
    block_of,
    has_shown,
    in_force_elsewhere,
    in_force_with,
    note_of,
    put_review,
)

log = structlog.get_logger()

_MOST_TOLD, _MOST_READ = 5, 8


def report_key(unit: Unit, order: Order, spki_sha256: bytes, now: datetime) -> None:
    """Block the key of a certificate that was revoked for `KEY_COMPROMISE`.

    If the account has shown that it holds the private key, the block counts for every account.
    Otherwise anyone could have submitted the CSR: the key is blocked for that account only, and a
    review is opened (Baseline Requirements 4.9.12).
    """
    known = block_of(unit, EVERYBODY, spki_sha256)
    if known is not None and known.compromised:
        # Its certificates are being revoked already (Baseline Requirements 4.9.1.1).
        return
    shown = has_shown(unit, order.uin, spki_sha256)
    key = BlockedKey(
        spki_sha256=spki_sha256,
        uin=EVERYBODY if shown else order.uin,
        reason=COMPROMISED,
        created_at=now,
        compromised=shown,
    )
    if block(unit, key) and not shown:
        _ask(unit, order, spki_sha256, now)


def _ask(unit: Unit, order: Order, spki_sha256: bytes, now: datetime) -> None:
    """Open a review of a key, unless another account's report has already opened one."""
    subject = subject_of_key(spki_sha256)
    others = [each for each in in_force_with(unit, spki_sha256) if each.uin != order.uin]
    log.warning(
        "key reported without its private key",
        review=subject,
        certificate=order.certificate_id,
        in_force_elsewhere=len(others),
    )
    note_of(unit, now, "ReportKey", subject, f"{order.certificate_id} of account {order.uin}")
    waiting = unit.reviews.get(subject)
    if waiting is None or waiting.verdict is not None:
        review = Review(subject=subject, uin=order.uin, kind=KEY, since=now, asked_by=order.uin)
        put_review(unit, review)


def tell_of_shared_key(unit: Unit, order: Order, spki_sha256: bytes, now: datetime) -> None:
    """Note for the operator only that a certificate of another account uses an order's key.

    This is done whenever a certificate is issued, so few of the others are read, however many
    there are.
    """
    others = in_force_elsewhere(unit, order.uin, spki_sha256, now, _MOST_READ)
    if not others:
        return
    its = ", ".join(f"{each.certificate_id} of account {each.uin}" for each in others[:_MOST_TOLD])
    more = " and more" if len(others) > _MOST_TOLD else ""
    log.warning("key in force in another account", certificate=order.certificate_id, too=its + more)
    note_of(unit, now, "ShareKey", order.certificate_id, f"with {its}{more}")
