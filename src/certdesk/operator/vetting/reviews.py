"""What waits to be vetted, and the decisions of the reviewers."""

from __future__ import annotations

from msgspec.structs import replace

from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import REVIEWERS, STAFF
from certdesk.domain.vetting.checklist import missing
from certdesk.domain.vetting.dossier import asked_state, is_open
from certdesk.domain.vetting.records import Review, SeenReview
from certdesk.domain.vetting.review import KEY, ORDER, approved, in_turn, rejected
from certdesk.engine import Context
from certdesk.operator.vetting.content import approvals_of
from certdesk.operator.vetting.deciding import (
    decider_of,
    name_of,
    signed,
    why_not_approve,
    why_not_now,
)
from certdesk.operator.vetting.detail import checked_reason
from certdesk.operator.vetting.dossier_info import checklist_of, ticked
from certdesk.operator.vetting.outcome import (
    check_turn,
    earlier_approval,
    fail,
    not_asked,
    people_needed_for,
    take_effect,
)
from certdesk.operator.vetting.seen_reviews import ReviewView, check_seen, keeping, unseen, view_of
from certdesk.operator.vetting.subject import Subject, subject_of
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, field, utc_time
from certdesk.wire.operator import reviews as asked


class ReviewInfo(Part, kw_only=True):
    """One thing that waits; `About` is the company's name, and an order's main name.

    For a key, `About` says how many certificates are in force for it, and in how many accounts.
    `Product` and `Level` (OV, EV) are an order's; `Letter` says whether it has a letter. `Attempt`
    is the digest of everything to be decided about. `Question` is `asked` while the applicant has
    to answer, `answered` afterwards. `MayDecide` is whether the caller may approve it now.
    """

    id: str
    kind: str
    since: str | None
    uin: str
    account_name: str
    about: str
    product: str | None
    level: str | None
    letter: bool
    approvals: list[str]
    attempt: str
    asked_by: str
    question: str
    may_decide: bool
    why_not: str


class ListReviewsReply(Reply):
    """Everything that waits, sorted so that each can be approved after those before it.

    With `ByAge`, what has waited longest comes first. `TotalCount` is how many wait in all, and
    `Now` when the list was made.
    """

    reviews: list[ReviewInfo]
    total_count: int
    now: str | None


@catalog.action(internal=True, roles=STAFF)
def list_reviews(context: Context, request: asked.ListReviewsRequest) -> Commit[ListReviewsReply]:
    """List what waits to be vetted, and store that the operator has seen the list."""

    def read(unit: Unit) -> tuple[ListReviewsReply, list[SeenReview]]:
        waiting = in_turn(unit.reviews.where(verdict=None))
        if request.by_age:
            waiting.sort(key=lambda each: each.since)
        page = waiting[request.offset : request.offset + request.limit]
        subjects = [subject_of(unit, each.subject) for each in page]
        views = [view_of(context, unit, each) for each in subjects]
        infos = [
            _info(context, unit, each, view) for each, view in zip(subjects, views, strict=True)
        ]
        reply = ListReviewsReply(reviews=infos, total_count=len(waiting), now=utc_time(context.now))
        return reply, unseen(context, unit, views, shown=False)

    reply, sights = context.desk.store.read(read)
    return keeping(sights, reply)


class ApproveReviewRequest(Request):
    """What is approved; `Attempt` is the digest of what the reviewer saw."""

    id: str
    attempt: str | None = None


class ReviewDecisionReply(Reply, kw_only=True):
    """The state of the review: `Verdict` is null if it still waits.

    `Unticked` are the items of the checklist that nobody has ticked.
    """

    id: str
    verdict: str | None
    approvals: list[str]
    unticked: list[str] = field(default_factory=list)
    failed: list[str] | None = None


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def approve_review(context: Context, request: ApproveReviewRequest) -> Commit[ReviewDecisionReply]:
    """Approve a manager with its company, an order, a request to revoke a certificate, or a key.

    Approving a key confirms that it is compromised: nobody may use it again. Something that was
    approved before stays as it is. A review that has changed since the operator saw it is refused.
    """
    context.held.callback(context.desk.work.wake)

    def commit(unit: Unit) -> ReviewDecisionReply:
        subject = subject_of(unit, request.id)
        review = subject.review
        if review is None or review.verdict is not None:
            return _decision(subject, earlier_approval(subject, review))
        if review.kind == ORDER:
            check_turn(subject.order, subject.manager, context.now)
        seen = check_seen(context, unit, subject, request.attempt, always=review.kind == KEY)
        refused = why_not_approve(context, unit, subject, review)
        if refused:
            raise InvalidParam(f"{subject.name}: {refused}.")
        caller = context.caller
        needed = people_needed_for(context, review, subject.order)
        after = approved(
            review,
            decider_of(unit, name_of(caller), caller.operator),
            context.now,
            operator=caller.operator,
            needed=needed,
        )
        unticked = [item.key for item in missing(checklist_of(subject), ticked(unit, subject))]
        after = unit.reviews.replace(after)
        take_effect(context, unit, subject, after)
        its = subject.order.certificate_id if subject.order else subject.name
        left = _left(unticked, unit, review)
        turn = f", {len(after.approvals)} of {needed}" if needed > 1 else ""
        detail = f"{subject.name} approved by {signed(context)}, attempt {seen}{turn}{left}"
        context.record(unit, its, detail, uin=_whose(subject, after))
        return replace(_decision(subject, after), unticked=unticked)

    return commit


class RejectReviewRequest(Request):
    """What is rejected, and why; the owner of the order sees the reason.

    `Attempt` is the digest of what the reviewer saw.
    """

    id: str
    reason: str
    attempt: str | None = None


@catalog.action(InvalidParam, writes=True, internal=True, roles=REVIEWERS)
def reject_review(context: Context, request: RejectReviewRequest) -> Commit[ReviewDecisionReply]:
    """Reject an order, or a manager and with it its orders that the CA has not begun to issue.

    They fail with the reason as their StatusMsg. If a request to revoke a certificate is rejected,
    the order goes back to status 1. A rejected key stays blocked for the accounts that reported it.
    A review that has changed since the operator saw it is refused.
    """
    reason = checked_reason(request.reason)

    def commit(unit: Unit) -> ReviewDecisionReply:
        subject = subject_of(unit, request.id)
        review = subject.review
        if review is None:
            raise not_asked(subject.name)
        if review.verdict is not None:
            raise InvalidParam(f"{subject.name}: it was already {review.verdict}.")
        check_seen(context, unit, subject, request.attempt)
        after = unit.reviews.replace(rejected(review, reason, context.now))
        detail = f"{subject.name} rejected by {signed(context)}: {reason}"
        failed = fail(context, unit, subject, reason, detail)
        return _decision(subject, after, [each.certificate_id for each in failed])

    return commit


def _info(context: Context, unit: Unit, subject: Subject, view: ReviewView) -> ReviewInfo:
    review = subject.review
    assert review is not None  # noqa: S101 -- it waits
    account, its = unit.accounts.get(review.uin), view.content
    why_not = why_not_now(context, unit, subject)
    if its.key is not None:
        accounts = len({each.uin for each in its.key.certificates})
        about = [f"{len(its.key.certificates)} certificates in force, accounts: {accounts}"]
    else:
        company, order = its.company, its.order
        name = order.names[0] if order and order.names else None
        about = [part for part in (company.company_name if company else None, name) if part]
    return ReviewInfo(
        id=review.subject,
        kind=review.kind,
        since=its.since,
        uin=review.uin,
        account_name=account.name if account else "",
        about=", ".join(about),
        product=its.order.product if its.order else None,
        level=its.order.level if its.order else None,
        letter=its.order is not None and its.order.letter is not None,
        approvals=approvals_of(review),
        attempt=its.attempt,
        asked_by=review.asked_by,
        question=asked_state(unit.questions.where(subject=review.subject), review),
        may_decide=not why_not,
        why_not=why_not,
    )


def _left(unticked: list[str], unit: Unit, review: Review) -> str:
    """Return for the log what nobody has ticked, and how many questions wait for their answers."""
    asked = unit.questions.where(subject=review.subject)
    unanswered = sum(is_open(question, review) for question in asked)
    ticks = f"; not ticked: {', '.join(unticked)}" if unticked else ""
    return f"{ticks}; not answered: {unanswered}" if unanswered else ticks


def _whose(subject: Subject, review: Review) -> str:
    """Return whose log a decision goes to; no account may know that a key was reviewed."""
    return "" if subject.kind == KEY else review.uin


def _decision(
    subject: Subject, review: Review | None, failed: list[str] | None = None
) -> ReviewDecisionReply:
    return ReviewDecisionReply(
        id=subject.name,
        verdict=review.verdict if review else None,
        approvals=approvals_of(review),
        failed=failed,
    )
