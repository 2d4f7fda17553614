"""How often an account may ask."""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """A place taken by a request of an account for an action, and when, by the pace's clock.

    `number` tells places apart where the pace numbers them.
    """

    uin: str
    action: str
    taken: float
    number: int = 0


class PaceExceeded(Exception):
    """The limit is reached; `count` is the requests of the second with the refused one."""

    def __init__(self, count: int) -> None:
        """Keep the count."""
        self.count = count
        super().__init__(f"{count} requests in a second")


class Pace(Protocol):
    """Lets an account make so many requests of an action in any second.

    A moving window: a place is free again a second after it was taken, but not before the
    request in it is answered.
    """

    @property
    def waits(self) -> bool:
        """Whether asking takes time, so that it is not to be done where nothing may wait."""
        ...

    def take(self, uin: str, action: str, limit: int) -> Slot:
        """Take a place.

        Raises:
            PaceExceeded: `limit` places are taken.
        """
        ...

    def leave(self, slot: Slot) -> None:
        """Let the place go when its second is over."""
        ...
