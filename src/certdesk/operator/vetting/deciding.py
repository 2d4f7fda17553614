"""Who the caller is as a reviewer, and whether they may approve a review.

Nobody types a reviewer's name: the system vouches for that of a command, the desk for that of a
login of the console.
"""

from __future__ import annotations

from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import REVIEWERS
from certdesk.domain.vetting.deciders import Decider, login_of
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import ORDER, subject_of_manager, why_not
from certdesk.engine import Caller, Context
from certdesk.operator.people.links import all_linked
from certdesk.operator.vetting.outcome import askers_of, check_turn
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Unit


def name_of(caller: Caller) -> str:
    """Return the name that is vouched for: of the login, or of the user of the system."""
    return caller.name or caller.operator


def signed(context: Context) -> str:
    """Return the caller for the log: the vouched name, and the login if that is another text."""
    name, login = name_of(context.caller), context.caller.operator
    return name if name == login else f"{name} ({login})"


def decider_of(unit: Unit, name: str, operator: str) -> Decider:
    """Return the human being behind a caller or an earlier approval, with all linked logins."""
    return Decider(name=name, logins=all_linked(unit, login_of(operator)))


def why_not_now(context: Context, unit: Unit, subject: Subject) -> str:
    """Return why the caller may not approve a review now, or why nobody may; "" if they may."""
    review = subject.review
    if context.caller.role not in REVIEWERS:
        return "Only reviewers and operators decide."
    if review is None or review.verdict is not None:
        return "It does not wait for a decision."
    turn = _turn(context, subject)
    if turn:
        return f"{turn[:1].upper()}{turn[1:]}"
    because = why_not_approve(context, unit, subject, review)
    return f"{because}." if because else ""


def comes_first(context: Context, subject: Subject) -> str:
    """Return the id of the review that has to be approved before an order's; "" if none has to."""
    return _review_of_manager(subject) if _turn(context, subject) else ""


def _turn(context: Context, subject: Subject) -> str:
    """Return why it is not an order's turn yet; "" if it is."""
    if subject.kind != ORDER:
        return ""
    try:
        check_turn(subject.order, subject.manager, context.now)
    except InvalidParam as refused:
        text = refused.detail.removeprefix(f"{subject.name}: ")
        # Scripts look for ids in the list, where this id would be another thing that waits.
        return text.replace(_review_of_manager(subject), "its manager")
    return ""


def _review_of_manager(subject: Subject) -> str:
    return subject_of_manager(subject.manager.manager_id) if subject.manager else ""


def why_not_approve(context: Context, unit: Unit, subject: Subject, review: Review) -> str:
    """Return why the caller may not approve a review that waits; "" if they may."""
    caller = context.caller
    return why_not(
        decider_of(unit, name_of(caller), caller.operator),
        [decider_of(unit, name, operator) for name, _, operator in review.approvals],
        askers_of(unit, subject, review),
    )
