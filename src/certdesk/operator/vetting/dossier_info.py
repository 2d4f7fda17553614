"""What people added to a review, as reviewers see it."""

from __future__ import annotations

from collections.abc import Sequence

from certdesk.domain.people.role import Role
from certdesk.domain.values.products import PRODUCTS, Level
from certdesk.domain.vetting.checklist import Item, items_for
from certdesk.domain.vetting.dossier import BY_STAFF, Note, Question, Tick, VettingFile, is_open
from certdesk.engine import Context
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Unit, place_of_entry
from certdesk.wire.model import Part, utc_time

MASKED = "***"
"""What an auditor sees in place of a text."""


class FileInfo(Part, kw_only=True):
    """A file of an answer, or of a reviewer; another action returns its content."""

    id: str
    name: str
    form: str
    size: int
    sha256: str
    added_by: str
    added_time: str | None


class QuestionInfo(Part, kw_only=True):
    """A question to the applicant, and the answer; null if there is none.

    `Open` is whether it waits for one.
    """

    id: str
    text: str
    asked_by: str
    asked_time: str | None
    open: bool
    answer: str | None
    answered_by: str
    answered_time: str | None
    files: list[FileInfo]


class NoteInfo(Part, kw_only=True):
    """A reviewer's note."""

    id: str
    text: str
    written_by: str
    written_time: str | None


class ItemInfo(Part, kw_only=True):
    """An item of the checklist, the rule that asks for it, and who has ticked it."""

    key: str
    text: str
    source: str
    ticked_by: list[str]
    ticked_by_me: bool


def questions_of(context: Context, unit: Unit, subject: Subject) -> list[QuestionInfo]:
    """Return the questions about a subject, the oldest first."""
    found = unit.questions.where(subject=subject.name)
    found.sort(key=lambda each: (each.asked_at, each.question_id))
    files: dict[str, list[VettingFile]] = {each.question_id: [] for each in found}
    for file in unit.vetting_files.where(subject=subject.name):
        files.setdefault(file.question_id, []).append(file)
    return [_question(context, subject, each, files[each.question_id]) for each in found]


def notes_of(context: Context, unit: Unit, subject: Subject) -> list[NoteInfo]:
    """Return the notes about a subject, the oldest first."""
    found = unit.notes.where(subject=subject.name)
    return [_note(context, each) for each in sorted(found, key=lambda each: each.written_at)]


def attachments_of(context: Context, unit: Unit, subject: Subject) -> list[FileInfo]:
    """Return the files that reviewers attached to a subject, the oldest first."""
    found = unit.vetting_files.where(subject=subject.name, question_id=BY_STAFF)
    return files_info(context, found)


def checklist_info(context: Context, unit: Unit, subject: Subject) -> list[ItemInfo]:
    """Return the checklist of a subject with who has ticked what."""
    ticks = ticks_of(unit, subject)
    me = context.caller.operator
    return [
        ItemInfo(
            key=item.key,
            text=item.text,
            source=item.source,
            ticked_by=[tick.name for tick in ticks if item.key in tick.items],
            ticked_by_me=any(tick.operator == me and item.key in tick.items for tick in ticks),
        )
        for item in checklist_of(subject)
    ]


def files_info(context: Context, files: Sequence[VettingFile]) -> list[FileInfo]:
    """Return what is shown of files, the oldest first."""
    return [
        _file(context, each)
        for each in sorted(files, key=lambda each: (each.added_at, each.file_id))
    ]


def checklist_of(subject: Subject) -> tuple[Item, ...]:
    """Return what to check for the subject of a review."""
    order = subject.order
    product = PRODUCTS.get(order.product_id) if order else None
    level = product.level if product else None
    return items_for(subject.kind, None if level is Level.DV else level)


def ticks_of(unit: Unit, subject: Subject) -> list[Tick]:
    """Read what reviewers have ticked since the review was asked for."""
    review = subject.review
    if review is None:
        return []
    its = unit.ticks.where(subject=subject.name, attempt=review.attempt)
    return [tick for tick in its if tick.ticked_at >= review.since]


def ticked(unit: Unit, subject: Subject) -> set[str]:
    """Return the keys of the items that a reviewer has ticked."""
    return {key for tick in ticks_of(unit, subject) for key in tick.items}


def masks(context: Context) -> bool:
    """Whether personal data are masked for the caller."""
    return context.caller.role is Role.AUDITOR


def _text(context: Context, entry: Question | Note | VettingFile, field: str) -> str:
    """Return a text, which may say anything about anybody, unless the caller sees no such data."""
    return MASKED if masks(context) else opened(context, entry, field)


def opened(context: Context, entry: Question | Note | VettingFile, field: str) -> str:
    """Open a sealed text of a record."""
    return context.desk.vault.open(getattr(entry, field), place_of_entry(entry, field)).text()


def _question(
    context: Context, subject: Subject, question: Question, files: list[VettingFile]
) -> QuestionInfo:
    return QuestionInfo(
        id=question.question_id,
        text=_text(context, question, "text"),
        asked_by=question.asked_by,
        asked_time=utc_time(question.asked_at),
        open=is_open(question, subject.review),
        answer=None if question.answer is None else _text(context, question, "answer"),
        answered_by=question.answered_by,
        answered_time=utc_time(question.answered_at),
        files=files_info(context, files),
    )


def _note(context: Context, note: Note) -> NoteInfo:
    return NoteInfo(
        id=note.note_id,
        text=_text(context, note, "text"),
        written_by=note.written_by,
        written_time=utc_time(note.written_at),
    )


def _file(context: Context, file: VettingFile) -> FileInfo:
    return FileInfo(
        id=file.file_id,
        name=_text(context, file, "title"),
        form=file.form,
        size=file.size,
        sha256=file.sha256,
        added_by=file.added_by,
        added_time=utc_time(file.added_at),
    )
