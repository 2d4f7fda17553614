"""Replay protection: when a signature may be used again (SECURITY.md).

Official SDKs sign neither the action nor a nonce, so two honest requests of one second may carry
the same signature. A signature is therefore accepted again for `HONEST_SECONDS`, for any action.
After that it may only repeat the read that it was first seen with, and only if that read shows no
secret.
"""

from __future__ import annotations

from datetime import UTC, datetime

from certdesk.domain.errors import SignatureExpire
from certdesk.domain.values.record import Record

HONEST_SECONDS = 5
"""How long one signature may come with several requests."""

SECOND = 1
"""Timestamps are whole seconds, and clocks of honest clients differ by less than this."""

KEPT_SECONDS = 600
"""How long a first sighting is kept.

A timestamp is accepted from 300 s before now to 300 s after it (`wire/signature.py`). So a
signature first seen this long ago cannot come again, even if the clock is set back by minutes.
"""


class Use(Record, kw_only=True):
    """One use of a verified signature.

    `timestamp` is what was signed, in Unix seconds; `at` is when it came, by the machine's clock.
    `once` means that the request changes something or shows a secret.
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

        A signature made ahead of the clock looks as if it were made since the restart. A signature
        that covers its action is accepted whenever it was made, because the database keeps those
        that changed something or showed a secret.
        """
        ahead = self.timestamp > self.at + SECOND
        return ahead or (self.action_signed and self.once)


class Sighting(Record):
    """The first use of a known signature: its `age` in seconds, and its action."""

    age: float
    action: str


def check_use(use: Use, first: Sighting, complete_since: float | None) -> None:
    """Refuse a signature that was used before, or that may have been.

    `complete_since` is the Unix time from which all first sightings are known, None if none was
    ever forgotten.

    Raises:
        SignatureExpire: the text asks for a new request.
    """
    # A clock that was set back does not make an old signature young again.
    late = abs(first.age) > HONEST_SECONDS
    if late and (use.once or use.action != first.action):
        raise replayed()
    # Where the signature covers the action, the database keeps the first use that changed something
    # or showed a secret, and the action cannot be replaced. A read that shows no secret is let
    # through: otherwise clients with slow clocks would be locked out after each restart.
    if use.once and not use.action_signed and _forgotten(use, complete_since):
        raise SignatureExpire(_may_have_been_used(use, complete_since or 0))


def replayed() -> SignatureExpire:
    """Return the refusal of a signature that was used before."""
    return SignatureExpire("This signature was used before. Sign a new request.")


def _forgotten(use: Use, complete_since: float | None) -> bool:
    if complete_since is None:
        return False
    second = int(complete_since)
    # A request signed in the second of the start, by a client whose clock is one second fast, may
    # have come before the start. By now it is late.
    about_then = use.timestamp <= second + SECOND and use.at - use.timestamp > HONEST_SECONDS
    return use.timestamp < second or about_then


def _may_have_been_used(use: Use, complete_since: float) -> str:
    return (
        f"The request was signed at {_clock(use.timestamp)} UTC. The desk started at "
        f"{_clock(complete_since)} UTC and does not know which signatures were used before. "
        f"Sign a new request. It is {_clock(use.at)} UTC now: if your clock is slow, set it."
    )


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"
