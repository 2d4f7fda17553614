"""Replay protection: when a signature may be used again (SECURITY.md).

Official SDKs sign neither the action nor a nonce, so two honest requests of one second may carry
the same signature. Within `HONEST_SECONDS` a signature is therefore taken again, whatever it asks
for. Later it may only repeat the read that it was first seen with, and no read that shows a secret.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from certdesk.domain.errors import SignatureExpire

HONEST_SECONDS = 5
"""How long one signature may come with several requests."""

SECOND = 1
"""Timestamps are whole seconds, and clocks of honest clients differ by less."""

KEPT_SECONDS = 600
"""A timestamp is good from 300 s before now to 300 s after it (`wire/signature.py`), so what was
first seen this long ago cannot come again, also where the clock is set back by minutes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a verified signature.

    `timestamp` is what was signed, in Unix seconds; `at` is when it came, by the machine's clock.
    `once` tells that what it asks for changes something or shows a secret.
    """

    digest: bytes
    uin: str
    action: str
    timestamp: int
    at: float
    once: bool
    action_signed: bool

    @property
    def is_new_after_a_restart(self) -> bool:
        """Whether a desk that has forgotten the signature would take it for a new one.

        One made ahead of the clock looks as if it were made since the restart. One that covers its
        action is taken whenever it was made, and may change something or show a secret once.
        """
        ahead = self.timestamp > self.at + SECOND
        return ahead or (self.action_signed and self.once)


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """The first use of a signature that is known: `age` in seconds, and with which action."""

    age: float
    action: str


def check_use(use: Use, first: Sighting, complete_since: float | None) -> None:
    """Refuse a signature that was used before, or that may have been.

    `complete_since` is the Unix time from which on first sightings are known, None where none was
    ever forgotten.

    Raises:
        SignatureExpire: the text asks for a new request.
    """
    # A clock that was put back makes nothing young again.
    late = abs(first.age) > HONEST_SECONDS
    if late and (use.once or use.action != first.action):
        raise replayed()
    # Where the action is signed, the database keeps the first use that changed something or showed
    # a secret, and the action cannot be another one. A read that shows none is let through: clients
    # with slow clocks would be shut out after each restart.
    if use.once and not use.action_signed and _forgotten(use, complete_since):
        raise SignatureExpire(_may_have_been_used(use, complete_since or 0))


def replayed() -> SignatureExpire:
    """Word the refusal of a signature that was used before."""
    return SignatureExpire("This signature was used before; sign a new request.")


def _forgotten(use: Use, complete_since: float | None) -> bool:
    if complete_since is None:
        return False
    second = int(complete_since)
    # What was signed in the second of the start, by a clock that is a second fast in the next one,
    # may have come before it. Then it is late by now.
    about_then = use.timestamp <= second + SECOND and use.at - use.timestamp > HONEST_SECONDS
    return use.timestamp < second or about_then


def _may_have_been_used(use: Use, complete_since: float) -> str:
    return (
        f"The request was signed for {_clock(use.timestamp)} UTC and the desk does not know what "
        f"was used before its start at {_clock(complete_since)} UTC; sign a new request. It is "
        f"{_clock(use.at)} UTC now: if your clock is slow, set it."
    )


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"
