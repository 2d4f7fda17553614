"""What needs somebody of the staff now, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from certdesk.actions.vetting import records
from certdesk.catalog import Commit, catalog
from certdesk.domain.errors import ReviewNotFound
from certdesk.domain.orders import suspension
from certdesk.domain.people.role import REVIEWERS, STAFF
from certdesk.domain.vetting.dossier import Asked, asked_state
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import KEY
from certdesk.engine import Context
from certdesk.operator.console.lines import SHOWN, OrderLine, order_line
from certdesk.operator.vetting.deciding import why_not_now
from certdesk.operator.vetting.subject import Subject, subject_of
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, utc_time

ENDING = timedelta(days=14)
RENEWING = timedelta(days=200)
"""A certificate that ends later has no successor that failed: none is due yet."""

MOST_READ = 100
"""Reviews and questions that are looked at for one list."""

FAR = datetime.max.replace(tzinfo=UTC)


class ReviewLine(Part, kw_only=True):
    """A review that waits; `Since` is when that began, or when the applicant answered."""

    id: str
    kind: str
    about: str
    account_name: str
    since: str | None
    asked_by: str


class RenewalLine(OrderLine):
    """A certificate that is to have a successor; `Again` is when the desk tries that next."""

    again: str | None


class ShowStaffHomeRequest(Request):
    """No parameters."""


class ShowStaffHomeReply(Reply):
    """What waits for the staff: the first 10 of each kind.

    `Faults` are what is wrong with the desk, in words, as `/healthz` has them. `Reviews` wait
    longest first, of `ReviewCount`. Of those, `Answered` have an answer of the applicant that came
    after the last question, and `Second` wait for a further person, whom the caller may be.
    `SetAside` are orders that need an operator, of `SetAsideCount`. `Failed` are certificates for
    which the desk could not make a successor, and `Ending` those that end within 14 days without
    one. `Now` is when all this was so.
    """

    now: str | None
    faults: list[str]
    reviews: list[ReviewLine]
    review_count: int
    answered: list[ReviewLine]
    second: list[ReviewLine]
    set_aside: list[OrderLine]
    set_aside_count: int
    failed: list[RenewalLine]
    ending: list[RenewalLine]


@catalog.action(internal=True, roles=STAFF)
def show_staff_home(context: Context, request: ShowStaffHomeRequest) -> Commit[ShowStaffHomeReply]:
    """Show what needs somebody of the staff now."""
    del request
    faults = list(context.desk.health())

    def read(unit: Unit) -> ShowStaffHomeReply:
        oldest = unit.reviews.due("since", FAR, SHOWN, verdict=None)
        return ShowStaffHomeReply(
            now=utc_time(context.now),
            faults=faults,
            reviews=list(_lines(context, unit, oldest)),
            review_count=unit.reviews.count(verdict=None),
            answered=_answered(context, unit),
            second=_second(context, unit),
            set_aside=list(_set_aside(unit)),
            set_aside_count=unit.tasks.count(set_aside=True),
            failed=_renewals(unit, context.now + RENEWING, ["", suspension.REASON]),
            ending=_renewals(unit, context.now + ENDING, [suspension.REASON]),
        )

    return read


def _lines(context: Context, unit: Unit, reviews: list[Review]) -> Iterator[ReviewLine]:
    for review in reviews:
        subject = _subject(unit, review)
        if subject is not None:
            yield _line(context, unit, subject, review, review.since)


def _subject(unit: Unit, review: Review) -> Subject | None:
    try:
        return subject_of(unit, review.subject)
    except ReviewNotFound:
        return None


def _line(
    context: Context, unit: Unit, subject: Subject, review: Review, since: datetime
) -> ReviewLine:
    account = unit.accounts.get(review.uin)
    return ReviewLine(
        id=review.subject,
        kind=review.kind,
        about=_about(context, unit, subject),
        account_name="" if account is None or review.kind == KEY else account.name,
        since=utc_time(since),
        asked_by=review.asked_by,
    )


def _about(context: Context, unit: Unit, subject: Subject) -> str:
    """Return the main name of an order, or the name of a manager's company."""
    if subject.order is not None:
        return subject.order.domain or subject.order.certificate_id
    manager = subject.manager
    company = unit.companies.get(manager.company_id) if manager else None
    found = records.organisation_of(context.desk.vault, company).name if company else None
    return found or ""


def _answered(context: Context, unit: Unit) -> list[ReviewLine]:
    """Return the reviews whose questions are all answered, the first answer first."""
    newest = unit.questions.due("answered_at", FAR, MOST_READ, newest=True)
    latest = {each.subject: each for each in reversed(newest)}
    found: list[tuple[datetime, ReviewLine]] = []
    for name, question in latest.items():
        review = unit.reviews.get(name)
        if review is None or review.verdict is not None or question.answered_at is None:
            continue
        if asked_state(unit.questions.where(subject=name), review) is not Asked.ANSWERED:
            continue
        subject = _subject(unit, review)
        if subject is not None:
            line = _line(context, unit, subject, review, question.answered_at)
            found.append((question.answered_at, line))
    found.sort(key=lambda each: each[0])
    return [line for _, line in found[:SHOWN]]


def _second(context: Context, unit: Unit) -> list[ReviewLine]:
    """Return the reviews with an approval that the caller may complete, oldest first."""
    if context.caller.role not in REVIEWERS:
        return []
    begun = unit.reviews.due("since", FAR, MOST_READ, unlike={"approvals": [()]}, verdict=None)
    found: list[ReviewLine] = []
    for review in begun:
        subject = _subject(unit, review)
        if subject is not None and not why_not_now(context, unit, subject):
            found.append(_line(context, unit, subject, review, review.since))
        if len(found) == SHOWN:
            break
    return found


def _set_aside(unit: Unit) -> Iterator[OrderLine]:
    for task in unit.tasks.where(set_aside=True, limit=SHOWN):
        order = unit.orders.get(task.certificate_id)
        if order is not None:
            yield order_line(unit, order, f"Failed {task.failures} times: {task.reason}")


def _renewals(unit: Unit, until: datetime, unlike: list[str]) -> list[RenewalLine]:
    """Return certificates that are to have a successor, the first end first."""
    found = unit.renewals.due("ends_at", until, SHOWN, unlike={"reason": unlike})
    lines: list[RenewalLine] = []
    for renewal in found:
        order = unit.orders.get(renewal.certificate_id)
        if order is not None:
            line = order_line(unit, order, renewal.reason)
            members = {name: getattr(line, name) for name in line.__struct_fields__}
            lines.append(RenewalLine(**members, again=utc_time(renewal.due_at)))
    return lines
