"""Who the caller is as a reviewer, and whether they may approve a review.

Nobody types a reviewer's name: the system vouches for that of a command, the desk for that of a
login of the console.
"""

from __future__ import annotations

import pwd

from certdesk.domain.errors import InvalidParam
from certdesk.domain.vetting.deciders import Decider, login_of
from certdesk.domain.vetting.records import Review
from certdesk.domain.vetting.review import ORDER, why_not
from certdesk.engine import Caller, Context
from certdesk.operator.vetting.outcome import askers_of, check_turn
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Unit


def name_of(caller: Caller) -> str:
    """Return the name that the system vouches for; `uid N` if it has none for that user."""
    if caller.uid is None:
        return caller.operator
    try:
        return pwd.getpwuid(caller.uid).pw_name
    except KeyError:
        return caller.operator


def signed(context: Context) -> str:
    """Return the caller for the log: the vouched name, and the login if that is another text."""
    name, login = name_of(context.caller), context.caller.operator
    return name if name == login else f"{name} ({login})"


def decider_of(unit: Unit, name: str, operator: str) -> Decider:
    """Return the human being behind a caller or an earlier approval, with all linked logins."""
    return Decider(name=name, logins=_linked(unit, login_of(operator)))


def why_not_now(context: Context, unit: Unit, subject: Subject) -> str:
    """Return why the caller may not approve a review now, or why nobody may; "" if they may."""
    review = subject.review
    if review is None or review.verdict is not None:
        return "It does not wait for a decision."
    try:
        if review.kind == ORDER:
            check_turn(subject.order, subject.manager, context.now)
    except InvalidParam as refused:
        return refused.message
    refused_as = why_not_approve(context, unit, subject, review)
    return f"{refused_as}." if refused_as else ""


def why_not_approve(context: Context, unit: Unit, subject: Subject, review: Review) -> str:
    """Return why the caller may not approve a review that waits; "" if they may."""
    caller = context.caller
    return why_not(
        decider_of(unit, name_of(caller), caller.operator),
        [decider_of(unit, name, operator) for name, _, operator in review.approvals],
        askers_of(unit, subject, review),
    )


def _linked(unit: Unit, login: str) -> frozenset[str]:
    """Return all logins of the human being who has a login."""
    del unit
    return frozenset({login}) if login else frozenset()
