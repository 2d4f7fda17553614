"""What reviewers add to a review: questions to the applicant, notes, files, ticks."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

from msgspec import Meta

from certdesk.actions.vetting import reviews
from certdesk.actions.vetting.asked import show_questions
from certdesk.actions.vetting.letters import LETTER_BODY
from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.account import letters
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.people.role import REVIEWERS
from certdesk.domain.values.record import replace
from certdesk.domain.values.secret import Secret
from certdesk.domain.vetting.checklist import missing
from certdesk.domain.vetting.deciders import Asker, login_of
from certdesk.domain.vetting.dossier import (
    BY_STAFF,
    FORMS,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_ATTACHMENTS,
    MOST_NOTES,
    MOST_QUESTIONS,
    Note,
    Question,
    Tick,
    VettingFile,
    prose,
    prose_fault,
)
from certdesk.domain.vetting.letters import TOO_COSTLY, Examined, examine_files
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import KEY
from certdesk.engine import Context
from certdesk.operator.vetting.deciding import name_of, signed
from certdesk.operator.vetting.dossier_info import checklist_of, opened, ticked
from certdesk.operator.vetting.seen_reviews import check_seen, see_own_change
from certdesk.operator.vetting.subject import Subject, subject_of
from certdesk.ports import Stale, Unit, place_of_entry
from certdesk.wire.model import File, Reply, Request

Prose = Annotated[str, Meta(max_length=2 * LONGEST_TEXT, extra={"text": "hidden, parsed"})]
"""A text of several lines, which no message repeats."""

Title = Annotated[str, Meta(max_length=4 * LONGEST_TITLE, extra={"text": "hidden, parsed"})]
"""The name of a file."""

ID_LETTERS = 16


class AskApplicantRequest(Request):
    """The review, and the question; `Attempt` is the digest of what the reviewer saw."""

    id: str
    question: Prose
    attempt: str | None = None


class AskedReply(Reply):
    """The id of the question."""

    question_id: str


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def ask_applicant(context: Context, request: AskApplicantRequest) -> Commit[AskedReply]:
    """Ask the applicant about a manager, an order or a revocation that waits for a review.

    It stays where it is, and StatusMsg says that a question was asked until it is answered.
    """
    subject = context.desk.store.read(lambda unit: subject_of(unit, request.id))
    draft = Question(
        question_id=new_id(context),
        subject=subject.name,
        uin=subject.uin,
        text=b"",
        asked_by=name_of(context.caller),
        asked_as=login_of(context.caller.operator),
        asked_at=context.now,
    )
    question = replace(
        draft, text=sealed(context, draft, "text", checked("Question", request.question))
    )

    def commit(unit: Unit) -> AskedReply:
        found = waiting(unit, subject)
        if found.kind == KEY:
            raise InvalidParam(f"{found.name}: ask the accounts that reported the key by yourself.")
        if len(unit.questions.where(subject=found.name)) >= MOST_QUESTIONS:
            raise InvalidParam(f"{found.name}: {MOST_QUESTIONS} questions were asked already.")
        check_seen(context, unit, found, request.attempt)
        unit.questions.add(question)
        see_own_change(context, unit, found)
        tell(unit, found)
        note(context, unit, found, f"question {question.question_id} asked by {signed(context)}")
        return AskedReply(question_id=question.question_id)

    return commit


class AddNoteRequest(Request):
    """The review, and the note."""

    id: str
    note: Prose


class AddNoteReply(Reply):
    """The id of the note."""

    note_id: str


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def add_note(context: Context, request: AddNoteRequest) -> Commit[AddNoteReply]:
    """Write a note about a review, which reviewers see and the applicant does not."""
    subject = context.desk.store.read(lambda unit: subject_of(unit, request.id))
    draft = Note(
        note_id=new_id(context),
        subject=subject.name,
        uin=subject.uin,
        text=b"",
        written_by=name_of(context.caller),
        written_as=login_of(context.caller.operator),
        written_at=context.now,
    )
    written = replace(draft, text=sealed(context, draft, "text", checked("Note", request.note)))

    def commit(unit: Unit) -> AddNoteReply:
        found = still(unit, subject)
        if len(unit.notes.where(subject=found.name)) >= MOST_NOTES:
            raise InvalidParam(f"{found.name}: it has {MOST_NOTES} notes already.")
        unit.notes.add(written)
        note(context, unit, found, f"note by {signed(context)}")
        return AddNoteReply(note_id=written.note_id)

    return commit


class AddAttachmentRequest(Request):
    """The review, the name of the file, and the file."""

    id: str
    name: Title
    file: File
    """The file in base64: JPG, PNG or PDF, 1 KB to 1.4 MB."""


class AddAttachmentReply(Reply):
    """The id of the file."""

    file_id: str


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS, body_limit=LETTER_BODY)
def add_attachment(context: Context, request: AddAttachmentRequest) -> Commit[AddAttachmentReply]:
    """Attach a file to a review, which reviewers see and the applicant does not."""
    subject = context.desk.store.read(lambda unit: subject_of(unit, request.id))
    by = Asker(name=name_of(context.caller), login=login_of(context.caller.operator))
    (file,) = examined(context, subject, [(request.name, request.file)], by)

    def commit(unit: Unit) -> AddAttachmentReply:
        found = still(unit, subject)
        its = unit.vetting_files.where(subject=found.name, question_id=BY_STAFF)
        if len(its) >= MOST_ATTACHMENTS:
            raise InvalidParam(f"{found.name}: it has {MOST_ATTACHMENTS} files already.")
        unit.vetting_files.add(file)
        note(context, unit, found, f"{file.form} of {file.size} bytes by {signed(context)}")
        return AddAttachmentReply(file_id=file.file_id)

    return commit


class ReadAttachmentRequest(Request):
    """The review, and the id of a file that came with an answer or that a reviewer attached."""

    id: str
    file_id: str


class ReadAttachmentReply(Reply):
    """The file: its name, kind and SHA-256; `Content` is in base64."""

    name: str
    form: str
    sha256: str
    content: str


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def read_attachment(
    context: Context, request: ReadAttachmentRequest
) -> Commit[ReadAttachmentReply]:
    """Return a file of a review; this is logged."""

    def commit(unit: Unit) -> ReadAttachmentReply:
        subject = subject_of(unit, request.id)
        file = unit.vetting_files.get(request.file_id)
        if file is None or file.subject != subject.name:
            raise ReviewNotFound(f"{subject.name}: it has no such file.")
        content = context.desk.vault.open(file.content, place_of_entry(file, "content")).reveal()
        note(context, unit, subject, f"file {file.file_id} read by {signed(context)}")
        return ReadAttachmentReply(
            name=opened(context, file, "title"),
            form=file.form,
            sha256=file.sha256,
            content=base64.b64encode(content).decode(),
        )

    return commit


class TickChecklistRequest(Request):
    """The review, and the keys of all items that the reviewer has checked.

    `Attempt` is the digest of what the reviewer saw. Without it the ticks count for what is there.
    """

    id: str
    items: list[str]
    attempt: str | None = None


class TickChecklistReply(Reply):
    """The keys of the items that nobody has ticked."""

    missing: list[str]


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def tick_checklist(context: Context, request: TickChecklistRequest) -> Commit[TickChecklistReply]:
    """Store what the caller has checked for a review, in the place of what was ticked before."""

    def commit(unit: Unit) -> TickChecklistReply:
        subject = waiting(unit, subject_of(unit, request.id))
        known = [item.key for item in checklist_of(subject)]
        for key in request.items:
            if key not in known:
                raise InvalidParam(f"Items: must be of {', '.join(known)}.")
        if request.attempt is not None:
            check_seen(context, unit, subject, request.attempt)
        ticks = tuple(key for key in known if key in request.items)
        keep_ticks(context, unit, subject, ticks)
        left = missing(checklist_of(subject), ticked(unit, subject))
        return TickChecklistReply(missing=[item.key for item in left])

    return commit


def keep_ticks(context: Context, unit: Unit, subject: Subject, items: tuple[str, ...]) -> None:
    """Store the ticks of the caller."""
    assert subject.review is not None  # noqa: S101 -- it waits
    tick = Tick(
        subject=subject.name,
        attempt=subject.review.attempt,
        operator=context.caller.operator,
        name=name_of(context.caller),
        items=items,
        ticked_at=context.now,
    )
    earlier = unit.ticks.get(tick.subject, tick.attempt, tick.operator)
    if earlier is None:
        unit.ticks.add(tick)
    else:
        unit.ticks.replace(replace(tick, version=earlier.version))


def waiting(unit: Unit, before: Subject) -> Subject:
    """Read a subject again, and refuse one that does not wait for a decision.

    Raises:
        InvalidParam: it does not.
    """
    subject = still(unit, before)
    review: Review | None = subject.review
    if review is None or review.verdict is not None:
        raise InvalidParam(f"{subject.name}: it does not wait for a review.")
    return subject


def still(unit: Unit, before: Subject) -> Subject:
    """Read a subject again.

    Raises:
        Stale: it belongs to another account now, so that what was sealed would not open.
    """
    subject = subject_of(unit, before.name)
    if subject.uin != before.uin:
        raise Stale("reviews")
    return subject


def tell(unit: Unit, subject: Subject) -> None:
    """Have the orders that a review is about say whether a question is open."""
    if subject.order is not None:
        show_questions(unit, [subject.order])
    elif subject.manager is not None:
        show_questions(unit, reviews.orders_under_way(unit, subject.manager))


def note(context: Context, unit: Unit, subject: Subject, detail: str) -> None:
    """Write a row of the audit log about a review; it has none of the texts."""
    its = subject.order.certificate_id if subject.order else subject.name
    uin = "" if subject.kind == KEY else subject.uin
    context.record(unit, its, f"{subject.name}: {detail}", uin=uin)


def examined(
    context: Context,
    subject: Subject,
    files: list[tuple[str, str]],
    by: Asker,
    *,
    question_id: str = BY_STAFF,
    parameter: str = "File",
) -> list[VettingFile]:
    """Return the records of files that somebody sends (name and base64), checked as letters are.

    Raises:
        InvalidParam: one is no complete JPG, PNG or PDF of 1 KB to 1.4 MB, or its name is invalid.
    """
    titles = [_title(name, parameter) for name, _ in files]
    if not files:
        return []
    texts = [content for _, content in files]
    # One job for all: an attempt that has to wait for a parser begins again with its first job.
    found = context.parse([TOO_COSTLY] * len(files), examine_files, texts, FORMS)
    for each in found:
        if each.flaw is not None:
            kinds = f"It must be {', '.join(FORMS)}, of 1 KB to 1.4 MB."
            raise InvalidParam(f"{parameter}: the file {each.rule}. {kinds}")
    return [
        _sealed_file(context, subject, title, each, by, question_id)
        for title, each in zip(titles, found, strict=True)
    ]


def _title(name: str, parameter: str) -> str:
    """Return the name of a file without the folders on the sender's computer."""
    title = name.replace("\\", "/").rpartition("/")[2].strip()
    fault = prose_fault(title, LONGEST_TITLE) or ("must be one line" if "\n" in title else "")
    if fault:
        raise InvalidParam(f"{parameter}: the name of the file {fault}.")
    return title


def _sealed_file(
    context: Context, subject: Subject, title: str, found: Examined, by: Asker, question_id: str
) -> VettingFile:
    draft = VettingFile(
        file_id=new_id(context),
        subject=subject.name,
        uin=subject.uin,
        question_id=question_id,
        title=b"",
        form=found.form,
        size=len(found.content),
        sha256=hashlib.sha256(found.content).hexdigest(),
        content=b"",
        added_by=by.name,
        added_as=by.login,
        added_at=context.now,
    )
    kept = context.desk.vault.seal(Secret(found.content), place_of_entry(draft, "content"))
    return replace(draft, title=sealed(context, draft, "title", title), content=kept)


def checked(parameter: str, text: str) -> str:
    """Return a text of several lines, without white space around it.

    Raises:
        InvalidParam: it is empty, too long, or has characters that nobody can see.
    """
    written = prose(text)
    fault = prose_fault(written)
    if fault:
        raise InvalidParam(f"{parameter}: {fault}.")
    return written


def sealed(context: Context, entry: Question | Note | VettingFile, field: str, text: str) -> bytes:
    """Seal a text for a field of a record."""
    return context.desk.vault.seal(Secret(text), place_of_entry(entry, field))


def new_id(context: Context) -> str:
    """Return a random id."""
    return letters(context.desk.rng, ID_LETTERS)
