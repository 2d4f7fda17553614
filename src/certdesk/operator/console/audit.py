"""The audit log, for the operator and for auditors."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated

from msgspec import Meta

from certdesk.catalog import Commit, catalog
from certdesk.domain.accounts.audit_search import (
    MOST_TEXT,
    AuditPlace,
    AuditSearch,
    audit_text,
)
from certdesk.domain.accounts.records import BY_DESK, AuditEntry
from certdesk.domain.errors import InvalidParam
from certdesk.domain.people.role import AUDITORS
from certdesk.domain.values.record import replace
from certdesk.engine import OPERATOR, Context
from certdesk.operator.people.lookups import login_of_person, named_person
from certdesk.ports import Unit
from certdesk.wire.model import Part, Reply, Request, utc_time

MOST_LISTED = 10_000
"""Entries of one reply."""

REACH = 100_000
"""Entries that one search looks through."""

LONGEST_NAME = 256
_PERSON = re.compile(r"person ([0-9]{1,10})")
_PLACE = re.compile(r"([0-9]{1,18})@([0-9T:.+-]{10,40})")
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
Text = Annotated[str, Meta(max_length=MOST_TEXT)]


class SearchAuditRequest(Request):
    """Which entries.

    `By` is who did it: a login of the console, `person N`, a SecretId, `operator` or `desk`.
    `About` is what it was done to, such as an order. `FromDate` and `UntilDate` are days (UTC),
    both included. `After` is the `Next` of the part before.
    """

    by: Name | None = None
    about: Name | None = None
    action: Name | None = None
    uin: Name | None = None
    text: Text | None = None
    from_date: Name | None = None
    until_date: Name | None = None
    after: Name | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_LISTED)] = 50


class AuditLine(Part, kw_only=True):
    """One entry; `By` is the login of a person of the console, or what `Actor` says."""

    time: str | None
    by: str
    actor: str
    user_id: int | None
    uin: str
    action: str
    subject: str
    detail: str
    request_id: str


class SearchAuditReply(Reply):
    """The entries that fit, the newest first.

    `Next` asks for the part that follows, and is null at the end. A part may have few entries or
    none, and others may follow: a search looks through 100,000 entries at most. `Seen` is the time
    back to which it has looked, null if to the beginning.
    """

    entries: list[AuditLine]
    next: str | None
    seen: str | None


@catalog.action(InvalidParam, internal=True, roles=AUDITORS)
def search_audit(context: Context, request: SearchAuditRequest) -> Commit[SearchAuditReply]:
    """Search the audit log of all accounts."""
    del context
    query = AuditSearch(
        subject=_given(request.about),
        uin=_given(request.uin),
        action=_given(request.action),
        text=audit_text((request.text or "").strip()),
        since=_moment("FromDate", request.from_date, time.min),
        until=_moment("UntilDate", request.until_date, time.max),
        after=None if request.after is None else _place(request.after),
        limit=request.limit,
        reach=REACH,
    )

    def read(unit: Unit) -> SearchAuditReply:
        part = unit.audit.search(replace(query, actor=_actor(unit, request.by)))
        names: dict[str, str] = {}
        further = part.further
        return SearchAuditReply(
            entries=[_line(unit, names, entry) for entry in part.entries],
            next=None if further is None else f"{further.entry_id}@{further.at.isoformat()}",
            seen=None if further is None else utc_time(further.at),
        )

    return read


def _given(typed: str | None) -> str | None:
    return (typed or "").strip() or None


def _actor(unit: Unit, typed: str | None) -> str | None:
    """Return the actor in the log for what was typed, None for all."""
    name = _given(typed)
    if name is None or name in (OPERATOR.actor, BY_DESK) or _PERSON.fullmatch(name):
        return name
    person = named_person(unit, name)
    return name if person is None else f"person {person.person_id}"


def _line(unit: Unit, names: dict[str, str], entry: AuditEntry) -> AuditLine:
    if entry.actor not in names:
        names[entry.actor] = _name(unit, entry.actor)
    return AuditLine(
        time=utc_time(entry.at),
        by=names[entry.actor],
        actor=entry.actor,
        user_id=entry.user_id,
        uin=entry.uin,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
        request_id=entry.request_id,
    )


def _name(unit: Unit, actor: str) -> str:
    found = _PERSON.fullmatch(actor)
    person = unit.people.get(int(found[1])) if found else None
    return actor if person is None else login_of_person(person)


def _moment(parameter: str, typed: str | None, at: time) -> datetime | None:
    """Return a time of a day that was typed; None if none was.

    Raises:
        InvalidParam: it is no day.
    """
    if not typed:
        return None
    try:
        return datetime.combine(date.fromisoformat(typed), at, UTC)
    except ValueError:
        raise InvalidParam(f"{parameter}: must be a day such as 2026-03-01.") from None


def _place(typed: str) -> AuditPlace:
    """Read the text that stands for a place in the log.

    Raises:
        InvalidParam: it does not stand for a place.
    """
    refusal = InvalidParam("After: must be the Next of a part of this search.")
    found = _PLACE.fullmatch(typed)
    if found is None:
        raise refusal
    try:
        return AuditPlace(datetime.fromisoformat(found[2]).astimezone(UTC), int(found[1]))
    except (ValueError, OverflowError):
        raise refusal from None
