"""Passwords as argon2id hashes (RFC 9106)."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from certdesk.domain.values.record import Record
from certdesk.domain.values.secret import Secret
from certdesk.ports import HashesBusy

if TYPE_CHECKING:
    from argon2 import PasswordHasher

AT_A_TIME = 2
WAITING = 16
"""How many may wait; each takes a twentieth of a second, and others are told to come back."""


class Cost(Record):
    """The work for a hash: memory in KiB, passes over it, and lanes."""

    memory: int = 32 * 1024
    passes: int = 3
    lanes: int = 1


class Argon2:
    """A `ports.PasswordHasher`, at most `AT_A_TIME` in a process, as each hash takes memory."""

    def __init__(self, cost: Cost | None = None) -> None:
        """Hash at a cost. Hashes that were made at another one are still checked."""
        self._cost = cost or Cost()
        self._places = threading.BoundedSemaphore(AT_A_TIME + WAITING)
        self._at_work = threading.BoundedSemaphore(AT_A_TIME)

    def hash(self, password: Secret) -> Secret:
        """Return the hash of a new password."""
        with self._turn():
            return Secret(self._library.hash(password.reveal()))

    def fits(self, password: Secret, hashed: Secret | None) -> bool:
        """Return whether a password has this hash; with None do the same work, and return False."""
        from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 -- see `_library`

        with self._turn():
            try:
                self._library.verify((hashed or self._nobodys).reveal(), password.reveal())
            except VerifyMismatchError:
                return False
            return hashed is not None

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise HashesBusy
        try:
            with self._at_work:
                yield
        finally:
            self._places.release()

    @functools.cached_property
    def _library(self) -> PasswordHasher:
        # Only signing in needs it, and a start should not take longer for it.
        from argon2 import PasswordHasher  # noqa: PLC0415

        cost = self._cost
        return PasswordHasher(cost.passes, cost.memory, cost.lanes)

    @functools.cached_property
    def _nobodys(self) -> Secret:
        return Secret(self._library.hash("the password of nobody"))
