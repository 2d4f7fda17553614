"""Questions to browsers: random values that count once, within minutes, for the browser asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime

from certdesk.domain.people.records import Purpose, SignInAttempt
from certdesk.domain.people.sessions import ATTEMPT_LASTS
from certdesk.operator.people.random_values import digest_of
from certdesk.ports import Unit

MOST_WAITING = 200
"""Of one network at a time; older ones are forgotten first."""


def keep(unit: Unit, attempt: SignInAttempt) -> None:
    """Store a question; the oldest of a network are forgotten if it has too many."""
    unit.sign_in_attempts.prune("asked_at", attempt.asked_at - ATTEMPT_LASTS)
    waiting = unit.sign_in_attempts.where(network=attempt.network)
    waiting.sort(key=lambda each: each.asked_at)
    for old in waiting[: max(0, len(waiting) - MOST_WAITING + 1)]:
        unit.sign_in_attempts.remove(old.digest)
    unit.sign_in_attempts.add(attempt)


def take(
    unit: Unit, value: bytes | str, cookie: str, purposes: Collection[Purpose], now: datetime
) -> SignInAttempt | None:
    """Remove a question and return it; None if it no longer counts, or never did.

    Who brings the answer of another browser takes nothing away from that one.
    """
    attempt = unit.sign_in_attempts.get(digest_of(value))
    if attempt is None or not hmac.compare_digest(attempt.visitor, digest_of(cookie)):
        return None
    if not unit.sign_in_attempts.remove(attempt.digest):
        return None  # the same browser has sent it twice, at the same time
    fits = attempt.purpose in purposes
    is_fresh = now - ATTEMPT_LASTS <= attempt.asked_at <= now
    return attempt if fits and is_fresh else None


def derived(cookie: str, state: str, use: str) -> str:
    """Return a value for one use that only the desk can compute, with the browser's cookie.

    The nonce and the verifier of PKCE are such values, so the database holds neither.
    """
    digest = hmac.digest(cookie.encode(), f"{use} {state}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
