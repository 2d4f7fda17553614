"""What an operator saw of a review, which is all that they may decide about.

The operator is the system user who asks (`Caller.operator`). What was seen is stored in the
database: it counts for every desk on it, and after a restart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec

from certdesk.catalog import Answer, Commit
from certdesk.domain.errors import InvalidParam, ReviewChanged
from certdesk.domain.people.role import REVIEWERS
from certdesk.domain.values.record import Record, replace
from certdesk.domain.values.redaction import redacted_bare
from certdesk.domain.vetting.records import SeenReview
from certdesk.domain.vetting.seen_review import (
    Members,
    changed_members,
    changes,
    digest_of,
    members_of,
)
from certdesk.engine import Context, Written
from certdesk.operator.vetting.content import ShowReviewReply, content_of
from certdesk.operator.vetting.subject import Subject
from certdesk.ports import Stale, Taken, Unit
from certdesk.wire.model import utc_time


class ReviewView(Record, kw_only=True):
    """A review as it is now, and what is stored when it is seen."""

    name: str
    content: ShowReviewReply
    members: Members


def view_of(context: Context, unit: Unit, subject: Subject) -> ReviewView:
    """Read a review, with the digest that stands for what was seen."""
    content = content_of(context, unit, subject)
    key = context.desk.vault.fingerprint(subject.uin, f"sight of {subject.name}".encode())
    members = members_of(msgspec.to_builtins(content), key)
    told = msgspec.structs.replace(content, attempt=digest_of(members))
    return ReviewView(name=subject.name, content=told, members=members)


def unseen(
    context: Context, unit: Unit, views: Iterable[ReviewView], *, shown: bool
) -> list[SeenReview]:
    """Return what to store of what the operator sees now: in full if `shown`, else in a list.

    Once a thing was shown in full, a list no longer counts. Nothing is stored for somebody who
    decides nothing.
    """
    if context.caller.role not in REVIEWERS:
        return []
    operator = context.caller.operator
    found = ((unit.sights.get(view.name, operator), view) for view in views)
    return [
        SeenReview(
            subject=view.name,
            operator=operator,
            shown=shown,
            members=_written(view.members),
            seen_at=context.now,
            version=earlier.version if earlier else 1,
        )
        for earlier, view in found
        if _counts(earlier, view, shown=shown)
    ]


def keeping(sights: Sequence[SeenReview], reply: Answer) -> Commit[Answer]:
    """Return the commit that stores what the operator has seen, if anything is new, and replies.

    The commit raises `Stale` if the same operator saw it at the same time.
    """

    def commit(unit: Unit) -> Answer:
        for seen in sights:
            _keep(unit, seen)
        return reply

    return Written(commit) if sights else commit


def _keep(unit: Unit, seen: SeenReview) -> None:
    if unit.sights.get(seen.subject, seen.operator) is not None:
        unit.sights.replace(seen)
        return
    try:
        unit.sights.add(seen)
    except Taken:
        raise Stale("sights") from None


def check_seen(
    context: Context, unit: Unit, subject: Subject, attempt: str | None, *, always: bool = False
) -> str:
    """Refuse a decision about anything but what the operator saw; return the current digest.

    Raises:
        InvalidParam: with `always`, and from people of the console, `attempt` is required.
        ReviewChanged: the digest is not `attempt`. If that is None: it is not the one last shown to
            this operator, or listed, if it was never shown.
    """
    view = view_of(context, unit, subject)
    name, now = subject.name, view.content.attempt
    # The page of a review sends it, so nobody decides there about what they have not opened.
    if attempt is None and context.caller.person is not None:
        raise InvalidParam(f"Attempt: needed for {name}. Open the review, and decide there.")
    if attempt is None and always:
        raise InvalidParam(
            f"Attempt: needed for {name}. Use --attempt with the digest that certdesk review "
            "show prints."
        )
    seen = unit.sights.get(name, context.caller.operator)
    told = _changed_since(seen, view) if seen else ""
    members = tuple(changed_members(json.loads(seen.members), view.members)) if seen else ()
    if attempt is not None and attempt.lower() != now:
        other = f"{redacted_bare(attempt)} is not the digest of its current version"
        raise ReviewChanged(f"Attempt: {name}: {other}.{told}{_ADVICE}", members)
    if attempt is None and told:
        raise ReviewChanged(f"{name}:{told}{_ADVICE}", members)
    return now


def see_own_change(context: Context, unit: Unit, subject: Subject) -> None:
    """Store that the operator knows a review after a change of their own, if they knew it before.

    The caller has asked `check_seen` in the same transaction, before the change.
    """
    seen = unit.sights.get(subject.name, context.caller.operator)
    if seen is not None:
        members = _written(view_of(context, unit, subject).members)
        unit.sights.replace(replace(seen, members=members, seen_at=context.now))


_ADVICE = " Look at it again (certdesk review show)."


def _changed_since(seen: SeenReview, view: ReviewView) -> str:
    """Return a text about what has changed of a review since it was seen; empty if nothing has."""
    changed = changes(json.loads(seen.members), view.members, msgspec.to_builtins(view.content))
    if not changed:
        return ""
    how, at = "showed" if seen.shown else "listed", utc_time(seen.seen_at)
    what = "; ".join(changed)
    return f" It has changed since the desk {how} it to {seen.operator} at {at}: {what}."


def _counts(earlier: SeenReview | None, view: ReviewView, *, shown: bool) -> bool:
    if earlier is None:
        return True
    if earlier.shown and not shown:
        return False
    return earlier.shown != shown or earlier.members != _written(view.members)


def _written(members: Members) -> str:
    return json.dumps(members, separators=(",", ":"))
