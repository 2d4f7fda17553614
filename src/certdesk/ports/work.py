"""What goes on in the background."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from certdesk.domain.orders.order import Order


class Pending(Exception):
    """What is asked for is not there yet, but under way: try again when `done` is.

    Raised instead of waiting, so that a request holds no thread up meanwhile.
    """

    def __init__(self, done: Future[None]) -> None:
        """Say what to wait for."""
        self.done = done
        super().__init__("it is under way")


class Work(Protocol):
    """The background work on orders, as far as actions ask for it."""

    def wake(self) -> None:
        """Go through what is due now, and not only at the next round."""
        ...

    def prove(self, order: Order, names: Sequence[str]) -> Future[None] | None:
        """Look at once for the proofs of those names of an order that may be looked at now.

        The future is done when what was found is kept; None is that no name may be looked at now,
        because too many of its domain were in the last minute.
        """
        ...
