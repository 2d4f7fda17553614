"""Reviews, stored through a transaction."""

from __future__ import annotations

from certdesk.domain.values.record import replace
from certdesk.domain.vetting.dossier import Entry, Note, Question
from certdesk.domain.vetting.records import Review
from certdesk.ports.unit import Unit


def put_review(unit: Unit, review: Review) -> Review:
    """Store a review in the place of an earlier one of the same thing."""
    earlier = unit.reviews.get(review.subject)
    if earlier is None:
        return unit.reviews.add(review)
    return unit.reviews.replace(replace(review, version=earlier.version))


def withdraw_review(unit: Unit, subject: str) -> None:
    """End the wait for a review, if there is one."""
    review = unit.reviews.get(subject)
    if review is not None and review.verdict is None:
        unit.reviews.remove(subject)


def remove_review(unit: Unit, subject: str) -> None:
    """Remove a review, what reviewers saw of it, and what people added, with its subject."""
    unit.reviews.remove(subject)
    for sight in unit.sights.where(subject=subject):
        unit.sights.remove(subject, sight.operator)
    for entry in entries_of(unit, subject):
        remove_entry(unit, entry)
    for tick in unit.ticks.where(subject=subject):
        unit.ticks.remove(subject, tick.attempt, tick.operator)


def entries_of(unit: Unit, subject: str) -> list[Entry]:
    """Read what people added to the reviews of a subject."""
    return [
        *unit.questions.where(subject=subject),
        *unit.notes.where(subject=subject),
        *unit.vetting_files.where(subject=subject),
    ]


def remove_entry(unit: Unit, entry: Entry) -> None:
    """Remove what somebody added to a review."""
    if isinstance(entry, Question):
        unit.questions.remove(entry.question_id)
    elif isinstance(entry, Note):
        unit.notes.remove(entry.note_id)
    else:
        unit.vetting_files.remove(entry.file_id)


def put_entry(unit: Unit, entry: Entry) -> None:
    """Store an entry in the place of the one with its id.

    Raises:
        Stale: a question or a note has changed since it was read.
    """
    if isinstance(entry, Question):
        unit.questions.replace(entry)
    elif isinstance(entry, Note):
        unit.notes.replace(entry)
    else:
        unit.vetting_files.remove(entry.file_id)
        unit.vetting_files.add(entry)
