"""Attempts at a transaction: what lost a race or its connection is tried again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from certdesk.ports import StoreUnavailable
from certdesk.storage.postgresql.pool import is_lost, words

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Result = TypeVar("Result")

RETRIES = 3
RETRY_SECONDS = 2.0
"""No new attempt after this time; with the other limits, an answer takes at most five seconds."""

PAUSE_SECONDS = 0.02


class Attempts:
    """Attempts, with pauses drawn at random so that two transactions do not collide again."""

    def __init__(self, rng: random.Random) -> None:
        """Draw pauses from `rng`."""
        self._rng = rng

    def until_done(self, attempt: Callable[[int], Result]) -> Result:
        """Call `attempt` with 0, 1, … while it loses races or connections.

        Raises:
            StoreUnavailable: the database failed otherwise, or too often.
        """
        enough = time.monotonic() + RETRY_SECONDS
        number = 0
        while True:
            try:
                return attempt(number)
            except DBAPIError as error:
                failure = failure_of(error)
                final = number == RETRIES or time.monotonic() > enough or not is_lost(error)
            if final:
                # Raised out here, so that the driver's error, with the values of the row, is not
                # its context.
                raise failure
            time.sleep(self._rng.uniform(0, PAUSE_SECONDS * number))
            number += 1


def failure_of(error: DBAPIError) -> StoreUnavailable:
    """Return what is said of a failure of the database, without the values of the row."""
    return StoreUnavailable(f"the database failed: {words(error)}")
