"""What people get to see of what they vet: managers, companies, orders, letters."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from certdesk.actions import parties
from certdesk.actions.certificates import name_of
from certdesk.actions.companies import CompanyInfo, company_info
from certdesk.actions.manager_entry import ContactInfo, contact_info
from certdesk.actions.managers import ManagerInfo, manager_info
from certdesk.actions.naming import LONGEST
from certdesk.catalog import Commit, Context, catalog
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.letters import CONFIRM, REVOKE
from certdesk.domain.order import Order
from certdesk.domain.organisation import Manager, Organisation
from certdesk.domain.products import PRODUCTS, Level
from certdesk.domain.records import Letter, Review
from certdesk.domain.telling import told_bare
from certdesk.domain.vetting import (
    MANAGER,
    ORDER,
    REVOCATION,
    certified_subject,
    registration_of,
)
from certdesk.domain.visible import unseen_fault
from certdesk.ports import Unit, place_of_letter
from certdesk.wire.model import Part, Reply, Request, local_time

LONGEST_REASON = 500
_NUMBER = re.compile("[0-9]{1,18}")


class LetterInfo(Part):
    """A letter; what is in it is read by another action."""

    form: str
    size: int
    sha256: str
    upload_time: str | None


class OrderOfReview(Part, kw_only=True):
    """An order to be vetted, and what its certificate says of the organisation.

    `RevocationReason` is why its certificate is to be revoked or was, null where nobody asked;
    `Said` is what its owner said of why, or of why it is to be reissued.
    """

    certificate_id: str
    product: str
    status: int
    status_msg: str | None
    names: list[str]
    subject: list[str]
    remarks: list[str]
    revocation_reason: str | None
    said: str
    letter: LetterInfo | None


class ShowReviewRequest(Request):
    """Which review: `manager:N`, `order:CERTID` or `revocation:CERTID`."""

    id: str


class ShowReviewReply(Reply, kw_only=True):
    """Everything that whoever vets needs to see; `Verdict` is null as long as it waits.

    `Since` and `AskedBy` are null where nobody was asked to look at it.
    """

    id: str
    uin: str
    since: str | None
    asked_by: str | None
    approvals: list[str]
    verdict: str | None
    reason: str
    decided_time: str | None
    company: CompanyInfo | None
    manager: ManagerInfo | None
    contact: ContactInfo | None
    order: OrderOfReview | None


@catalog.action(InvalidParam, ReviewNotFound, internal=True)
def show_review(context: Context, request: ShowReviewRequest) -> Commit[ShowReviewReply]:
    """Show one review with what is to be vetted."""

    def look(unit: Unit) -> ShowReviewReply:
        order, manager = subject_of(unit, request.id)
        review = unit.reviews.get(request.id)
        company = unit.companies.get(manager.company_id) if manager else None
        people = parties.people_of(context.vault, manager) if manager else None
        return ShowReviewReply(
            id=request.id,
            uin=order.uin if order else manager.uin if manager else "",
            since=local_time(review.since) if review else None,
            asked_by=review.asked_by if review else None,
            approvals=approvals_of(review),
            verdict=review.verdict if review else None,
            reason=review.reason if review else "",
            decided_time=local_time(review.decided_at) if review else None,
            company=company_info(context, company) if company else None,
            manager=manager_info(context, unit, manager) if manager else None,
            contact=contact_info(people.contact) if people else None,
            order=_order(context, unit, order, manager, request.id) if order else None,
        )

    return look


class ReadLetterRequest(Request):
    """Of which order: `order:CERTID` or `revocation:CERTID`; and who reads it."""

    id: str
    reviewer: str


class ReadLetterReply(Reply):
    """The newest such letter of the order; `Content` is the file in base64."""

    form: str
    sha256: str
    content: str


@catalog.action(InvalidParam, ReviewNotFound, writes=True, internal=True)
def read_letter(context: Context, request: ReadLetterRequest) -> Commit[ReadLetterReply]:
    """Read the letter that was uploaded for an order; that is noted."""
    check_reviewer(request.reviewer)

    def commit(unit: Unit) -> ReadLetterReply:
        order, _ = subject_of(unit, request.id)
        letter = _letter(unit, order, request.id) if order else None
        if letter is None:
            raise ReviewNotFound(f"{request.id}: there is no letter.")
        content = context.vault.open(letter.content, place_of_letter(letter)).reveal()
        context.record(unit, letter.certificate_id, f"read by {request.reviewer}", uin=letter.uin)
        return ReadLetterReply(
            form=letter.form, sha256=letter.sha256, content=base64.b64encode(content).decode()
        )

    return commit


def subject_of(unit: Unit, subject: str) -> tuple[Order | None, Manager | None]:
    """Read what a review is of: an order (or its revocation) and its manager, or a manager alone.

    Raises:
        InvalidParam: it names neither an order nor a manager.
        ReviewNotFound: there is none of that id.
    """
    kind, _, key = subject.partition(":")
    order = manager = None
    if kind in (ORDER, REVOCATION):
        order = unit.orders.get(key)
        manager = unit.managers.get(order.manager_id) if order and order.manager_id else None
    elif kind == MANAGER:
        manager = unit.managers.get(int(key)) if _NUMBER.fullmatch(key) else None
    else:
        raise InvalidParam("Id: is manager:NUMBER, order:CERTIFICATE or revocation:CERTIFICATE.")
    if order is None and (manager is None or kind != MANAGER):
        raise ReviewNotFound(f"There is no {kind if kind == MANAGER else ORDER} {told_bare(key)}.")
    return order, manager


def check_reviewer(name: str) -> None:
    """Refuse a name that nobody has, or that would confuse a terminal.

    Raises:
        InvalidParam: it is blank, too long or not printable.
    """
    if not name.strip() or len(name) > LONGEST or unseen_fault(name):
        raise InvalidParam(f"Reviewer: takes 1 to {LONGEST} printable characters.")


def checked_reason(text: str) -> str:
    """Give why somebody decided so, without white space around it.

    Raises:
        InvalidParam: there is nothing, too much, or what would confuse a terminal.
    """
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON or unseen_fault(reason):
        raise InvalidParam(f"Reason: takes 1 to {LONGEST_REASON} printable characters.")
    return reason


def approvals_of(review: Review | None) -> list[str]:
    """Name those who approved."""
    return [name for name, _ in review.approvals] if review else []


def _order(
    context: Context, unit: Unit, order: Order, manager: Manager | None, subject: str
) -> OrderOfReview:
    submission = unit.submissions.get(order.certificate_id, order.submission)
    company = unit.companies.get(manager.company_id) if manager else None
    known = parties.organisation_of(context.vault, company) if company else Organisation()
    letter = _letter(unit, order, subject)
    return OrderOfReview(
        certificate_id=order.certificate_id,
        product=name_of(order),
        status=order.status,
        status_msg=order.status_msg,
        names=list(order.ascii_names),
        subject=list(_named(order, known)),
        remarks=list(submission.warnings) if submission else [],
        revocation_reason=order.revocation_reason,
        said=order.said,
        letter=_letter_info(letter) if letter else None,
    )


def _named(order: Order, known: Organisation) -> Iterator[str]:
    """Give what the certificate will say of the organisation, in the field's short names."""
    product = PRODUCTS.get(order.product_id)
    if product is None or product.level is Level.DV:
        return
    subject = certified_subject(known)
    registration = registration_of(known) if product.level is Level.EV else None
    for name, value in (
        ("C", subject.country),
        ("ST", subject.region),
        ("L", subject.locality),
        ("O", subject.organisation),
        ("serialNumber", registration.number if registration else None),
        ("jurisdictionC", registration.country if registration else None),
    ):
        if value:
            yield f"{name}={value}"


def _letter(unit: Unit, order: Order, subject: str) -> Letter | None:
    """Read the newest letter of an order that belongs to a review."""
    kind = REVOKE if subject.startswith(f"{REVOCATION}:") else CONFIRM
    letters = unit.letters.where(certificate_id=order.certificate_id, kind=kind)
    return max(letters, key=lambda letter: letter.attempt, default=None)


def _letter_info(letter: Letter) -> LetterInfo:
    return LetterInfo(
        form=letter.form,
        size=letter.size,
        sha256=letter.sha256,
        upload_time=local_time(letter.uploaded_at),
    )
