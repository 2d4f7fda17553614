"""Background work."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from certdesk.domain.orders.order import Order


class Pending(Exception):
    """The result is not there yet, but under way: try again when `done` is.

    Raised instead of waiting, so that a request blocks no thread meanwhile.
    """

    def __init__(self, done: Future[None]) -> None:
        """Keep the future to wait for."""
        self.done = done
        super().__init__("it is under way")


class Work(Protocol):
    """The background work on orders, for actions."""

    def wake(self) -> None:
        """Do what is due now, and not only at the next round."""
        ...

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Check now for the proofs of those names of an order that may be checked now.

        The future is done when the findings are stored. None means that no name may be checked now,
        because its domain had too many checks in the last minute.
        """
        ...
