"""Which requests are admitted: protection against replay, and the rate limit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from certdesk.domain.accounts.replay import Use


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A place taken by a request of an account for an action, and when, by the pace's clock.

    `number` tells places apart where the pace numbers them.
    """

    uin: str
    action: str
    taken: float
    number: int = 0


class RateLimitExceeded(Exception):
    """The limit is reached; `count` is the requests of the second with the refused one."""

    def __init__(self, count: int) -> None:
        """Keep the count."""
        self.count = count
        super().__init__(f"{count} requests in a second")


class Admission(Protocol):
    """Knows when each signature was first seen, and how many requests an account makes.

    Both are shared by all processes that serve the desk. The pace is a moving window: a place is
    free again a second after it was taken, but not before the request in it is answered.
    """

    @property
    def waits(self) -> bool:
        """Whether asking takes time, so that it is not to be done where nothing may wait."""
        ...

    def take(self, use: Use, limit: int) -> Slot | None:
        """Note a use of a signature, and take a place; no place is needed where `limit` is 0.

        The use is noted whatever is raised.

        Raises:
            SignatureExpire: the signature was used before, or may have been
                (`domain/accounts/replay.py`). No place is taken.
            PaceExceeded: `limit` places are taken.
        """
        ...

    def note(self, use: Use) -> None:
        """Note a use of a signature that is refused for another reason."""
        ...

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        ...

    def tidy(self) -> None:
        """Forget signatures that no timestamp can bring back."""
        ...
