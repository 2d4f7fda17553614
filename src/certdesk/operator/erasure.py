"""What happens to each record that has the data of a person to be erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certdesk.domain.orders.lifecycle import SUBMITTED, TAKES_MATERIAL
from certdesk.domain.orders.material import Material
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.data_subject import Role, Traits, without_roles
from certdesk.domain.privacy.identity_numbers import FINISHED, holds_identity
from certdesk.domain.values.organisation import Company, Manager, Organisation, People
from certdesk.domain.values.record import replace
from certdesk.domain.values.sealed_fields import cleartext_fields, secret_fields
from certdesk.domain.vetting.review import State, subject_of_manager, subject_of_order
from certdesk.engine import Context
from certdesk.operator.data_subject_search import Trace, Traces
from certdesk.operator.free_texts import reworded, taken_back
from certdesk.ports import Unit, place_of_party, place_of_submission

Kind = Submission | Manager | Company

WHAT_FIRST = {
    **dict.fromkeys(TAKES_MATERIAL, "cancel it (CancelCertificateOrder), or send other material"),
    **dict.fromkeys(SUBMITTED, "cancel its review (CancelAuditCertificate), or wait until it ends"),
}
WAIT = "wait until it ends"


def needed_for(unit: Unit, traces: Traces) -> Iterator[str]:
    """Yield what is under way that needs the person, and what has to be done first."""
    told: set[str] = set()
    for trace in traces.found:
        record = trace.record
        if isinstance(record, Submission):
            orders = [unit.orders.get(record.certificate_id)]
        elif isinstance(record, Manager):
            orders = list(unit.orders.where(uin=record.uin, manager_id=record.manager_id))
            review = unit.reviews.get(subject_of_manager(record.manager_id))
            if review is not None and review.verdict is None:
                yield f"{trace.name} waits for its review. Approve or reject it first."
        else:
            orders = []
        for order in orders:
            if order is None or order.certificate_id in told or not _needs(order, record):
                continue
            told.add(order.certificate_id)
            yield (
                f"{subject_of_order(order.certificate_id)} has status "
                f"{order.status.in_words}: {WHAT_FIRST.get(order.status, WAIT)}."
            )


def _needs(order: Order, record: Kind) -> bool:
    if order.status in FINISHED:
        return False
    return not isinstance(record, Submission) or order.submission == record.number


def without_person(context: Context, trace: Trace, traits: Traits) -> Kind:
    """Prepare a record without the person: sealed again, and no longer found by equal data."""
    record = reworded(trace.record, trace.record, traits)
    holder = reworded(without_roles(trace.holder, trace.roles), trace.record, traits)
    if holder == trace.holder:
        return record
    if isinstance(record, Submission):
        place = place_of_submission(record, "personal")
        return replace(
            record,
            facts=cleartext_fields(holder),
            personal=context.desk.vault.seal(secret_fields(holder), place),
            identity_since=record.identity_since if _has_identity(holder) else None,
        )
    if isinstance(record, Manager):
        record = replace(
            record, identity_since=record.identity_since if _has_identity(holder) else None
        )
        if Role.MANAGER in trace.roles:
            record = replace(record, status=State.INVALID, expires_at=None)
    fingerprint = context.desk.vault.fingerprint(record.uin, f"erased {trace.name}".encode())
    moved = replace(record, facts=cleartext_fields(holder), fingerprint=fingerprint)
    sealed = context.desk.vault.seal(secret_fields(holder), place_of_party(moved))
    return replace(moved, personal=sealed)


def erase(unit: Unit, traces: Traces, after: Sequence[Kind]) -> Iterator[tuple[str, str]]:
    """Store the records without the person and delete the letters; yield what was done to each.

    Raises:
        Stale: a record has changed since it was read.
    """
    for trace, record in zip([*traces.found, *traces.mentions], after, strict=True):
        if isinstance(record, Submission):
            unit.submissions.replace(record)
        elif isinstance(record, Manager):
            unit.managers.replace(record)
        else:
            unit.companies.replace(record)
        if trace.roles:
            yield trace.name, ", ".join(trace.roles)
    yield from taken_back(unit, traces.texts, traces.traits)
    for letter in traces.letters:
        unit.letters.remove(letter.certificate_id, letter.attempt, letter.kind)
        yield subject_of_order(letter.certificate_id), f"letter ({letter.kind})"


def kept(unit: Unit, traces: Traces) -> Iterator[tuple[str, str, str]]:
    """Yield what stays, and why."""
    for certificate_id in traces.orders:
        subject = subject_of_order(certificate_id)
        if unit.certificates.where(certificate_id=certificate_id, limit=1):
            yield (
                subject,
                "CSR and certificate",
                ("clients rely on it; it contains domain names, and names of organisations"),
            )
        else:
            yield (
                subject,
                "domain names and CSR",
                "they say what was ordered and are not personal",
            )
    for trace in traces.found:
        if isinstance(trace.record, Manager):
            yield trace.name, "number and times of vetting", "its orders and certificates name it"
        elif isinstance(trace.record, Company):
            yield trace.name, "name, address and number", "they are the organisation's"
    for user in traces.users:
        remedy = (
            f"its keys and policies depend on it; certdesk user disable {user.user_id} stops them"
        )
        yield f"user:{user.user_id}", "its name", remedy
    yield from dict.fromkeys(
        (each.record, each.what, each.why) for each in traces.texts if each.why
    )
    yield (
        "audit",
        "what was done, by record",
        ("it is never changed; it contains only a hash of the person"),
    )


def _has_identity(holder: Material | People | Organisation) -> bool:
    return not isinstance(holder, Organisation) and holds_identity(holder)
