"""The content of a review and of its letters; checks of names and reasons."""

from __future__ import annotations

import base64

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.values.texts import text_fault
from certdesk.domain.vetting.records import SeenReview
from certdesk.engine import Context, Written
from certdesk.operator.lookups import LONGEST
from certdesk.operator.vetting.content import ShowReviewReply, letter_of
from certdesk.operator.vetting.seen_reviews import ReviewView, keeping, unseen, view_of
from certdesk.operator.vetting.subject import subject_of
from certdesk.ports import Unit, place_of_letter
from certdesk.wire.model import Reply, Request

LONGEST_REASON = 500


class ShowReviewRequest(Request):
    """Which review: `manager:N`, `order:CERTID`, `revocation:CERTID` or `key:SPKI`."""

    id: str


@catalog.action(InvalidParam, internal=True)
def show_review(context: Context, request: ShowReviewRequest) -> Commit[ShowReviewReply]:
    """Show one review with what is to be vetted, and store that the operator has seen it.

    Each view of telephone numbers and the company number is logged.
    """

    def read(unit: Unit) -> tuple[ReviewView, list[SeenReview]]:
        found = view_of(context, unit, subject_of(unit, request.id))
        return found, unseen(context, unit, [found], shown=True)

    found, sights = context.desk.store.read(read)
    keep = keeping(sights, found.content)
    return _noted(context, found.content, keep) if found.content.manager else keep


def _noted(
    context: Context, shown: ShowReviewReply, keep: Commit[ShowReviewReply]
) -> Commit[ShowReviewReply]:
    """Log, with a commit, who has seen the numbers of a company and its people."""

    def commit(unit: Unit) -> ShowReviewReply:
        its = shown.order.certificate_id if shown.order else shown.id
        context.record(unit, its, f"{shown.id} shown to {context.caller.operator}", uin=shown.uin)
        return keep(unit)

    return Written(commit)


class ReadLetterRequest(Request):
    """Which letter: `order:CERTID` or `revocation:CERTID`; and the name of the reader."""

    id: str
    reviewer: str


class ReadLetterReply(Reply):
    """The newest such letter of the order; `Content` is the file in base64."""

    form: str
    sha256: str
    content: str


@catalog.action(InvalidParam, writes=True, internal=True)
def read_letter(context: Context, request: ReadLetterRequest) -> Commit[ReadLetterReply]:
    """Return the letter that was uploaded for an order; this is logged."""
    check_reviewer(request.reviewer)

    def commit(unit: Unit) -> ReadLetterReply:
        subject = subject_of(unit, request.id)
        letter = letter_of(unit, subject.order, subject.kind) if subject.order else None
        if letter is None:
            raise ReviewNotFound(f"{request.id}: it has no letter.")
        content = context.desk.vault.open(letter.content, place_of_letter(letter)).reveal()
        context.record(unit, letter.certificate_id, f"read by {request.reviewer}", uin=letter.uin)
        return ReadLetterReply(
            form=letter.form, sha256=letter.sha256, content=base64.b64encode(content).decode()
        )

    return commit


def check_reviewer(name: str) -> None:
    """Refuse a name that is blank, or that would confuse a terminal.

    Raises:
        InvalidParam: it is blank, too long or not printable.
    """
    _check_text("Reviewer", name, LONGEST)


def checked_reason(text: str) -> str:
    """Return the reason for a decision, without white space around it.

    Raises:
        InvalidParam: it is blank, too long, or would confuse a terminal.
    """
    reason = text.strip()
    _check_text("Reason", reason, LONGEST_REASON)
    return reason


def _check_text(name: str, text: str, longest: int) -> None:
    if not text.strip() or text_fault(text, longest):
        raise InvalidParam(f"{name}: must be 1 to {longest} printable characters.")
