"""Everything that a reviewer needs to see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from certdesk.actions.orders.certificate_info_submit import PARAMETERS
from certdesk.actions.orders.members import name_of
from certdesk.actions.orders.stored_submissions import earlier_material
from certdesk.actions.vetting import records
from certdesk.actions.vetting.companies import CompanyInfo, company_info
from certdesk.actions.vetting.managers import ManagerInfo, manager_info
from certdesk.domain.orders.advice import status_msg
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.orders.warnings import material_remarks
from certdesk.domain.values.organisation import Company, Manager, Organisation, People, Person
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.values.secret import mask, masked, plain
from certdesk.domain.vetting.letters import CONFIRM, REVOKE
from certdesk.domain.vetting.records import Letter, Review
from certdesk.domain.vetting.review import REVOCATION, certified_subject, registration_of
from certdesk.engine import Context
from certdesk.operator.key_in_use import KeyOfReview, OrderWithKey, key_of, key_of_review, same_key
from certdesk.operator.managers import ContactInfo, contact_info, remarks_on
from certdesk.operator.vetting.dossier_info import (
    MASKED,
    FileInfo,
    ItemInfo,
    NoteInfo,
    QuestionInfo,
    attachments_of,
    checklist_info,
    masks,
    notes_of,
    questions_of,
)
from certdesk.operator.vetting.outcome import people_needed_for
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, utc_time


class LetterInfo(Part):
    """A letter; another action returns its content."""

    form: str
    size: int
    sha256: str
    upload_time: str | None


class OrderOfReview(Part, kw_only=True):
    """An order to be vetted, and what its certificate says of the organisation.

    `Spki` is the SHA-256 of its public key, and `SameKey` are the valid certificates that other
    accounts have for that key. `RevocationReason` is why its certificate is to be revoked or was;
    null if nobody asked. `Said` is its owner's comment on that, or the reason for a reissue.
    """

    certificate_id: str
    product: str
    level: str | None
    status: int
    status_msg: str | None
    names: list[str]
    key: str | None
    spki: str | None
    same_key: list[OrderWithKey]
    subject: list[str]
    remarks: list[str]
    revocation_reason: str | None
    said: str
    letter: LetterInfo | None


class CompanyOfReview(CompanyInfo, kw_only=True):
    """A company with its telephone number and its company number, in full."""

    id_number: str | None


class ShowReviewReply(Reply, kw_only=True):
    """Everything that a reviewer needs to see; `Verdict` is null as long as it waits.

    Telephone numbers are shown in full, so that reviewers can call them. An auditor sees them and
    addresses of e-mail masked, and neither the owner's comment nor the texts of questions, answers
    and notes.

    `Remarks` are doubts about the numbers of a manager and its contact. `Approvals` are the names
    of those who have approved it, `ApprovalTimes` when. `PeopleNeeded` is how many have to.
    `MayDecide` is whether the caller may approve it now, and `WhyNot` says why not. `First` is the
    id of the review that has to be approved before. `Questions` were asked of the applicant;
    `Notes` and `Attachments` are the reviewers' own, and the applicant does not see them.

    `Attempt` is the digest of everything to be decided about, and changes with it. `Since` and
    `AskedBy` are null if nobody asked for a review.
    """

    id: str
    attempt: str
    uin: str
    since: str | None
    asked_by: str | None
    approvals: list[str]
    approval_times: list[str]
    people_needed: int
    verdict: str | None
    reason: str
    decided_time: str | None
    may_decide: bool
    why_not: str
    first: str | None
    company: CompanyOfReview | None
    manager: ManagerInfo | None
    contact: ContactInfo | None
    remarks: list[str]
    order: OrderOfReview | None
    questions: list[QuestionInfo]
    notes: list[NoteInfo]
    attachments: list[FileInfo]
    checklist: list[ItemInfo]
    key: KeyOfReview | None


def content_of(context: Context, unit: Unit, subject: Subject) -> ShowReviewReply:
    """Read one review with what is to be vetted.

    `attempt` is filled in later, and what the caller may do where it is shown.
    """
    review, manager, order = subject.review, subject.manager, subject.order
    whole = not masks(context)
    company = unit.companies.get(manager.company_id) if manager else None
    people = records.people_of(context.desk.vault, manager) if manager else None
    key = subject.spki_sha256
    return ShowReviewReply(
        id=subject.name,
        attempt="",
        uin=subject.uin,
        since=utc_time(review.since) if review else None,
        asked_by=review.asked_by if review else None,
        approvals=approvals_of(review),
        approval_times=_approval_times(review),
        people_needed=people_needed_for(context, review, order) if review else 0,
        verdict=review.verdict if review else None,
        reason=review.reason if review else "",
        decided_time=utc_time(review.decided_at) if review else None,
        may_decide=False,
        why_not="",
        first=None,
        company=_company(context, company, whole=whole) if company else None,
        manager=_manager(context, unit, manager, whole=whole) if manager else None,
        contact=_contact(people.contact, whole=whole) if people else None,
        remarks=_doubts(context, company, people),
        order=_order(context, unit, order, subject) if order else None,
        questions=questions_of(context, unit, subject),
        notes=notes_of(context, unit, subject),
        attachments=attachments_of(context, unit, subject),
        checklist=checklist_info(context, unit, subject),
        key=key_of_review(unit, key) if key else None,
    )


def approvals_of(review: Review | None) -> list[str]:
    """Return the names of those who approved."""
    return [name for name, *_ in review.approvals] if review else []


def _approval_times(review: Review | None) -> list[str]:
    times = [datetime.fromisoformat(at) for _, at, _ in review.approvals] if review else []
    return [utc_time(at) or "" for at in times]


def letter_of(unit: Unit, order: Order, kind: str) -> Letter | None:
    """Read the newest letter of an order that belongs to a review of that kind."""
    about = REVOKE if kind == REVOCATION else CONFIRM
    letters = unit.letters.where(certificate_id=order.certificate_id, kind=about)
    return max(letters, key=lambda letter: letter.attempt, default=None)


def _company(context: Context, company: Company, *, whole: bool) -> CompanyOfReview:
    number = records.organisation_of(context.desk.vault, company).id_number
    shown = msgspec.structs.asdict(company_info(context, company, whole=whole))
    return CompanyOfReview(**shown | {"id_number": plain(number) if whole else masked(number)})


def _manager(context: Context, unit: Unit, manager: Manager, *, whole: bool) -> ManagerInfo:
    shown = manager_info(context, unit, manager, worded=utc_time, whole=whole)
    return shown if whole else msgspec.structs.replace(shown, manager_mail=_cut(shown.manager_mail))


def _contact(contact: Person, *, whole: bool) -> ContactInfo:
    shown = contact_info(contact, whole=whole)
    return shown if whole else msgspec.structs.replace(shown, contact_mail=_cut(shown.contact_mail))


def _cut(mail: str | None) -> str | None:
    return None if mail is None else mask(mail)


def _doubts(context: Context, company: Company | None, people: People | None) -> list[str]:
    if company is None or people is None:
        return []
    country = records.organisation_of(context.desk.vault, company).country
    return list(remarks_on(people, country))


def _order(context: Context, unit: Unit, order: Order, subject: Subject) -> OrderOfReview:
    submission = unit.submissions.get(order.certificate_id, order.submission)
    spki = key_of(unit, order)
    manager = subject.manager
    company = unit.companies.get(manager.company_id) if manager else None
    known = records.organisation_of(context.desk.vault, company) if company else Organisation()
    letter = letter_of(unit, order, subject.kind)
    return OrderOfReview(
        certificate_id=order.certificate_id,
        product=name_of(order),
        level=None if order.uploaded else PRODUCTS[order.product_id].level.value,
        status=order.status,
        status_msg=status_msg(order),
        names=list(order.ascii_names),
        key=order.key,
        spki=spki.hex() if spki else None,
        same_key=same_key(unit, order.uin, spki),
        subject=list(_named(order, known)),
        remarks=_remarks(context, submission) if submission else [],
        revocation_reason=order.revocation.reason if order.revocation else None,
        said=MASKED if order.owner_comment and masks(context) else order.owner_comment,
        letter=_letter_info(letter) if letter else None,
    )


def _remarks(context: Context, submission: Submission) -> list[str]:
    material = earlier_material(context, submission)
    return [f"{PARAMETERS.wire_name(path)}: {said}" for path, said in material_remarks(material)]


def _named(order: Order, known: Organisation) -> Iterator[str]:
    """Yield what the certificate will say of the organisation, by short attribute names."""
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


def _letter_info(letter: Letter) -> LetterInfo:
    return LetterInfo(
        form=letter.form,
        size=letter.size,
        sha256=letter.sha256,
        upload_time=utc_time(letter.uploaded_at),
    )
