"""The content of a review and of its letters; checks of reasons."""

from __future__ import annotations

import base64

from msgspec.structs import replace

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam, ReviewNotFound
from certdesk.domain.people.role import REVIEWERS, STAFF
from certdesk.domain.values.texts import text_fault
from certdesk.domain.vetting.records import SeenReview
from certdesk.engine import Context, Written
from certdesk.operator.vetting.content import ShowReviewReply, letter_of
from certdesk.operator.vetting.deciding import comes_first, signed, why_not_now
from certdesk.operator.vetting.seen_reviews import keeping, unseen, view_of
from certdesk.operator.vetting.subject import subject_of
from certdesk.ports import Unit, place_of_letter
from certdesk.wire.model import Reply, Request

LONGEST_REASON = 500


class ShowReviewRequest(Request):
    """Which review: `manager:N`, `order:CERTID`, `revocation:CERTID` or `key:SPKI`."""

    id: str


@catalog.action(InvalidParam, internal=True, roles=STAFF)
def show_review(context: Context, request: ShowReviewRequest) -> Commit[ShowReviewReply]:
    """Show one review with what is to be vetted, and store that the operator has seen it.

    Each view of telephone numbers, the company number, and what people wrote is logged.
    """

    def read(unit: Unit) -> tuple[ShowReviewReply, list[SeenReview]]:
        subject = subject_of(unit, request.id)
        found = view_of(context, unit, subject)
        because = why_not_now(context, unit, subject)
        before = comes_first(context, subject) or None
        shown = replace(found.content, may_decide=not because, why_not=because, first=before)
        return shown, unseen(context, unit, [found], shown=True)

    shown, sights = context.desk.store.read(read)
    keep = keeping(sights, shown)
    personal = shown.manager or shown.questions or shown.notes or shown.attachments
    return _noted(context, shown, keep) if personal else keep


def _noted(
    context: Context, shown: ShowReviewReply, keep: Commit[ShowReviewReply]
) -> Commit[ShowReviewReply]:
    """Log, with a commit, who has seen the numbers of people, or texts about them."""

    def commit(unit: Unit) -> ShowReviewReply:
        its = shown.order.certificate_id if shown.order else shown.id
        # No account may know that a key was reviewed.
        uin = "" if shown.key else shown.uin
        context.record(unit, its, f"{shown.id} shown to {signed(context)}", uin=uin)
        return keep(unit)

    return Written(commit)


class ReadLetterRequest(Request):
    """Which letter: `order:CERTID` or `revocation:CERTID`."""

    id: str


class ReadLetterReply(Reply):
    """The newest such letter of the order; `Content` is the file in base64."""

    form: str
    sha256: str
    content: str


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def read_letter(context: Context, request: ReadLetterRequest) -> Commit[ReadLetterReply]:
    """Return the letter that was uploaded for an order; this is logged."""

    def commit(unit: Unit) -> ReadLetterReply:
        subject = subject_of(unit, request.id)
        letter = letter_of(unit, subject.order, subject.kind) if subject.order else None
        if letter is None:
            raise ReviewNotFound(f"{request.id}: it has no letter.")
        content = context.desk.vault.open(letter.content, place_of_letter(letter)).reveal()
        context.record(unit, letter.certificate_id, f"read by {signed(context)}", uin=letter.uin)
        return ReadLetterReply(
            form=letter.form, sha256=letter.sha256, content=base64.b64encode(content).decode()
        )

    return commit


def checked_reason(text: str) -> str:
    """Return the reason for a decision, without white space around it.

    Raises:
        InvalidParam: it is blank, too long, or would confuse a terminal.
    """
    reason = text.strip()
    if not reason or text_fault(reason, LONGEST_REASON):
        raise InvalidParam(f"Reason: must be 1 to {LONGEST_REASON} printable characters.")
    return reason
