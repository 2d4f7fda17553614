"""How long a session lasts, and how long a proof of who a person is counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from certdesk.domain.people.records import Session

IDLE = timedelta(minutes=15)
"""The time without a request after which a session ends."""

LONGEST = timedelta(hours=12)
"""The time after which a session ends in any case."""

TOUCHED_EVERY = timedelta(minutes=1)
"""How often it is noted that a session is in use."""

PROOF_COUNTS = timedelta(minutes=5)
"""How long after it a password or passkey opens pages that show a secret."""

ATTEMPT_LASTS = timedelta(minutes=5)
"""How long a question to a browser may be answered: to use a passkey, or to sign in elsewhere."""

INVITATION_LASTS = timedelta(minutes=30)
MOST_SESSIONS = 20
"""The most sessions of a person; a further one ends the one that was used longest ago."""


def is_over(session: Session, now: datetime) -> bool:
    """Return whether a session has ended. If the clock was set back, it has."""
    idle = now - session.seen_at >= IDLE
    return idle or not session.created_at <= now < session.ends_at


def is_to_be_touched(session: Session, now: datetime) -> bool:
    """Return whether it is time to note that the session is in use."""
    return now - session.seen_at >= TOUCHED_EVERY


def is_proved(session: Session, now: datetime) -> bool:
    """Return whether the person has proved a moment ago who they are."""
    return timedelta(0) <= now - session.proved_at <= PROOF_COUNTS
