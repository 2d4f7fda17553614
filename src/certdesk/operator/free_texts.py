"""Texts in which somebody may have named a person, in any record.

They are found by their types (`domain/values/free_text.py`): labels, names, reasons, owners'
comments, results of checks, details of the log. A new field of such a type is found without a
change here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from certdesk.domain.accounts.records import AuditEntry
from certdesk.domain.orders.order import Order
from certdesk.domain.orders.records import Submission
from certdesk.domain.privacy.data_subject import Traits
from certdesk.domain.validation.records import Evidence
from certdesk.domain.values.free_text import Text, has_words, hints, texts_of, without_words
from certdesk.domain.values.organisation import Company, Manager
from certdesk.domain.values.record import Record
from certdesk.domain.vetting.dossier import Note, Question, Tick, VettingFile
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import REVOCATION, subject_of_manager, subject_of_order
from certdesk.ports import COLLECTIONS, Unit, all_of, spec_of

Holder = TypeVar("Holder", bound=Record)

SEALED = (Submission, Company, Manager)
"""Records that are opened and sealed again as a whole (`operator/erasure.py`)."""

_CALLED: dict[tuple[type, str], str] = {
    (Review, "reason"): "reason of its review",
    (Order, "reason"): "its StatusMsg",
    (Order, "owner_comment"): "the comment of its owner",
    (AuditEntry, "detail"): "its text",
    (Submission, "facts"): "a text of the material",
    (Company, "facts"): "a text of the company",
    (Manager, "facts"): "a text of the manager",
}
_STAYS: dict[type, str] = {
    AuditEntry: "it is never changed",
    Evidence: "it is the evidence of how a name was validated, for retention.looks_days",
    Order: "lists and clients use it to find the certificate",
    Review: "it says who asked and who approved",
    Question: "it says who asked and who answered",
    Note: "it says who wrote it",
    VettingFile: "it says who sent it",
    Tick: "it says who checked it",
}
_GOES_BY = "other records depend on it"


class Wording(Record):
    """A text that names a person: its record, what it is there, and whether it may be removed."""

    kept: Record
    field: str
    mark: Text
    text: str

    @property
    def record(self) -> str:
        """The name of the record, as in the other commands."""
        return name_of(self.kept)

    @property
    def uin(self) -> str:
        """The account of the record; empty if it is the desk's own."""
        return str(getattr(self.kept, "uin", ""))

    @property
    def what(self) -> str:
        """What the text is in the record."""
        plain = f"its {self.field.replace('_', ' ')}"
        return _CALLED.get((type(self.kept), self.field), plain)

    @property
    def why(self) -> str:
        """Why the text stays; empty if it may be removed."""
        if self.mark is Text.WORDS and "version" in hints(type(self.kept)):
            return ""
        return _STAYS.get(type(self.kept), _GOES_BY)


def name_of(record: Record) -> str:
    """Return the name of a record: `manager:3`, `order:CERTID`, `audit:12`, a review's subject."""
    if isinstance(record, Submission):
        return f"{subject_of_order(record.certificate_id)}/{record.number}"
    if isinstance(record, Manager):
        return subject_of_manager(record.manager_id)
    if isinstance(record, Review):
        return record.subject
    kind = "audit" if isinstance(record, AuditEntry) else type(record).__name__.lower()
    key = getattr(record, record.__struct_fields__[0])
    return f"{kind}:{key.hex() if isinstance(key, bytes) else key}"


def wordings(unit: Unit, traits: Traits, uin: str | None) -> Iterator[Wording]:
    """Yield the texts that name a person, in the records of one account, or of all."""
    for spec in COLLECTIONS:
        if not has_words(spec.record):
            continue
        owned = "uin" in spec.fields
        whose = {"uin": uin} if uin and owned else {}
        for record in all_of(unit.collection(spec), **whose):
            about = about_what(record)
            for field, mark, text in texts_of(record):
                if traits.named_in(text, about) and (owned or _is_of(unit, record, uin)):
                    yield Wording(record, field, mark, text)


def taken_back(unit: Unit, found: Sequence[Wording], traits: Traits) -> Iterator[tuple[str, str]]:
    """Remove the words that name the person, except in sealed records; yield each text.

    Raises:
        Stale: a record has changed since it was read.
    """
    going = [each for each in found if not each.why]
    # A review has the name of the order that it is about.
    kept = {(type(each.kept), each.record): each.kept for each in going}
    for (kind, _), record in kept.items():
        if not isinstance(record, SEALED):
            unit.collection(spec_of(kind)).replace(reworded(record, record, traits))
    yield from dict.fromkeys((each.record, each.what) for each in going)


def reworded(holder: Holder, record: Any, traits: Traits) -> Holder:  # noqa: ANN401 -- any record
    """Return a record, or the value that was opened from it, without words that name the person."""
    about = about_what(record)
    return without_words(holder, lambda text: traits.named_in(text, about))


def about_what(record: Any) -> str:  # noqa: ANN401 -- records of any kind
    """Return the name of the order that a record is about, or of the record itself."""
    certificate_id = getattr(record, "certificate_id", None)
    if certificate_id is not None:
        return subject_of_order(certificate_id)
    kind, colon, key = getattr(record, "subject", name_of(record)).partition(":")
    return subject_of_order(key or kind) if kind == REVOCATION or not colon else f"{kind}:{key}"


def _is_of(unit: Unit, record: Any, uin: str | None) -> bool:  # noqa: ANN401 -- records of any kind
    """Whether a record without an account of its own belongs to an account, by its order."""
    if uin is None:
        return True
    order = unit.orders.get(getattr(record, "certificate_id", ""))
    return order is not None and order.uin == uin
