"""Which reviews an order or a manager needs, their state, and their result.

A manager is vetted together with the company that it belongs to, whose data never change. Sources:
the vendor's pages of DescribeManagers and of the certificates' StatusMsg; CA/Browser Forum Baseline
Requirements 4.2.1 (reuse of vetted data); EV Guidelines 7.1.4.2 (contents of a subject).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta

from certdesk.domain.values.countries import country_code
from certdesk.domain.values.organisation import Manager, Organisation
from certdesk.domain.values.products import Level
from certdesk.domain.values.record import replace
from certdesk.domain.values.subject import Registration, Subject
from certdesk.domain.vetting.deciders import Asker, Decider, are_two, asked_by_same
from certdesk.domain.vetting.records import Review

MANAGER, ORDER, REVOCATION, KEY = "manager", "order", "revocation", "key"
"""Kinds of reviews."""

APPROVED, REJECTED = "approved", "rejected"
AUTOMATIC = Decider(name="automatic", logins=frozenset())
"""The reviewer if `vetting.automatic` is on."""

OPERATOR = "operator"
"""The requester of what the operator enters; anybody may approve that."""

EXPIRES_SOON = timedelta(days=30)


class State(enum.StrEnum):
    """The state of the vetting of a manager (DescribeManagers.Status)."""

    NONE = "none"
    AUDIT = "audit"
    CA_AUDIT = "CAaudit"
    OK = "ok"
    INVALID = "invalid"
    EXPIRING = "expiring"
    EXPIRED = "expired"


BY_KIND = {
    State.NONE: "pending",
    State.AUDIT: "submitted",
    State.CA_AUDIT: "submitted",
    State.OK: "completed",
    State.INVALID: "invalid",
    State.EXPIRING: "expiring",
    State.EXPIRED: "expired",
}
"""The words of ManagerStatusInfo.Status for these states."""


def state_of(manager: Manager, now: datetime) -> State:
    """Return a manager's state now: the stored state is `ok` until somebody changes it."""
    if manager.status != State.OK or manager.expires_at is None:
        return State(manager.status)
    if now >= manager.expires_at:
        return State.EXPIRED
    return State.EXPIRING if now >= manager.expires_at - EXPIRES_SOON else State.OK


def stored_as(state: State) -> State:
    """Return the stored state of managers that may be in a state."""
    return State.OK if state in (State.EXPIRING, State.EXPIRED) else state


def is_vetted(manager: Manager, now: datetime) -> bool:
    """Whether what was vetted of a manager and its company may be relied on now."""
    return state_of(manager, now) in (State.OK, State.EXPIRING)


def needs_review(level: Level, *, vetted: bool, four_eyes: bool, letter: bool = False) -> bool:
    """Whether people must review an order: is its manager `vetted`, does it have a `letter`?"""
    if level is Level.DV:
        return False
    return not vetted or letter or people_needed(level, four_eyes=four_eyes) > 1


def people_needed(level: Level, *, four_eyes: bool) -> int:
    """Return how many people have to approve an order."""
    return 2 if four_eyes and level is Level.EV else 1


def subject_of_manager(manager_id: int) -> str:
    """Return the subject of a review of a manager."""
    return f"{MANAGER}:{manager_id}"


def subject_of_order(certificate_id: str) -> str:
    """Return the subject of a review of an order."""
    return f"{ORDER}:{certificate_id}"


def subject_of_revocation(certificate_id: str) -> str:
    """Return the subject of a review of a request to revoke a certificate."""
    return f"{REVOCATION}:{certificate_id}"


def subject_of_key(spki_sha256: bytes) -> str:
    """Return the subject of a review of a reported key."""
    return f"{KEY}:{spki_sha256.hex()}"


def in_turn(reviews: Iterable[Review]) -> list[Review]:
    """Return reviews in an order in which each can be approved after those before it.

    Managers come first, then orders and revocations, and keys last.
    """
    turns = {MANAGER: 0, KEY: 2}
    return sorted(reviews, key=lambda each: (turns.get(each.kind, 1), each.since, each.subject))


def approved(
    review: Review,
    decider: Decider,
    now: datetime,
    *,
    operator: str = "",
    needed: int = 1,
) -> Review:
    """Return a waiting review after an approval; it is decided when enough people have approved.

    `operator` is the decider's `Caller.operator`, which is stored. The caller has asked `why_not`.
    """
    approvals = (*review.approvals, (decider.name, now.isoformat(), operator))
    if len(approvals) < needed:
        return replace(review, approvals=approvals)
    return replace(review, approvals=approvals, decided_at=now, verdict=APPROVED)


def why_not(decider: Decider, before: Iterable[Decider], askers: Iterable[Asker]) -> str:
    """Return why somebody may not approve a review; "" if they may.

    `before` are those who have approved it, and `askers` those who took part in the request.
    """
    if asked_by_same(decider, askers):
        return f"{decider.name} requested it, so another person must approve it"
    for earlier in before:
        if earlier.logins and earlier.logins & decider.logins:
            return f"{decider.name} already approved it; a second person must approve it too"
        if not are_two(earlier, decider):
            return (
                f"{earlier.name} already approved it, and the desk cannot tell whether "
                f"{decider.name} is another person; the operator has to link their logins"
            )
    return ""


def rejected(review: Review, reason: str, now: datetime) -> Review:
    """Return a waiting review after a rejection."""
    return replace(review, decided_at=now, verdict=REJECTED, reason=reason)


def certified_subject(organisation: Organisation) -> Subject:
    """Return the parts of an organisation for a certificate: never its division (BR 7.1.4.3)."""
    return Subject(
        country=country_code(organisation.country or ""),
        region=organisation.region,
        locality=organisation.city,
        organisation=organisation.name,
    )


def registration_of(organisation: Organisation) -> Registration | None:
    """Return where an organisation is registered, as EV certificates say; None if unknown."""
    country = country_code(organisation.country or "")
    if organisation.id_number is None or country is None:
        return None
    return Registration(number=organisation.id_number.text(), country=country)
