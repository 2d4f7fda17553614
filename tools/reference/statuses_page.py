"""The page of the numbers by which replies tell how an order stands."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from certdesk.domain.orders.advice import QUESTION_ASKED
from certdesk.domain.orders.lifecycle import (
    STATUS_NAMES,
    Event,
    HoldEvent,
    IllegalTransition,
    Stage,
    Status,
    StatusMessage,
    WaitEvent,
    status_of,
)
from certdesk.domain.orders.move import begin_move, call_off_move
from certdesk.domain.orders.order import Order
from certdesk.domain.validation.challenge import Verdict
from certdesk.domain.values.products import DNS_AUTO, FREE
from tools.reference.markdown import code, page, table

PAID = 25

STATUSES = {
    Status.UNDER_REVIEW: "submitted: under validation, under review, or with the CA",
    Status.ISSUED: "the certificate is issued and valid",
    Status.REVIEW_FAILED: "no certificate: rejected, not validated in time, or its key is blocked",
    Status.EXPIRED: "the certificate has expired",
    Status.RECORD_ADDED: "as 0, and the desk adds the DNS records itself (`DNS_AUTO`)",
    Status.AWAITING_MATERIAL: "bought, or opened again: waits for material, or for its submission",
    Status.CANCELLING: "cancelled; the desk still has to remove DNS records",
    Status.CANCELLED: "cancelled without a certificate",
    Status.AWAITING_LETTER: "waits for a letter of confirmation (`UploadConfirmLetter`)",
    Status.REVOKING: "the certificate will be revoked after validation or review",
    Status.REVOKED: "the certificate is revoked",
    Status.REISSUING: "a reissue that only waits for the CA",
    Status.AWAITING_REVOCATION_LETTER: "as 9, and waits for a letter (`UploadRevokeLetter`)",
    Status.FREE_AWAITING_MATERIAL: "as 5, for a free order that the operator granted",
    Status.REFUNDED: "the operator recorded a refund",
    Status.MIGRATING: "moves to another account, for some seconds",
}

MESSAGES = {
    StatusMessage.PRE_REVIEWING: "somebody vets the manager",
    StatusMessage.LEGAL_REVIEWING: "somebody approves the order",
    StatusMessage.CA_REVIEWING: "a second person approves the order",
    StatusMessage.PENDING_DCV: "the names are validated",
    StatusMessage.WAIT_ISSUE: "the CA issues the certificate",
}

FINDINGS = {
    Verdict.PROVED: "the name is validated",
    Verdict.TXT_ABSENT: "there is no TXT record",
    Verdict.TXT_DIFFERS: "there is a TXT record with another value",
    Verdict.TXT_UNANSWERED: "no answer to the check of the TXT record",
    Verdict.FILE_ABSENT: "the file was not found",
    Verdict.FILE_DIFFERS: "the file has other content",
    Verdict.CNAME_ABSENT: "there is no CNAME record",
    Verdict.CNAME_DIFFERS: "the CNAME record leads elsewhere",
    Verdict.CNAME_UNANSWERED: "no answer to the check of the CNAME record",
    Verdict.OTHER_FILE_ABSENT: "the file was not found at the other host, with or without `www.`",
    Verdict.OTHER_FILE_DIFFERS: "the file has other content at the other host",
}


def statuses_page() -> str:
    """List the values of Status, StatusMsg, LocalCheck and their like."""
    return page(
        "Statuses",
        "The values in replies that show the state of an order, and what can follow each. "
        "`certdesk order show` tells the operator what an order waits for.",
        "## Status",
        table(
            ("Status", "StatusName", "What it means", "What may follow"),
            [
                (str(status.value), STATUS_NAMES[status], STATUSES[status], _after(status))
                for status in Status
            ],
        ),
        "## StatusMsg",
        "During a review it is one of these. Otherwise it is null, or a reason: why the order "
        "failed or was paid back, or why its certificate is or is not revoked.",
        table(
            ("StatusMsg", "What comes next"),
            [
                *((code(each.value), MESSAGES[each]) for each in StatusMessage),
                (code(QUESTION_ASKED), "the owner answers in the console"),
            ],
        ),
        "## LocalCheck",
        "The result of CheckCertificateDomainVerification for a name; `LocalCheckFailReason` "
        "explains it. `CaCheck` is 2 once the CA may issue for the name, otherwise -1.",
        table(
            ("LocalCheck", "What was found"),
            [(str(each.value), FINDINGS[each]) for each in Verdict],
        ),
    )


def _after(status: Status) -> str:
    following = {after for before, after in _changes() if before is status}
    return ", ".join(str(each.value) for each in sorted(following - {status})) or "nothing"


@functools.cache
def _changes() -> frozenset[tuple[Status, Status]]:
    """Every change of status that the tables allow an order of any kind."""
    found: set[tuple[Status, Status]] = set()
    left = list(each_kind())
    seen = set(left)
    while left:
        order = left.pop()
        for after in _following(order):
            found.add((order.status, after.status))
            if after not in seen:
                seen.add(after)
                left.append(after)
    return frozenset(found)


def bought(product_id: int = PAID, verify_type: str = "DNS", replaces: str | None = None) -> Order:
    """Return an order as it is bought."""
    return Order(
        certificate_id="Zz9Yy8Xx",
        uin="100000000001",
        product_id=product_id,
        domain_num=1,
        time_span=1,
        status=status_of(Stage.AWAITING_MATERIAL, free=product_id == FREE),
        deal_id="",
        verify_type=verify_type,
        replaces=replaces,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def each_kind() -> Iterator[Order]:
    """Yield an order of each kind that differs on the wire, as it is bought."""
    for kind in itertools.product((FREE, PAID), ("DNS", DNS_AUTO), (None, "aB3dE5fG")):
        yield bought(*kind)


def _following(order: Order) -> Iterator[Order]:
    letters = {Event.SUBMIT_ORDER_WITH_LETTER} if order.product_id == FREE else set()
    tries: list[Callable[[], Order]] = [
        *(functools.partial(order.after, event) for event in Event if event not in letters),
        *(functools.partial(order.waiting, event) for event in WaitEvent),
        # Cancelling and the clean-up that it needs are one commit.
        lambda: order.after(Event.CANCEL_ORDER).held(HoldEvent.BEGIN_CLEANUP),
        functools.partial(order.held, HoldEvent.END_CLEANUP),
        functools.partial(begin_move, order, "100000000002"),
        functools.partial(call_off_move, order),
    ]
    for each in tries:
        with contextlib.suppress(IllegalTransition):
            yield each()
