"""Who has to be looked at by people for what, how that stands, and what comes of it.

A manager is vetted together with the company that it belongs to, whose data never change. Sources:
the vendor's pages of DescribeManagers and of the certificates' StatusMsg; CA/Browser Forum
Baseline Requirements 4.2.1 (reuse of vetted data); EV Guidelines 7.1.4.2 (what a subject says).
"""

from __future__ import annotations

import dataclasses
import enum
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from certdesk.domain.values.countries import country_code
from certdesk.domain.values.organisation import Manager, Organisation
from certdesk.domain.values.products import Level
from certdesk.domain.values.subject import Registration, Subject
from certdesk.domain.vetting.records import Review

MANAGER, ORDER, REVOCATION, KEY = "manager", "order", "revocation", "key"
"""Kinds of reviews."""

APPROVED, REJECTED = "approved", "rejected"
AUTOMATIC = "automatic"
"""Who approves where `vetting.automatic` is on."""

OPERATOR = "operator"
"""Who asks for what the operator enters; anybody may approve that."""

EXPIRES_SOON = timedelta(days=30)


class State(enum.StrEnum):
    """How the vetting of a manager stands (DescribeManagers.Status)."""

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
"""The words of ManagerStatusInfo.Status for the same."""


class ReviewRefused(Exception):
    """A review cannot be decided like that, or not by this person; the text says why."""


def state_of(manager: Manager, now: datetime) -> State:
    """Tell how a manager stands now: what is stored is `ok` until somebody changes it."""
    if manager.status != State.OK or manager.expires_at is None:
        return State(manager.status)
    if now >= manager.expires_at:
        return State.EXPIRED
    return State.EXPIRING if now >= manager.expires_at - EXPIRES_SOON else State.OK


def stored_as(state: State) -> State:
    """Give what is stored of managers that may be in a state."""
    return State.OK if state in (State.EXPIRING, State.EXPIRED) else state


def is_vetted(manager: Manager, now: datetime) -> bool:
    """Whether what was vetted of a manager and its company may be relied on now."""
    return state_of(manager, now) in (State.OK, State.EXPIRING)


def needs_review(level: Level, *, vetted: bool, four_eyes: bool, letter: bool = False) -> bool:
    """Whether people have to look at an order itself; `vetted` is its manager, `letter` its own."""
    if level is Level.DV:
        return False
    return not vetted or letter or people_needed(level, four_eyes=four_eyes) > 1


def people_needed(level: Level, *, four_eyes: bool) -> int:
    """Tell how many people have to approve an order."""
    return 2 if four_eyes and level is Level.EV else 1


def subject_of_manager(manager_id: int) -> str:
    """Name what a review of a manager is of."""
    return f"{MANAGER}:{manager_id}"


def subject_of_order(certificate_id: str) -> str:
    """Name what a review of an order is of."""
    return f"{ORDER}:{certificate_id}"


def subject_of_revocation(certificate_id: str) -> str:
    """Name what a review of a request to revoke a certificate is of."""
    return f"{REVOCATION}:{certificate_id}"


def subject_of_key(spki_sha256: bytes) -> str:
    """Name what a review of a reported key is of."""
    return f"{KEY}:{spki_sha256.hex()}"


def in_turn(reviews: Iterable[Review]) -> list[Review]:
    """Sort reviews so that each can be approved after those before it.

    Managers come first, then orders and revocations, and keys after all else.
    """
    turns = {MANAGER: 0, KEY: 2}
    return sorted(reviews, key=lambda each: (turns.get(each.kind, 1), each.since, each.subject))


def approved(
    review: Review,
    reviewer: str,
    now: datetime,
    *,
    operator: str = "",
    needed: int = 1,
    asked_too: Iterable[str] = (),
) -> Review:
    """Give a waiting review after somebody approved; it is decided when enough people did.

    `reviewer` is a name that was typed, and `operator` the user of the system who typed it: one
    user is one person, under whatever names. `asked_too` names others than `asked_by` who may not
    approve it.

    Raises:
        ReviewRefused: this person may not approve it, or has done so.
    """
    asked = {review.asked_by, *asked_too} - {OPERATOR}
    if any(_same(name, reviewer) for name in asked):
        raise ReviewRefused(f"{reviewer} asked for it, so somebody else has to approve it")
    if any(_is_again(each, reviewer, operator) for each in review.approvals):
        raise ReviewRefused(f"{reviewer} has approved it; a second person has to")
    if any(who == operator for *_, who in review.approvals):
        raise ReviewRefused(
            f"{operator} has approved it; a second person has to, as another user of the system"
        )
    approvals = (*review.approvals, (reviewer, now.isoformat(), operator))
    if len(approvals) < needed:
        return dataclasses.replace(review, approvals=approvals)
    return dataclasses.replace(review, approvals=approvals, decided_at=now, verdict=APPROVED)


def rejected(review: Review, reason: str, now: datetime) -> Review:
    """Give a waiting review after somebody rejected it."""
    return dataclasses.replace(review, decided_at=now, verdict=REJECTED, reason=reason)


def certified_subject(organisation: Organisation) -> Subject:
    """Give what of an organisation stands in certificates: never its division (BR 7.1.4.3)."""
    return Subject(
        country=country_code(organisation.country or ""),
        region=organisation.region,
        locality=organisation.city,
        organisation=organisation.name,
    )


def registration_of(organisation: Organisation) -> Registration | None:
    """Give where an organisation is registered, as EV certificates say; None if it is not known."""
    country = country_code(organisation.country or "")
    if organisation.id_number is None or country is None:
        return None
    return Registration(number=organisation.id_number.text(), country=country)


def _is_again(approval: tuple[str, str, str], reviewer: str, operator: str) -> bool:
    """Whether a name approves once more. The same name may be two people: two known users."""
    name, _, before = approval
    unknown = {"", OPERATOR}
    are_two = before != operator and not unknown & {before, operator}
    return _same(name, reviewer) and not are_two


def _same(one: str, other: str) -> bool:
    """Whether two names are a person's: neither case nor blanks make another one of it."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
