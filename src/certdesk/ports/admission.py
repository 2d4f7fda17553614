"""Which requests are admitted: protection against replay, and the rate limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from certdesk.domain.values.record import Record

if TYPE_CHECKING:
    from certdesk.domain.accounts.replay import Use


class Slot(Record):
    """The place of a request in the rate limit of an account and action, with its time.

    The time is by the rate limiter's clock. `number` tells places apart if the limiter numbers
    them.
    """

    uin: str
    action: str
    taken: float
    number: int = 0


class RateLimitExceeded(Exception):
    """The limit is reached; `count` is the number of requests in this second, this one included."""

    def __init__(self, count: int) -> None:
        """Keep the count."""
        self.count = count
        super().__init__(f"{count} requests in a second")


class Admission(Protocol):
    """Protection against replay, and the rate limit.

    It knows when each signature was first seen, and how many requests an account makes. All
    processes of the desk share both. The rate limit is a sliding window: a place is free again a
    second after it was taken, but not before its request is answered.
    """

    @property
    def waits(self) -> bool:
        """Whether asking takes time, so that it must not be done where nothing may block."""
        ...

    @property
    def holder(self) -> str:
        """The name of this process, by which others may release its places; empty if none can."""
        ...

    def take(self, use: Use, limit: int) -> Slot | None:
        """Note a use of a signature, and take a place; no place is needed if `limit` is 0.

        The use is noted even if an exception is raised.

        Raises:
            SignatureExpire: the signature was used before, or may have been
                (`domain/accounts/replay.py`). No place is taken.
            RateLimitExceeded: `limit` places are taken.
        """
        ...

    def note(self, use: Use) -> None:
        """Note a use of a signature that is refused for another reason."""
        ...

    def leave(self, slot: Slot) -> None:
        """Free the place when its second is over."""
        ...

    def leave_all(self, holder: str) -> None:
        """Free the places of a process that has ended, when their second is over.

        Those of an unknown process are free after a while.
        """
        ...

    def tidy(self) -> None:
        """Forget signatures that are too old to be accepted again."""
        ...
