"""Questions of reviewers as an applicant sees them, and the answers.

A user of the account may read and answer them if a policy allows what the question is about: to
send the material of the order, to have the certificate revoked, or to have managers reviewed.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from certdesk.actions.vetting import records
from certdesk.actions.vetting.letters import LETTER_BODY
from certdesk.actions.vetting.reviews import asker
from certdesk.catalog import Commit, catalog, permission_of
from certdesk.domain.errors import InvalidParam, QuestionNotFound, ReviewNotFound
from certdesk.domain.orders.derivation import refused_for
from certdesk.domain.people.role import Role
from certdesk.domain.values.record import replace
from certdesk.domain.vetting.deciders import Asker
from certdesk.domain.vetting.dossier import MOST_FILES, Question, is_open
from certdesk.domain.vetting.review import MANAGER, ORDER, REVOCATION
from certdesk.engine import Context
from certdesk.operator.vetting.dossier import (
    Prose,
    Title,
    checked,
    examined,
    note,
    sealed,
    still,
    tell,
)
from certdesk.operator.vetting.dossier_info import files_info, opened
from certdesk.operator.vetting.subject import Subject, subject_of
from certdesk.ports import Unit
from certdesk.wire.model import File, Part, Reply, Request, field, utc_time

USERS = (Role.USER,)
PERMISSIONS = {
    ORDER: "CertificateInfoSubmit",
    REVOCATION: "RevokeCertificate",
    MANAGER: "SubmitAuditManager",
}
"""By kind of review, the action that a policy must allow, so that a user may answer."""


class ListQuestionsRequest(Request):
    """How many questions to show at most; the newest come first."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class FileOfAnswer(Part, kw_only=True):
    """A file that was sent with an answer."""

    name: str
    form: str
    size: int


class QuestionToMe(Part, kw_only=True):
    """A question of the reviewers to the account, and its answer; null if there is none.

    `Open` is whether it waits for one. `About` is the main name of an order, or the company's.
    """

    id: str
    subject: str
    certificate_id: str | None
    about: str
    text: str
    asked_time: str | None
    open: bool
    answer: str | None
    answered_by: str
    answered_time: str | None
    files: list[FileOfAnswer]


class ListQuestionsReply(Reply):
    """The questions, the open ones first, then the newest; and how many are open.

    `MaySee` is whether a policy allows the caller any questions at all.
    """

    questions: list[QuestionToMe]
    open_count: int
    may_see: bool


@catalog.action(internal=True, roles=USERS)
def list_questions(context: Context, request: ListQuestionsRequest) -> Commit[ListQuestionsReply]:
    """List what reviewers asked the caller's account, as far as its policies allow."""

    def read(unit: Unit) -> ListQuestionsReply:
        found = [
            (each, subject)
            for each in unit.questions.where(uin=context.caller.uin)
            if (subject := _own(context, unit, each)) is not None
        ]
        found.sort(key=lambda each: each[0].asked_at, reverse=True)
        found.sort(key=lambda each: not is_open(each[0], each[1].review))
        return ListQuestionsReply(
            questions=[_shown(context, unit, *each) for each in found[: request.limit]],
            open_count=sum(is_open(each, subject.review) for each, subject in found),
            may_see=any(
                context.caller.grants.permits(permission_of(each)) for each in PERMISSIONS.values()
            ),
        )

    return read


class ShowQuestionRequest(Request):
    """The id of a question."""

    question_id: str


class ShowQuestionReply(Reply):
    """One question."""

    question: QuestionToMe


@catalog.action(internal=True, roles=USERS)
def show_question(context: Context, request: ShowQuestionRequest) -> Commit[ShowQuestionReply]:
    """Show one question to the caller's account, if its policies allow to answer it."""

    def read(unit: Unit) -> ShowQuestionReply:
        found = _own_question(context, unit, request.question_id)
        return ShowQuestionReply(question=_shown(context, unit, *found))

    return read


class AnswerFile(Part):
    """A file with an answer: its name, and the file in base64 (JPG, PNG or PDF, 1 KB to 1.4 MB)."""

    name: Title
    content: File


class AnswerQuestionRequest(Request):
    """The question, the answer, and at most 5 files."""

    question_id: str
    answer: Prose
    files: list[AnswerFile] = field(default_factory=list)


class AnswerQuestionReply(Reply):
    """The question that was answered."""

    question_id: str


@catalog.action(
    InvalidParam, writes=True, internal=True, roles=USERS, body_limit=MOST_FILES * LETTER_BODY
)
def answer_question(
    context: Context, request: AnswerQuestionRequest
) -> Commit[AnswerQuestionReply]:
    """Answer a question of the reviewers; the review goes on."""

    def read(unit: Unit) -> tuple[Question, Subject, Asker]:
        found = _open_question(context, unit, request.question_id)
        return *found, asker(unit, context.caller.actor, context.caller.user_id)

    question, subject, by = context.desk.store.read(read)
    text = checked("Answer", request.answer)
    if len(request.files) > MOST_FILES:
        raise InvalidParam(f"Files: must be at most {MOST_FILES}.")
    its = question.question_id
    sent = [(each.name, each.content) for each in request.files]
    files = examined(context, subject, sent, by, question_id=its, parameter="Files")
    answered = replace(
        question,
        answer=sealed(context, question, "answer", text),
        answered_by=by.name,
        answered_as=by.login,
        answered_at=context.now,
    )

    def commit(unit: Unit) -> AnswerQuestionReply:
        _, before = _open_question(context, unit, its)
        found = still(unit, subject)
        unit.questions.replace(answered)
        for file in files:
            unit.vetting_files.add(file)
        tell(unit, found)
        detail = f"question {its} answered by {by.name}, {len(files)} files"
        note(context, unit, before, detail)
        return AnswerQuestionReply(question_id=its)

    return commit


def _own_question(context: Context, unit: Unit, question_id: str) -> tuple[Question, Subject]:
    """Read an own question.

    Raises:
        QuestionNotFound: the account has no such question, or a policy forbids it; the reply is the
            same.
    """
    question = unit.questions.get(question_id)
    subject = _own(context, unit, question) if question else None
    if question is None or subject is None:
        raise QuestionNotFound
    return question, subject


def _open_question(context: Context, unit: Unit, question_id: str) -> tuple[Question, Subject]:
    """Read an own question that waits for an answer.

    Raises:
        QuestionNotFound: as `_own_question`.
        InvalidParam: it was answered, or its review has ended.
    """
    question, subject = _own_question(context, unit, question_id)
    if not is_open(question, subject.review):
        ended = "was answered" if question.answered_at else "needs no answer now"
        raise InvalidParam(f"QuestionId: the question {ended}.")
    return question, subject


def _own(context: Context, unit: Unit, question: Question) -> Subject | None:
    """Return the subject of a question to the caller's account that a policy lets it answer."""
    caller = context.caller
    if question.uin != caller.uin or not caller.uin:
        return None
    try:
        subject = subject_of(unit, question.subject)
    except ReviewNotFound:
        return None
    permission = permission_of(PERMISSIONS[subject.kind])
    if subject.order is not None:
        refused = refused_for(caller.grants, permission, subject.order)
        return None if refused or subject.uin != caller.uin else subject
    return subject if caller.grants.permits_for_all(permission) else None


def _shown(context: Context, unit: Unit, question: Question, subject: Subject) -> QuestionToMe:
    order, manager = subject.order, subject.manager
    company = unit.companies.get(manager.company_id) if manager and not order else None
    name = records.organisation_of(context.desk.vault, company).name if company else ""
    files = unit.vetting_files.where(question_id=question.question_id)
    return QuestionToMe(
        id=question.question_id,
        subject=question.subject,
        certificate_id=order.certificate_id if order else None,
        about=(order.domain if order else name) or "",
        text=opened(context, question, "text"),
        asked_time=utc_time(question.asked_at),
        open=is_open(question, subject.review),
        answer=None if question.answer is None else opened(context, question, "answer"),
        answered_by=question.answered_by,
        answered_time=utc_time(question.answered_at),
        files=[
            FileOfAnswer(name=each.name, form=each.form, size=each.size)
            for each in files_info(context, files)
        ],
    )
